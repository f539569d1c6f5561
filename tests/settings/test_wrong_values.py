"""A value of the wrong kind is answered with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl_project.settings import SettingsError, read_settings

SOURCE = '[[source]]\nname = "a"\nlocation = "p"\n'

SLIPS = {
    '[source]\nname = "a"\nlocation = "p"': "line 1: source is written as a single table; write [[source]] with two "
    "brackets, once for each.",
    'source = "a"': 'line 1: source = "a" cannot be used; write [[source]] and its settings below it, once for each.',
    f'{SOURCE}encodings = "utf-8"': 'line 4: source.encodings = "utf-8" is not a list; write encodings = ["utf-8"].',
    f'{SOURCE}include = "_posts/**"': 'line 4: source.include = "_posts/**" is not a list; '
    'write include = ["_posts/**"].',
    f'{SOURCE}[source.rules]\nselector = "p"': "line 4: source.rules is written as a single table; write "
    "[[source.rules]] with two brackets, once for each.",
    f"{SOURCE}time_zone = 8": "line 4: source.time_zone = 8 cannot be used; write a text in quotes.",
    f'{SOURCE}identity = "x"': 'line 4: source.identity = "x" cannot be used; write "path" or "file_name".',
    f"warehouse = 5\n{SOURCE}": "line 1: warehouse = 5 cannot be used; write the table [warehouse] and its settings "
    "below it.",
    f"[warehouse]\npath = 5\n{SOURCE}": "line 2: warehouse.path = 5 cannot be used; write a text in quotes.",
    f'[warehouse]\nhistory = "yes, please"\n{SOURCE}': 'line 2: warehouse.history = "yes, please" cannot be used; '
    "write true or false, without quotes.",
    f'[schedule]\nkeep_runs = "many"\n{SOURCE}': 'line 2: schedule.keep_runs = "many" cannot be used; '
    "write a whole number.",
    f"[schedule]\nkeep_runs = -1\n{SOURCE}": "line 2: schedule.keep_runs = -1 cannot be used; it must be greater than "
    "or equal to 1.",
    f'[limits]\nearliest_date = "x"\n{SOURCE}': 'line 2: limits.earliest_date = "x" cannot be used; write a day, such '
    "as 2024-01-31.",
    f"[schedule]\nkeep_runs = true\n{SOURCE}": "line 2: schedule.keep_runs = true cannot be used; write a "
    "whole number.",
    f"[limits]\nfile_bytes = false\ndepth = true\n{SOURCE}": "line 2: limits.file_bytes = false cannot be used; write "
    "a whole number.\n{file}, line 3: limits.depth = true cannot be used; write a whole number.",
    f"[checks]\nday_swings = true\n{SOURCE}": "line 2: checks.day_swings = true cannot be used; write a number.",
    f"[engine]\nin_flight = true\n{SOURCE}": "line 2: engine.in_flight = true cannot be used; write a whole number.",
    f"[insight]\nsearch = 0\n{SOURCE}": "line 2: insight.search = 0 cannot be used; write true or false, without "
    "quotes.",
    f"[report]\ninternal = 1.0\n{SOURCE}": "line 2: report.internal = 1.0 cannot be used; write true or false, without "
    "quotes.",
    f"[limits]\nlatest_date = 2099\n{SOURCE}": "line 2: limits.latest_date = 2099 cannot be used; write a day, such as "
    "2024-01-31.",
    f'[checks]\nrejected_share = "x"\n{SOURCE}': 'line 2: checks.rejected_share = "x" cannot be used; write a number.',
}


@pytest.mark.parametrize(("text", "said"), SLIPS.items(), ids=range(len(SLIPS)))
def test_a_slip_is_answered_with_what_to_write(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "etl.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as refused:
        read_settings(file)
    assert str(refused.value) == f"{file}, {said.format(file=file)}"
