"""A lake in a bucket: the same protocol and the same rows, by conditional puts and credentials of the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

import polars as pl
from conftest import Site
from drivers import seen, start_driver
from lakes import PARTS, fill_and_read, publish_tags, tag_ids

from etl_project.lake.maintain import maintain_lake
from etl_project.lake.place import LakeUnavailable, Place
from etl_project.lake.store import Lake
from etl_project.lake.tables import lake_tables
from etl_project.show.query import open_published

if TYPE_CHECKING:
    from moto_server import Moto

pytest_plugins = ["moto_server"]

LOCATION = "s3://harbour/some/lake"


@pytest.mark.prove("lake")
@pytest.mark.timeout(900)
def test_a_lake_in_a_bucket_gives_the_rows_of_a_file_and_shows_no_secret(
    tmp_path: Path, moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush-hush")
    site = Site(tmp_path)
    site.configure()
    for n in range(1, 6):
        site.write(f"_posts/2026-01-0{n}-{n}.md", title=f"It's {n}", date=f"2026-01-0{n} 09:00:00 +0800")
    site.refresh()
    lake = Lake.open(LOCATION, parts=PARTS)
    pins, wanted, files = fill_and_read(lake, site, tmp_path)
    for file in files:
        with open_published(file) as con, pytest.raises(duckdb.Error):
            con.execute("FROM read_parquet('s3://harbour/elsewhere.parquet')")
        assert b"hush-hush-hush" not in file.read_bytes()
    plain = {"allow_http": "true"}
    for name, table in lake_tables().items():
        if version := pins.versions[name]:
            address = lake.place.address(table.folder)
            found = pl.scan_delta(address, version=version, storage_options=plain)
            assert found.select(list(table.columns)).collect().height == len(wanted[name])
    found = pl.scan_delta(lake.place.address("tags"), version=pins.versions["tags"], storage_options=plain)
    assert sorted(found.select("tag_id", "name").collect().rows()) == wanted["tags"]
    stored = [lake.place.get(object.path) or b"" for object in lake.place.list("")]
    assert not any(b"hush-hush-hush" in data for data in stored)


@pytest.mark.prove("lake")
@pytest.mark.timeout(900)
def test_drivers_of_a_bucket_publish_each_number_once_and_its_dead_are_undone(tmp_path: Path, moto: Moto) -> None:
    lake = Lake.open(LOCATION, parts=PARTS)
    drivers = [start_driver(lake, name, 2, 4) for name in ("one", "other")]
    told = sorted(number for driver in drivers for number in driver.published())
    assert told == [pins.n for pins in lake.publications()] == list(range(1, len(told) + 1)) and len(told) >= 4
    for pins in lake.publications():
        assert seen(lake, pins) == {str(pins.n)}
    # A lease that expires soon: the next driver waits for that, and nobody else is there.
    assert start_driver(lake, "dies", 0.2, 1, dies_after=2).published() == []
    assert start_driver(lake, "heals", 2, 1).published() == [told[-1] + 1]
    done = maintain_lake(lake, "maintains", 2)
    assert done.removed and done.forgotten
    assert seen(lake, lake.pins()) == {str(told[-1] + 1)}
    last = publish_tags(lake, "tags", "new")
    assert tag_ids(lake, last) == ["new"]


def test_without_credentials_the_sentence_names_the_bucket_and_the_missing_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "hush-hush")
    with pytest.raises(LakeUnavailable, match=r"the bucket 'harbour' .* Set AWS_SECRET_ACCESS_KEY") as told:
        Lake.open(LOCATION, parts=PARTS)
    assert "hush-hush" not in str(told.value)


def test_without_the_extra_the_sentence_names_the_command_that_installs_it(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['deltalake'] = None\n"
        "from etl_project.lake.store import Lake; from etl_project.errors import UserError\n"
        "try: Lake.open(sys.argv[1], parts=4)\n"
        "except UserError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "deltalake is not installed. Run pip install 'etl-project[lake]'" in done.stdout


def test_a_lake_is_not_opened_with_another_number_of_parts(tmp_path: Path) -> None:
    Lake.open(str(tmp_path / "lake"), parts=4)
    with pytest.raises(Exception, match=r"has 4 parts, and warehouse\.parts says 8\. .* write parts = 4"):
        Lake.open(str(tmp_path / "lake"), parts=8)


def test_a_place_does_not_show_what_may_be_secret() -> None:
    assert "hush" not in f"{Place('s3://me:hush@bucket/lake')}{Place('s3://me:hush@bucket/lake')!r}"
