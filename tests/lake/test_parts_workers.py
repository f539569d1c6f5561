"""Workers of a lake's refresh may die, and its driver stays small."""

from __future__ import annotations

import os
import pickle
import tracemalloc
from collections.abc import Callable, Iterable, Iterator

import pytest

pytest.importorskip("deltalake", reason="needs the extra lake")

import polars as pl
from conftest import Site
from dying_parts import run_part_and_die_once, run_part_of_killers
from part_twins import Twins, run_stages

from etl_project.engines.local import IN_PROCESS_BYTES, LocalEngine
from etl_project.lake import rounds
from etl_project.lake.data_files import LakeFile
from etl_project.lake.part_task import PartDone, PartTask


def loaded_files(twins: Twins) -> dict[str, str]:
    """Path -> status, or the reason it was rejected for; no path has two rows."""
    lake = twins.lake
    with lake.connect(lake.pins()) as con:
        rows = con.execute("SELECT path, coalesce(reason, status) FROM post_files").fetchall()
        assert con.execute("SELECT count(*) FROM articles").fetchall() == [(sum(r == "loaded" for _, r in rows),)]
    assert len({path for path, _ in rows}) == len(rows)
    return dict(rows)


@pytest.mark.prove("lake")
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("run_part", [run_part_of_killers, run_part_and_die_once])
def test_a_post_that_kills_its_reader_is_rejected_and_a_killed_worker_loses_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, run_part: Callable[[PartTask], PartDone]
) -> None:
    names = [f"_posts/2026-01-0{n + 1}-p{n}.md" for n in range(6)]
    for name in names:
        site.write(name)
    site.write("_posts/2026-02-01-killer.md")
    monkeypatch.setattr(rounds, "run_part", run_part)
    engine = LocalEngine(2)
    engine.warm(IN_PROCESS_BYTES)
    twins = Twins(site, parts=2, engine=engine)
    refresh = twins.lake_refresh()
    run_stages(refresh)
    reason = "crashed_parser" if run_part is run_part_of_killers else "loaded"
    assert loaded_files(twins) == {**dict.fromkeys(names, "loaded"), "_posts/2026-02-01-killer.md": reason}
    if run_part is run_part_and_die_once:
        named = {path for paths in twins.paths().values() for path in paths}
        there = {str(f.relative_to(f.parents[1])) for f in twins.location.glob("article_bodies/part=*/*.parquet")}
        assert there - named, "what the dead worker had written is there, and nobody reads it"


PARTS_OF_MANY_POSTS = 2_048
"""As many parts as a hundred million posts need; with a file of each table, 50,000 data files."""


def test_the_driver_keeps_little_of_the_work_of_many_parts() -> None:
    empty = pl.DataFrame(schema=dict.fromkeys(["source_id", "path", "status", "file_hash", "reason"], pl.String))

    def done(part: int) -> PartDone:
        files = [
            LakeFile(f"table_{n}", f"part={part}/{os.urandom(16).hex()}-{os.urandom(16).hex()}.parquet", part, 9, 9)
            for n in range(25)
        ]
        # As it comes from another process.
        copy: PartDone = pickle.loads(pickle.dumps(PartDone(part, files, outcomes=empty)))
        return copy

    tracemalloc.start()
    try:
        kept = {part: done(part) for part in range(PARTS_OF_MANY_POSTS)}
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(len(part.adds) for part in kept.values()) > 50_000
    assert peak < 300e6 / 2


@pytest.mark.prove("lake")
@pytest.mark.timeout(1200)
def test_a_task_is_made_when_it_is_taken(site: Site) -> None:
    for n in range(8):
        site.write(f"_posts/2026-01-0{n + 1}-p{n}.md")
    seen: list[int] = []

    class CountingEngine(LocalEngine):
        def run_tasks(self, function: Callable[[PartTask], PartDone], items: Iterable[PartTask]) -> Iterator[PartDone]:
            for number, task in enumerate(items):
                seen.append(number)
                assert len(task.listed) < 8, "a task holds the rows of its own part"
                yield function(task)

    twins = Twins(site, engine=CountingEngine(1))
    run_stages(twins.lake_refresh())
    assert len(seen) > 1 and set(loaded_files(twins).values()) == {"loaded"}
