"""Places that cannot be what the settings make of them are named with their line, before anything is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from etl_project.settings import SettingsError, read_settings
from etl_project.sources.location import mirrors_of

SOURCE = '[[source]]\nname = "s"\nlocation = "{location}"\n'


def said_of(folder: Path, path: str = "wh/posts.duckdb", location: str = "posts") -> str:
    """What is said of settings in a folder; empty where they can be used."""
    file = folder / "etl.toml"
    file.write_text(f'[warehouse]\npath = "{path}"\n{SOURCE.format(location=location)}', "utf-8")
    try:
        read_settings(file)
    except SettingsError as error:
        return str(error)
    return ""


def test_a_published_file_takes_the_place_of_no_folder_device_pipe_or_other_warehouse(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to("not/there/yet.duckdb")
    for path, words in {
        "there": "is a folder; write the name of a file",
        "there/": "is a folder",
        "link": "is a folder",
        "pipe": "is a device or a pipe, which would be replaced",
        "/dev/null": "is a device or a pipe, which would be replaced",
        "posts.previous.duckdb": "is the name of what was published before as posts.duckdb",
        "nowhere": "",
        "there/posts.duckdb": "",
        "previous.duckdb": "",
    }.items():
        said = said_of(tmp_path, path)
        assert (words in said and said.startswith(f"{tmp_path}/etl.toml, line 2: ")) if words else not said, path


def test_an_address_is_no_path_wherever_a_path_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (
        "s3://bucket/x.duckdb",
        "https://h/x.duckdb",
        "file:///tmp/x.duckdb",
        "abfss://c@a/x.duckdb",
        "md:/db",
    ):
        assert "line 2: a path that begins with" in said_of(tmp_path, path), path
    for path in ("C:/x.duckdb", "a/s3:/x.duckdb", "md:db.duckdb", ":memory:"):
        assert not said_of(tmp_path, path), path
    (tmp_path / "etl.toml").write_text(SOURCE.format(location="posts"), "utf-8")
    for name, value in {"ETL_WAREHOUSE": "s3://bucket/x.duckdb", "ETL_CONFIG": "https://h/etl.toml"}.items():
        with monkeypatch.context() as patch:
            patch.setenv("ETL_CONFIG", str(tmp_path / "etl.toml"))
            patch.setenv(name, value)
            with pytest.raises(SettingsError, match="is an address; write that of a file on this machine"):
                read_settings()


def test_the_file_that_was_published_before_may_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_WAREHOUSE", str(tmp_path / "wh/posts.previous.duckdb"))
    assert not said_of(tmp_path)


def test_an_environment_that_names_a_folder_as_the_warehouse_is_named_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETL_WAREHOUSE", str(tmp_path))
    assert said_of(tmp_path) == (
        f"ETL_WAREHOUSE = '{tmp_path}' is a folder; write the name of a file, such as 'posts.duckdb', after it."
    )


def test_an_empty_location_is_not_the_folder_of_the_settings(tmp_path: Path) -> None:
    for location in ("", " ", "\\t"):
        assert "a location is empty; write a folder or a git address" in said_of(tmp_path, location=location)
    assert not said_of(tmp_path, location=".")


def test_a_home_that_nobody_has_is_named_as_a_user(tmp_path: Path) -> None:
    said = said_of(tmp_path, "~nobody-has-this-name/x.duckdb")
    assert said.endswith("this machine has no such user, or not its home folder.")


def test_copies_of_repositories_are_apart_for_warehouses_of_one_folder(tmp_path: Path) -> None:
    names = ("a.duckdb", "a.db", "a.b.duckdb", "a.previous.db")
    assert len({mirrors_of(tmp_path / name) for name in names}) == len(names)
    assert mirrors_of(tmp_path / "a.duckdb").name == "a.mirrors"
