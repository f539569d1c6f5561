"""A refresh tells its stages as they begin, and how long each took."""

from __future__ import annotations

import io
import time
from types import SimpleNamespace

import pytest
from conftest import Site
from rich.console import Console

from etl_project.refresh import stages as stages_module
from etl_project.refresh.stages import StageName, Stages
from etl_project.show import progress, progress_lines
from etl_project.show.summary import times_in_words


def test_a_stage_within_another_interrupts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(stages_module, "time", SimpleNamespace(perf_counter=lambda: now))
    stages, told = Stages(), list[StageName]()
    stages.listener = told.append
    now += 1
    with stages.stage("load"):
        now += 2
        with stages.stage("read"):
            now += 4
        now += 8
        with pytest.raises(OSError), stages.stage("read"):
            now += 16
            raise OSError
        now += 32
    now += 64
    assert told == ["load", "read", "load", "read", "load"]
    assert stages.seconds == {"load": 2 + 8 + 32, "read": 4 + 16}


def test_every_stage_of_a_refresh_is_told_and_counted(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    refresh = site.plan()[0]
    told: list[StageName] = []
    refresh.stages.listener = told.append
    began = time.perf_counter()
    refresh.load_tables(refresh.plan())
    refresh.run_checks("tables")
    refresh.relate()
    refresh.build_aggregates()
    refresh.run_checks("aggregates")
    refresh.publish()
    spent = time.perf_counter() - began
    assert told == ["list", "load", "read", "load", "check", "relate", "aggregate", "check", "publish"]
    del refresh.stages.seconds["list"]
    assert 0.9 * spent < sum(refresh.stages.seconds.values()) + 0.2 and sum(refresh.stages.seconds.values()) <= spent


def test_the_times_of_a_refresh_add_up_to_its_length() -> None:
    said = times_in_words({"start": 0.914, "list": 0.336, "read": 1.005}, 7.7051)
    assert said == "7.71 s: start 0.91, list 0.34, read 1.00, Dagster 5.46"


def test_a_terminal_shows_the_stage_and_the_files_as_soon_as_they_are_known() -> None:
    printed = io.StringIO()
    console = Console(file=printed, force_terminal=True, width=80, legacy_windows=False)
    with progress.progress(console) as display:
        display.expect(20_000)
        display.enter("read")
        display.report(0, 20_000)
        display.close()
        shown = printed.getvalue()
    assert "Listing" in shown and "Reading" in shown and "0 of 20,000 files" in shown


def test_elsewhere_a_line_is_printed_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.StringIO()
    with progress.progress(Console(file=printed, width=80)) as display:
        display.enter("read")
        display.report(5, 10)
        assert printed.getvalue() == "", "not at once"
        monkeypatch.setattr(progress_lines, "SECONDS_BETWEEN_LINES", 0.0)
        display.report(5, 10)
        display.enter("check")
    assert printed.getvalue().startswith("read 5 of 10 files, ") and "Checking ..." in printed.getvalue()
