"""Batches run on this machine: nothing is lost or read twice, whatever happens to the processes that read."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from conftest import pinned
from dying import die_on_killers, die_once, size_unless_killer

from etl_project.engines.batch import Batch, ManifestRow, batches
from etl_project.engines.engine import TasksLost
from etl_project.engines.local import IN_PROCESS_BYTES, LocalEngine
from etl_project.limits import Limits
from etl_project.sources.place import PinnedSource
from etl_project.sources.signature import FileTask, Signature
from etl_project.sources.source import Source

LARGE = IN_PROCESS_BYTES
"""As many bytes as make the engine start processes."""


@pytest.fixture
def source(tmp_path: Path) -> PinnedSource:
    (tmp_path / "site").mkdir()
    (tmp_path / "staging").mkdir()
    return pinned(Source("site", tmp_path / "site"))


def write(source: PinnedSource, names: list[str]) -> list[FileTask]:
    """Write a post under each name; returns the tasks to read them."""
    tasks = []
    for name in names:
        file = source.source.location / name
        file.write_text(f"---\ntitle: {file.stem}\n---\nText of {name}.\n")
        at = file.stat()
        signature = Signature(at.st_size, at.st_mtime_ns, at.st_ctime_ns, at.st_ino)
        tasks.append(FileTask(name, f"site:{name}", False, None, False, signature))
    return tasks


def in_batches(source: PinnedSource, tasks: list[FileTask], files: int) -> list[Batch]:
    """Cut tasks into batches of so many files."""
    staging = source.source.location.parent / "staging"
    return [
        Batch(f"{start:06}", source, Limits(), tuple(tasks[start : start + files]), 0, staging)
        for start in range(0, len(tasks), files)
    ]


def statuses(rows: list[ManifestRow]) -> dict[str, str]:
    """Path -> status, or the reason it was rejected for; a path that was staged twice is an error."""
    found: dict[str, str] = {}
    for row in rows:
        frame = pl.read_parquet(row.files["post_files"])
        for path, status, reason in frame.select("path", "status", "reason").iter_rows():
            assert path not in found, f"{path} was staged twice"
            found[path] = reason or status
    return found


def run(engine: LocalEngine, work: list[Batch], total_bytes: int) -> list[ManifestRow]:
    try:
        return list(engine.run(work, total_bytes))
    finally:
        engine.close()


def test_little_work_is_done_in_this_process(source: PinnedSource) -> None:
    engine = LocalEngine(2)
    work = in_batches(source, write(source, ["a.md", "b.md", "c.md"]), 2)
    rows = list(engine.run(work, IN_PROCESS_BYTES - 1))
    assert engine._pool is None
    assert statuses(rows) == {"a.md": "loaded", "b.md": "loaded", "c.md": "loaded"}


def test_much_work_is_done_by_other_processes_and_each_batch_once(source: PinnedSource) -> None:
    names = [f"{n:03}.md" for n in range(60)]
    rows = run(LocalEngine(2), in_batches(source, write(source, names), 7), LARGE)
    assert statuses(rows) == dict.fromkeys(names, "loaded")
    assert len({row.batch for row in rows}) == len(rows) == 9
    assert sum(row.read for row in rows) == 60
    assert sum(row.bytes_read for row in rows) == sum((source.source.location / name).stat().st_size for name in names)


def test_files_that_kill_their_readers_are_rejected_and_no_other_is_lost(
    source: PinnedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = ["a.md", "killer-1.md", "b.md", "c.md", "killer-2.md"]
    monkeypatch.setattr("etl_project.engines.local.run_batch", die_on_killers)
    rows = run(LocalEngine(2), in_batches(source, write(source, everything), 2), LARGE)
    assert statuses(rows) == {
        "a.md": "loaded", "b.md": "loaded", "c.md": "loaded",
        "killer-1.md": "crashed_parser", "killer-2.md": "crashed_parser",
    }  # fmt: skip
    rejected = pl.concat(pl.read_parquet(row.files["rejected_files"]) for row in rows if "rejected_files" in row.files)
    assert sorted(rejected["path"]) == ["killer-1.md", "killer-2.md"]


def test_a_process_that_is_killed_once_loses_nothing_and_rejects_nothing(
    source: PinnedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{n:03}.md" for n in range(6)]
    work = in_batches(source, write(source, names), 3)
    monkeypatch.setattr("etl_project.engines.local.run_batch", die_once)
    rows = run(LocalEngine(2), work, LARGE)
    assert (work[0].staging / "died").exists()
    assert statuses(rows) == dict.fromkeys(names, "loaded"), "what the dead process had staged is not counted twice"


def test_the_manifest_names_whole_files_only(source: PinnedSource) -> None:
    work = in_batches(source, write(source, ["a.md", "b.md"]), 1)
    rows = list(LocalEngine(1).run(work, 0))
    named = {path for row in rows for path in row.files.values()}
    assert {str(path) for path in work[0].staging.iterdir()} == named
    assert all(path.endswith(".parquet") for path in named)


@pytest.mark.parametrize(
    ("size", "count", "expected"),
    [(10, 4_001, [2_000, 2_000, 1]), (3 * 1024 * 1024, 5, [2, 2, 1]), (5 * 1024 * 1024, 2, [1, 1]), (10, 0, [])],
)
def test_a_batch_ends_at_two_thousand_files_or_four_megabytes(
    tmp_path: Path, size: int, count: int, expected: list[int]
) -> None:
    tasks = [FileTask(f"{n}.md", f"s:{n}.md", False, None, False, Signature(size, 0, 0, n)) for n in range(count)]
    cut = list(
        batches([tasks[:1_500], tasks[1_500:]], Batch("001", pinned(Source("s", tmp_path)), Limits(), (), 0, tmp_path))
    )
    assert [len(batch.tasks) for batch in cut] == expected
    assert [task for batch in cut for task in batch.tasks] == tasks
    assert len({batch.number for batch in cut}) == len(cut)


def files_of_sizes(folder: Path, names: list[str]) -> list[Path]:
    """Write files, each one byte longer than the one before it."""
    files = [folder / name for name in names]
    for size, file in enumerate(files):
        file.write_bytes(b"x" * size)
    return files


def test_tasks_are_run_here_until_processes_are_started(tmp_path: Path) -> None:
    files = files_of_sizes(tmp_path, [f"{n}" for n in range(9)])
    engine = LocalEngine(2)
    assert list(engine.run_tasks(size_unless_killer, files)) == [(os.getpid(), size) for size in range(9)]
    engine.warm(LARGE)
    try:
        done = list(engine.run_tasks(size_unless_killer, files))
    finally:
        engine.close()
    assert sorted(size for _, size in done) == list(range(9)), "each is done once"
    assert os.getpid() not in {process for process, _ in done}


def test_tasks_whose_process_ends_are_named_after_the_results_of_all_others(tmp_path: Path) -> None:
    files = files_of_sizes(tmp_path, [*"abcdefgh", "killer", *"ijklmnop"])
    engine = LocalEngine(2)
    engine.warm(LARGE)
    sizes = []
    try:
        with pytest.raises(TasksLost) as lost:
            for _, size in engine.run_tasks(size_unless_killer, iter(files)):
                sizes.append(size)
        named = [file.stat().st_size for file in lost.value.items]
        assert 8 in named
        assert sorted(sizes + named) == list(range(17)), "no task is lost without a word, and none is done twice"
        again = [size for _, size in engine.run_tasks(size_unless_killer, [files[0], files[1]])]
        assert sorted(again) == [0, 1], "the engine goes on"
    finally:
        engine.close()


@pytest.mark.parametrize("is_warm", [True, False])
def test_what_a_task_raises_is_raised(tmp_path: Path, is_warm: bool) -> None:
    engine = LocalEngine(2)
    if is_warm:
        engine.warm(LARGE)
    try:
        with pytest.raises(FileNotFoundError):
            list(engine.run_tasks(size_unless_killer, [tmp_path / "missing"]))
    finally:
        engine.close()


def test_closing_ends_the_processes(source: PinnedSource) -> None:
    engine = LocalEngine(2)
    engine.warm(LARGE)
    assert engine._pool is not None
    ask: Callable[[], int] = os.getpid
    pid = engine._pool.submit(ask).result()
    assert pid != os.getpid()
    engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_batch_reaches_another_process_as_it_is(source: PinnedSource) -> None:
    (batch,) = in_batches(source, write(source, ["a.md", "b.md"]), 2)
    arrived = pickle.loads(pickle.dumps(batch))
    assert arrived == batch
    assert arrived.tasks[1].listed.inode == batch.tasks[1].listed.inode


@pytest.mark.parametrize(
    "error",
    [OSError(30, "Read-only file system"), OSError(28, "No space left on device"), BlockingIOError(11, "no process"),
     ImportError("This platform lacks a functioning sem_open implementation"), NotImplementedError("no semaphores")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_where_no_process_can_be_started_this_one_reads_and_says_so_once(
    source: PinnedSource,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    def refuse(*given: object) -> None:
        raise error

    monkeypatch.setattr(LocalEngine, "_new_pool", refuse)
    engine = LocalEngine(2)
    work = in_batches(source, write(source, ["a.md", "b.md"]), 1)
    engine.warm(LARGE)
    rows = list(engine.run(work, LARGE)) + list(engine.run([], LARGE))
    engine.close()
    assert len(rows) == len(work)
    [said] = [record.getMessage() for record in caplog.records]
    assert "Posts are read by one process" in said and "/dev/shm" in said
