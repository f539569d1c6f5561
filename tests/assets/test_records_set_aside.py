"""Dagster's records that cannot be used are renamed and begun anew, told once; a refresh does not depend on them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from conftest import Site
from sqlalchemy.exc import DatabaseError

from assets.records import UnusableRecords, tell_unusable_records
from etl_project.servers.dagster_home import (
    TEMPLATE,
    ForeignRecords,
    is_damage,
    prepare_home,
    set_aside,
    set_aside_damaged,
    sqlite_error_in,
)


def a_database(file: Path) -> bytes:
    with sqlite3.connect(file) as con:
        con.execute("PRAGMA page_size = 512")
        con.execute("CREATE TABLE runs (body TEXT)")
        con.executemany("INSERT INTO runs VALUES (?)", [(f"run {n} " * 40,) for n in range(50)])
    con.close()
    return file.read_bytes()


@pytest.fixture
def home(site: Site) -> Path:
    home = prepare_home(site.settings)
    for name in ("runs.db", "event_log.db", "schedules.db"):
        a_database(home / name)
    return home


def aside(home: Path) -> list[str]:
    return sorted(file.name.partition(".set-aside-")[0] for file in home.iterdir() if ".set-aside-" in file.name)


def test_good_records_are_left_alone(site: Site, home: Path) -> None:
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    before = {file.name: file.read_bytes() for file in home.iterdir()}
    told: list[str] = []
    prepare_home(site.settings, told.append)
    assert told == [] and {file.name: file.read_bytes() for file in home.iterdir()} == before
    assert set_aside_damaged(home) == []


@pytest.mark.parametrize("name", ["runs.db", "event_log.db", "schedules.db"])
@pytest.mark.parametrize("damage", [b"\x00" * 4096, b"no database " * 400, None], ids=["zeros", "text", "folder"])
def test_a_damaged_database_is_renamed_with_what_belongs_to_it_and_told_once(
    site: Site, home: Path, name: str, damage: bytes | None
) -> None:
    file = home / name
    file.unlink()
    if damage is None:
        file.mkdir()
    else:
        file.write_bytes(damage)
    (home / f"{name}-wal").write_bytes(b"log")
    told: list[str] = []
    for _ in range(2):
        prepare_home(site.settings, told.append)
    assert len(told) == 1 and str(file) in told[0] and "renamed" in told[0] and not file.exists()
    assert aside(home) == [name, name]
    kept = [path for path in home.glob(f"{name}.set-aside-*") if not path.name.endswith("-wal")]
    assert damage is None or kept[0].read_bytes() == damage


@pytest.mark.parametrize("content", [b"a: [\n", b"", b"- a list\n", b"\xff\xfe", b"a: \x00\n", b"word\n"])
def test_a_dagster_yaml_that_holds_no_settings_is_renamed_and_made_anew(site: Site, home: Path, content: bytes) -> None:
    (home / "dagster.yaml").write_bytes(content)
    told: list[str] = []
    for _ in range(2):
        prepare_home(site.settings, told.append)
    assert len(told) == 1 and aside(home) == ["dagster.yaml"]
    assert (home / "dagster.yaml").read_bytes() == TEMPLATE.read_bytes()


def test_damage_deep_within_a_database_is_found_by_reading_all_of_it(site: Site, home: Path) -> None:
    data = bytearray((home / "runs.db").read_bytes())
    data[2048:12288] = b"\xa5" * 10240
    (home / "runs.db").write_bytes(data)
    told: list[str] = []
    prepare_home(site.settings, told.append)
    assert told == [], "not at every refresh"
    [sentence] = set_aside_damaged(home)
    assert "runs.db: is damaged. It was renamed" in sentence and aside(home) == ["runs.db"]


def test_a_locked_database_is_not_damaged(site: Site, home: Path) -> None:
    with sqlite3.connect(home / "runs.db", isolation_level=None) as con:
        con.execute("BEGIN EXCLUSIVE")
        assert not is_damage(sqlite3.OperationalError("database is locked"))
    con.close()
    assert aside(home) == []


def test_only_what_sqlite_calls_damage_is_damage(home: Path) -> None:
    (home / "runs.db").write_bytes(b"no database " * 400)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        sqlite3.connect(home / "runs.db").execute("SELECT * FROM runs")
    assert is_damage(caught.value) and is_damage(DatabaseError("SELECT 1", {}, caught.value))
    outer = RuntimeError("a step failed")
    outer.__cause__ = caught.value
    assert sqlite_error_in(outer) is caught.value
    assert not is_damage(OSError("disk")) and sqlite_error_in(None) is None


def test_records_that_cannot_be_renamed_are_an_error_that_says_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(ForeignRecords, match=r"runs\.db: belongs to another user, and cannot be renamed.*chown -R"):
        set_aside(home / "runs.db", "belongs to another user")


def test_files_of_another_user_are_renamed(site: Site, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    access = __import__("os").access
    foreign = home / "runs.db-wal"
    foreign.write_bytes(b"")
    monkeypatch.setattr("os.access", lambda file, mode: Path(file) != foreign and access(file, mode))
    told: list[str] = []
    prepare_home(site.settings, told.append)
    assert len(told) == 1 and "runs.db: belongs to another user." in told[0] and aside(home) == ["runs.db", "runs.db"]


def test_an_error_of_the_records_names_their_folder_and_others_pass(tmp_path: Path) -> None:
    with pytest.raises(UnusableRecords, match=f"{tmp_path}: Dagster cannot use it: unable to open database file"):  # noqa: SIM117
        with tell_unusable_records(tmp_path):
            raise sqlite3.OperationalError("unable to open database file")
    for other in (OverflowError("int"), sqlite3.OperationalError("database or disk is full")):
        with pytest.raises(type(other)), tell_unusable_records(tmp_path):
            raise other
