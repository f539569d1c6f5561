"""What a refresh of a lake asks of the bucket that its posts are in, and which data files the log then removes."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

from conftest import POST
from loopback_s3 import LoopbackS3
from part_twins import run_stages

from etl_project.engines.local import LocalEngine
from etl_project.lake.data_files import LakeFile
from etl_project.lake.driver import LakeRefresh
from etl_project.lake.part_files import tables_by_part
from etl_project.lake.store import Lake, Pins
from etl_project.lake.tables import lake_tables
from etl_project.settings import read_settings
from etl_project.sources.location import Bucket
from etl_project.sources.objects.store import open_store

if TYPE_CHECKING:
    from moto_server import Moto

pytest_plugins = ["moto_server", "s3_fixtures"]


def name(number: int) -> str:
    return f"_posts/2026-01-02-{number:04}.md"


def post(number: int, title: str) -> bytes:
    values = {"date": "2026-01-02", "categories": "news", "tags": "one", "body": f"Words of {number}."}
    return POST.format(title=f"{title} {number}", **values).encode()


class BucketLake:
    """Posts in the bucket `harbour`, below `site/`, and a lake of them."""

    def __init__(self, folder: Path, location: str, parts: int) -> None:
        self.config = folder / "etl.toml"
        self.config.write_text(
            f'[warehouse]\npath = "posts.duckdb"\nkind = "lake"\nlocation = "{location}"\nparts = {parts}\n'
            'publish = "views"\n\n[[source]]\nname = "site"\nlocation = "s3://harbour/site"\ndialect = "jekyll"\n',
            "utf-8",
        )
        self.lake = Lake.open(location, parts=parts)

    def refresh(self) -> Pins:
        assert run_stages(LakeRefresh(read_settings(self.config), engine=LocalEngine(1)))
        pins = self.lake.pins()
        assert pins
        return pins

    def removed(self, table: str, before: Pins, after: Pins) -> set[str]:
        """Paths of the files that the log of a table removes between two publications."""
        folder, found = lake_tables()[table].folder, set()
        for version in range(before.versions[table] + 1, after.versions[table] + 1):
            entry = self.lake.place.get(f"{folder}/_delta_log/{version:020}.json")
            assert entry
            actions = [json.loads(line) for line in entry.decode().splitlines()]
            found |= {action["remove"]["path"] for action in actions if "remove" in action}
        return found

    def with_rows_of(self, table: str, files: Iterable[LakeFile], paths: set[str]) -> set[str]:
        """Paths of the files of a table in which there is a row of some posts."""
        stored, found = lake_tables()[table], set()
        column = "path" if "path" in stored.columns else "article_id"
        with self.lake.connect(None, ()) as con:
            for file in files:
                address = self.lake.place.address(f"{stored.folder}/{file.path}")
                rows = con.execute(f"SELECT {column} FROM read_parquet('{address}')").fetchall()
                if not paths.isdisjoint(value.removeprefix("site:") for (value,) in rows):
                    found.add(file.path)
        return found

    def assert_only_files_with_dying_rows_go(self, before: Pins, after: Pins, changed: set[str]) -> int:
        """Compare what the log removes with the rows of the files that there were. Returns how many files stayed."""
        stayed = 0
        for table in tables_by_part():
            files = self.lake.files(before, table)
            is_log = table in ("article_changes", "article_versions")
            dying = set() if is_log else self.with_rows_of(table, files, changed)
            assert self.removed(table, before, after) == dying, table
            stayed += len(files) - len(dying)
        return stayed


def of_posts(asked: Counter[str], prefix: str) -> Counter[str]:
    """What was asked of the objects of the site, by their paths."""
    return Counter({key.removeprefix(prefix): count for key, count in asked.items() if key.startswith(prefix)})


def test_changed_objects_of_a_lake_are_got_once_and_only_files_with_their_rows_go(
    tmp_path: Path, s3: LoopbackS3
) -> None:
    s3.buckets["harbour"] = {}
    s3.put("harbour", "site/_config.yml", b"title: The harbour\n")

    def put(numbers: range, title: str) -> None:
        for number in numbers:
            s3.put("harbour", f"site/{name(number)}", post(number, title))
        s3.forget()

    def got() -> Counter[str]:
        return of_posts(Counter(s3.keys), "site/")

    settings = {"_config.yml": 1}
    warehouse = BucketLake(tmp_path, str(tmp_path / "lake"), parts=2)
    put(range(12), "Post")
    first = warehouse.refresh()
    assert got() == {name(number): 1 for number in range(12)} | settings and s3.asked["LIST"] == 1
    put(range(12, 18), "New")
    second = warehouse.refresh()
    assert got() == {name(number): 1 for number in range(12, 18)} | settings and s3.asked["LIST"] == 1
    assert not any(warehouse.removed(table, first, second) for table in tables_by_part()), "new posts remove no file"
    put(range(5), "Changed")
    third = warehouse.refresh()
    assert got() == {name(number): 1 for number in range(5)} | settings and s3.asked["LIST"] == 1
    assert warehouse.assert_only_files_with_dying_rows_go(second, third, {name(number) for number in range(5)})


CHANGED = int(os.environ.get("ETL_LAKE_CHANGED", "300"))
POSTS = CHANGED * 10 // 3
PARTS = 4 if CHANGED >= 300 else 2
"""What a refresh asks of the bucket grows with the files of its parts, and is the same for few posts as for many."""


@pytest.mark.prove("lake")
@pytest.mark.timeout(1200)
def test_of_300_changed_objects_a_lake_in_a_bucket_gets_300_and_300_new_ones_remove_no_file(
    tmp_path: Path, moto: Moto
) -> None:
    store = open_store(Bucket("s3://harbour"))

    def put(numbers: range, title: str) -> None:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: store.put(f"site/{name(number)}", post(number, title)), numbers))
        moto.asked()

    def got() -> Counter[str]:
        return of_posts(moto.asked(), "GET /harbour/site/")

    warehouse = BucketLake(tmp_path, "s3://harbour/lake", parts=PARTS)
    put(range(POSTS), "Post")
    first = warehouse.refresh()
    assert got() == {name(number): 1 for number in range(POSTS)}
    put(range(POSTS, POSTS + CHANGED), "New")
    second = warehouse.refresh()
    assert got() == {name(number): 1 for number in range(POSTS, POSTS + CHANGED)}
    assert not any(warehouse.removed(table, first, second) for table in tables_by_part())
    put(range(CHANGED), "Changed")
    third = warehouse.refresh()
    assert got() == {name(number): 1 for number in range(CHANGED)}
    assert warehouse.assert_only_files_with_dying_rows_go(second, third, {name(number) for number in range(CHANGED)})
