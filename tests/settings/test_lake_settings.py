"""The keys of a lake in [warehouse]: defaults, what they mean, and what is said of those that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl_project.settings import SettingsError, read_settings

SOURCE = '[[source]]\nname = "site"\nlocation = "."\n'


def written(folder: Path, warehouse: str) -> Path:
    file = folder / "etl.toml"
    file.write_text(f"[warehouse]\n{warehouse}\n\n{SOURCE}", "utf-8")
    return file


def test_a_warehouse_is_a_file_where_nothing_is_said(tmp_path: Path) -> None:
    found = read_settings(written(tmp_path, "")).warehouse
    assert (found.kind, found.location, found.parts, found.keep_generations, found.publish) == (
        "file", None, 64, 10, "file",
    )  # fmt: skip


def test_a_folder_is_relative_to_the_settings_and_a_bucket_is_as_written(tmp_path: Path) -> None:
    lake = 'kind = "lake"\nlocation = "../lake"\nparts = 8\nkeep_generations = 3\npublish = "views"'
    found = read_settings(written(tmp_path, lake)).warehouse
    assert found.location == str(tmp_path.parent / "lake")
    assert (found.kind, found.parts, found.keep_generations, found.publish) == ("lake", 8, 3, "views")
    bucket = read_settings(written(tmp_path, 'kind = "lake"\nlocation = "s3://bucket/lake"')).warehouse
    assert bucket.location == "s3://bucket/lake"


@pytest.mark.parametrize(
    ("warehouse", "said"),
    [
        ('kind = "lake"', "line 2: a lake needs a place; add warehouse.location"),
        ('location = "lake"', "line 2: warehouse.location is the place of a lake, and this warehouse is a file"),
        ('kind = "lake"\nlocation = "l"\nparts = 12', "line 4: warehouse.parts = 12 is no power of two"),
        ('kind = "lake"\nlocation = "memory://b/l"', "line 3: a lake cannot be in memory"),
        ('kind = "lake"\nlocation = "a%20b"', "line 3: warehouse.location = '"),
        ('kind = "lake"\nlocation = "l"\nkeep_generations = 1', "line 4: warehouse.keep_generations"),
        ('kind = "delta"', "line 2: warehouse.kind"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_line(tmp_path: Path, warehouse: str, said: str) -> None:
    with pytest.raises(SettingsError) as told:
        read_settings(written(tmp_path, warehouse))
    assert said in str(told.value)


def test_the_machines_of_a_cluster_are_given_no_disk_of_this_one(tmp_path: Path) -> None:
    cluster = '\n[engine]\nkind = "ray"\naddress = "10.0.0.1:6379"\n'
    with pytest.raises(SettingsError) as told:
        read_settings(written(tmp_path, f'kind = "lake"\nlocation = "lake"\n{cluster}'))
    assert "line 3: the machines of a cluster write the files of a lake" in str(told.value)
    assert "line 12: the machines of a cluster read the posts of a lake" in str(told.value)
    file = written(tmp_path, f'kind = "lake"\nlocation = "s3://b/lake"\n{cluster}')
    file.write_text(file.read_text().replace('location = "."', 'location = "s3://b/posts"'), "utf-8")
    assert read_settings(file).engine.kind == "ray"
    here = written(tmp_path, 'kind = "lake"\nlocation = "lake"\n\n[engine]\nkind = "ray"')
    assert read_settings(here).engine.address is None, "Ray that is started here reads what is here"


def test_a_password_in_the_location_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        read_settings(written(tmp_path, 'kind = "lake"\nlocation = "s3://me:hush-hush@bucket/lake"'))
    assert "credentials are taken from the environment" in str(told.value) and "hush-hush" not in str(told.value)
