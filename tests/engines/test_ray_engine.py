"""The engine for Ray, on a cluster within this process: what is sent, what comes home, and what is said of it."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from conftest import Site
from fake_cluster import FakeCluster
from test_local import LARGE, in_batches, source, statuses, write

from etl_project.engines import ray_cluster
from etl_project.engines.batch import Batch
from etl_project.engines.dispatch import EngineUnavailable
from etl_project.engines.engine import NodeWork, TasksLost
from etl_project.engines.halving import WorkerDied
from etl_project.engines.local import LocalEngine
from etl_project.engines.ray import RayEngine
from etl_project.engines.ray_worker import OtherVersions, ReadBatch, Versions, answer, run_task, versions_of
from etl_project.refresh import Refresh
from etl_project.refresh.engine import engine_of
from etl_project.show.nodes import nodes_in_words
from etl_project.sources.place import PinnedSource
from etl_project.sources.signature import SourceUnavailable

__all__ = ["source"]  # a fixture


def code() -> str:
    return "the code"


def engine_on(cluster: FakeCluster, in_flight: int | None = None) -> RayEngine:
    engine = RayEngine(None, in_flight, code)
    engine._cluster = cluster  # type: ignore[assignment]
    return engine


def test_rows_come_home_and_every_machine_is_told_of(source: PinnedSource) -> None:
    names = [f"{n:03}.md" for n in range(30)]
    cluster = FakeCluster()
    engine = engine_on(cluster)
    rows = list(engine.run(in_batches(source, write(source, names), 7), LARGE))
    assert statuses(rows) == dict.fromkeys(names, "loaded")
    named = {path for row in rows for path in row.files.values()}
    assert {str(path) for path in rows[0].staging.iterdir()} == named
    size = sum((source.source.location / name).stat().st_size for name in names)
    assert sum(row.bytes_read for row in rows) == sum(work.bytes for work in engine.nodes.values()) == size
    assert engine.nodes.keys() == {"10.0.0.1", "10.0.0.2"}
    assert sum(work.posts for work in engine.nodes.values()) == 30
    assert cluster.most_running == 4, "twice the processes"


def test_the_tables_are_those_of_the_local_engine_to_the_last_byte(source: PinnedSource) -> None:
    work = in_batches(source, write(source, ["a.md", "b.md", "c.md"]), 2)
    (work[0].staging / "local").mkdir()
    here = [Batch(b.number, b.source, b.limits, b.tasks, b.started_ns, b.staging / "local") for b in work]
    there, local = engine_on(FakeCluster()).run(work, LARGE), LocalEngine(1).run(here, LARGE)
    for one, other in zip(there, local, strict=True):
        assert one.files.keys() == other.files.keys()
        for table, path in one.files.items():
            assert Path(path).read_bytes() == Path(other.files[table]).read_bytes()


def test_what_is_sent_can_be_read_where_the_folder_is_not(source: PinnedSource, tmp_path: Path) -> None:
    names = ["a.md", "gone.md", "b.md"]
    cluster = FakeCluster()
    tasks = write(source, names)
    (source.source.location / "gone.md").unlink()
    sent: list[Batch] = []

    def take_folder_away(batch: Batch) -> None:
        sent.append(batch)
        if source.source.location.exists():
            source.source.location.rename(tmp_path / "away")

    cluster.fate = take_folder_away
    rows = list(engine_on(cluster).run(in_batches(source, tasks, 3), LARGE))
    assert statuses(rows) == {"a.md": "loaded", "gone.md": "gone", "b.md": "loaded"}
    assert sent[0].source.source.location == Path()


def test_a_folder_that_goes_while_it_is_read_is_an_outage(source: PinnedSource, tmp_path: Path) -> None:
    from etl_project.sources.access import pin

    tasks = write(source, ["a.md", "b.md"])
    work = in_batches(pin(source.source), tasks, 1)
    cluster = FakeCluster()
    steps = engine_on(cluster, 1).run(work, LARGE)
    next(steps)
    source.source.location.rename(tmp_path / "away")
    with pytest.raises(SourceUnavailable, match="there is no folder"):
        next(steps)


def test_a_post_that_ends_its_reader_is_found_and_no_other_is_lost(source: PinnedSource) -> None:
    names = ["a.md", "killer-1.md", "b.md", "c.md", "d.md"]
    cluster = FakeCluster(lambda batch: WorkerDied() if any("killer" in task.path for task in batch.tasks) else None)
    rows = list(engine_on(cluster).run(in_batches(source, write(source, names), 5), LARGE))
    assert statuses(rows) == dict.fromkeys(names, "loaded") | {"killer-1.md": "crashed_parser"}
    assert cluster.tried_again[0] and not any(cluster.tried_again[1:]), "a half is tried once"


def test_little_work_starts_no_cluster(source: PinnedSource) -> None:
    engine = RayEngine("10.0.0.1:6379", None, code)
    engine.warm(LARGE - 1)
    rows = list(engine.run(in_batches(source, write(source, ["a.md"]), 1), LARGE - 1))
    assert statuses(rows) == {"a.md": "loaded"} and engine.nodes == {}
    assert list(engine.run_tasks(abs, [-1, 2])) == [1, 2]


def test_tasks_whose_process_ends_are_named_after_all_others() -> None:
    engine = engine_on(FakeCluster(lambda item: WorkerDied() if item == -3 else None))
    done = []
    with pytest.raises(TasksLost) as lost:
        for result in engine.run_tasks(abs, range(-9, 0)):
            done.append(result)
    assert lost.value.items == [-3] and sorted(done) == [1, 2, *range(4, 10)]


def read_some(number: int) -> ReadBatch:
    return ReadBatch({}, number, 10 * number)


def test_posts_that_tasks_read_are_counted_as_those_of_batches() -> None:
    engine = engine_on(FakeCluster())
    assert len(list(engine.run_tasks(read_some, range(5)))) == 5
    assert sum(work.posts for work in engine.nodes.values()) == 10
    assert sum(work.bytes for work in engine.nodes.values()) == 100


def test_a_process_with_other_code_runs_nothing_and_says_what_it_has() -> None:
    here = versions_of(code)
    with pytest.raises(OtherVersions) as other:
        run_task(answer, 5, code, here._replace(code="older"))
    assert other.value.versions == here


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (Versions("3.12.1", "2.1.0", "b"), "has another Python (3.12.1) than this one (3.11.7)"),
        (Versions("3.11.7", "2.0.0", "b"), "has another Polars (2.0.0) than this one (2.1.0)"),
        (Versions("3.11.7", "2.1.0", "b"), "has another code of etl-project or libraries it reads posts with (b)"),
    ],
)
def test_the_sentence_says_which_version_differs(there: Versions, said: str) -> None:
    told = ray_cluster._describe_difference("The machine 10.0.0.2", there, Versions("3.11.7", "2.1.0", "a"))
    assert told.startswith("The machine 10.0.0.2 has another") and said in told and "Install the same" in told


def test_without_ray_the_sentence_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineUnavailable, match=r"pip install 'etl-project\[ray\]'"):
        RayEngine(None, None, code).warm(LARGE)


def test_a_refresh_that_cannot_reach_its_cluster_leaves_the_published_file_as_it_was(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    before = site.published.read_bytes()
    site.configure(extra='[engine]\nkind = "ray"\n')
    site.write("_posts/2026-01-02-two.md")
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr("etl_project.engines.ray.IN_PROCESS_BYTES", 0)
    with pytest.raises(EngineUnavailable):
        site.refresh()
    assert site.published.read_bytes() == before


def test_the_settings_choose_the_engine_and_the_local_one_imports_nothing_of_ray(site: Site) -> None:
    assert isinstance(engine_of(site.settings), LocalEngine)
    site.configure(extra='[engine]\nkind = "ray"\naddress = "10.0.0.1:6379"\nin_flight = 5\n')
    engine = Refresh(site.settings).engine
    assert isinstance(engine, RayEngine) and engine._address == "10.0.0.1:6379" and engine._most_in_flight() == 5
    look = (
        "import sys, etl_project.refresh.refresh; "
        "print([m for m in sys.modules if 'ray' in m.split('.') or 'ray_' in m or m.endswith('dispatch')])"
    )
    ended = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_a_refresh_on_a_cluster_says_what_each_machine_read(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.write("_posts/2026-01-02-two.md")
    refresh, plan = site.plan()
    refresh.engine = engine_on(FakeCluster())
    loaded = refresh.load_tables(plan)
    assert sum(work.posts for work in loaded.nodes.values()) == 2
    assert site.query_work("SELECT count(*) FROM articles") == [(2,)]


def test_dagster_and_the_summary_tell_what_machines_read_and_of_one_machine_nothing(site: Site) -> None:
    from assets.tables import FILES, _metrics

    site.write("_posts/2026-01-02-one.md")
    refresh, plan = site.plan()
    refresh.engine = engine_on(FakeCluster())
    loaded = refresh.load_tables(plan)
    told = _metrics(FILES, loaded)["nodes"]
    assert re.fullmatch(r"10\.0\.0\.1: 1 post \(\d+ bytes\) in 0\.5 s", str(told)), told
    assert "nodes" not in _metrics(FILES, dataclasses.replace(loaded, nodes={}))


def test_what_machines_did_is_said_in_a_line() -> None:
    nodes = {"10.0.0.2": NodeWork(1, 2_000_000, 3.25), "10.0.0.1": NodeWork(1_200, 3_000_000, 4)}
    assert nodes_in_words(nodes) == "10.0.0.1: 1,200 posts (3.0 MB) in 4.0 s, 10.0.0.2: 1 post (2.0 MB) in 3.2 s"


def test_rows_are_frames_that_polars_reads(source: PinnedSource) -> None:
    (row,) = engine_on(FakeCluster()).run(in_batches(source, write(source, ["a.md"]), 1), LARGE)
    assert pl.read_parquet(row.files["articles"])["title"].to_list() == ["a"]
