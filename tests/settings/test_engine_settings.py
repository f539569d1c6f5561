"""The keys of [engine]: defaults, and what is said of those that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl_project.settings import SettingsError, read_settings

GOOD = '[[source]]\nname = "site"\nlocation = "."\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "etl.toml"
    file.write_text(text, "utf-8")
    return file


def test_the_engine_is_local_unless_the_settings_name_a_cluster(tmp_path: Path) -> None:
    engine = read_settings(written(tmp_path, GOOD)).engine
    assert (engine.kind, engine.address, engine.in_flight) == ("local", None, None)
    for address in ("auto", "10.0.0.1:6379", "head.example:6379", "[::1]:6379"):
        text = f'[engine]\nkind = "ray"\naddress = "{address}"\nin_flight = 64\n\n{GOOD}'
        engine = read_settings(written(tmp_path, text)).engine
        assert (engine.kind, engine.address, engine.in_flight) == ("ray", address, 64)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('kind = "spark"', 'engine.kind = "spark" cannot be used; write "local" or "ray"'),
        ('address = "ray://10.0.0.1:10001"', "engine.address = 'ray://10.0.0.1:10001' is no address of a Ray cluster"),
        ('address = "10.0.0.1"', "write 'HOST:PORT', such as '10.0.0.1:6379', or 'auto'"),
        ('address = "head:99999"', "is no address of a Ray cluster"),
        ("in_flight = 0", "it must be greater than or equal to 1"),
        ('adress = "auto"', "there is no setting 'engine.adress'; did you mean 'address'?"),
    ],
)
def test_an_engine_that_cannot_be_is_refused_with_its_line(tmp_path: Path, setting: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(written(tmp_path, f"[engine]\n{setting}\n\n{GOOD}"))
    told = str(refused.value)
    assert said in told and "etl.toml, line 2: " in told
