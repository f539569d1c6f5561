"""Many files of a large folder are asked for by a process beside the one that lists it, with the same answers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl_project import forking
from etl_project.dialects import DIALECTS
from etl_project.sources import folder_states, folder_walk
from etl_project.sources.folder_states import StatesBeside, ask_beside
from etl_project.sources.folder_walk import root_of, walk
from etl_project.sources.signature import SourceUnavailable

Found = list[tuple[str, list[str], list[int], list[tuple[str, str]]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files of every kind, so many that each kind is in both halves."""
    posts = tmp_path / "posts"
    posts.mkdir()
    (tmp_path / "outside.md").write_text("x")
    for n in range(12):
        (posts / f"{n}-plain.md").write_text("x" * n)
        (posts / f"{n}-中文.md").write_text("x")
        (posts / f"{n}-back\\slash.md").write_text("x")
        (posts / f"{n}-inside.md").symlink_to(posts / f"{n}-plain.md")
        (posts / f"{n}-outside.md").symlink_to(tmp_path / "outside.md")
        (posts / f"{n}-nowhere.md").symlink_to(posts / "nothing")
        os.mkfifo(posts / f"{n}-pipe.md")
        (posts / f"{n}-folder.md").mkdir()
        (posts / f"{n}-folder.md" / "post.md").write_text("y")
        (posts / f".{n}-cloud.md.icloud").write_text("z")
        (posts / f"{n}-notebook.ipynb").write_text("z")
    os.utime(posts / "3-plain.md", ns=(0, -(10**9)))
    return posts


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have folders of any size asked for by two processes; the ids of those that were forked."""
    forked: list[int] = []
    fork = os.fork

    def noted() -> int:
        process = fork()
        forked.append(process)
        return process

    monkeypatch.setattr(folder_states, "MANY_FILES", 1)
    # The tests themselves have threads.
    monkeypatch.setattr(folder_states, "has_one_thread", lambda: True)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    monkeypatch.setattr(os, "fork", noted)
    return forked


def walked(folder: Path) -> Found:
    return [*walk(folder, root_of(folder), DIALECTS["plain"])]


def test_the_answers_are_those_of_one_process_in_their_order(folder: Path, two: list[int]) -> None:
    both = walked(folder)
    assert two and all(two)
    folder_states.MANY_FILES = 10**9
    assert both == walked(folder)
    names = {below + name for below, names, _, _ in both for name in names}
    assert {"3-plain.md", "7-pipe.md", "9-folder.md/post.md", "11-cloud.md", "2-nowhere.md"} <= names
    assert len(names) == 12 * 9 + 12


def test_where_the_other_process_comes_to_nothing_this_one_asks(
    folder: Path, two: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = walked(folder)
    answers = StatesBeside.answers

    def killed(beside: StatesBeside) -> Any:
        os.kill(beside._process, signal.SIGKILL)
        return answers(beside)

    def stuck(*given: object) -> None:
        signal.pause()

    with monkeypatch.context() as patch:
        patch.setattr(StatesBeside, "answers", killed)
        patch.setattr(folder_states, "_ask", stuck)
        assert walked(folder) == expected
    with monkeypatch.context() as patch:
        patch.setattr(folder_states, "_ask", lambda *given: 1 / 0)
        assert walked(folder) == expected

    def no_process() -> int:
        raise BlockingIOError("no process is left")

    monkeypatch.setattr(os, "fork", no_process)
    assert walked(folder) == expected


def test_files_that_went_since_the_folder_was_opened_are_not_listed(
    folder: Path, two: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = folder_walk.ask_beside

    def after_some_went(names: list[str], descriptor: int) -> Any:
        for n in range(12):
            (folder / f"{n}-plain.md").unlink(missing_ok=True)
        return begin(names, descriptor)

    monkeypatch.setattr(folder_walk, "ask_beside", after_some_went)
    found = walked(folder)
    assert not [name for _, names, _, _ in found for name in names if name.endswith("-plain.md")]
    monkeypatch.setattr(folder_walk, "ask_beside", begin)
    assert walked(folder) == found


def test_a_folder_that_is_lost_meanwhile_is_an_outage(
    folder: Path, two: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(names: list[str], descriptor: int) -> Any:
        folder.rename(folder.with_name("away"))
        for file in folder.with_name("away").glob("*.md"):
            file.rename(folder.parent / file.name)
        return ask_beside(names, descriptor)

    monkeypatch.setattr(folder_walk, "ask_beside", lost)
    with pytest.raises(SourceUnavailable, match="there is no folder"):
        walked(folder)


@contextlib.contextmanager
def opened(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def test_the_other_process_holds_no_lock_of_this_one_and_ends_with_what_it_is_for(
    folder: Path, two: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat, here = os.stat, os.getpid()

    def stuck_elsewhere(*given: Any, **options: Any) -> os.stat_result:
        if os.getpid() != here:
            signal.pause()
        return stat(*given, **options)

    monkeypatch.setattr(os, "stat", stuck_elsewhere)
    with opened(tmp_path / "outside.md") as lock, opened(folder) as descriptor:
        os.set_inheritable(lock, True)
        with pytest.raises(KeyboardInterrupt), ask_beside(["a file"], descriptor) as beside:
            assert beside and two == [beside._process]
            assert held_by(beside._process, {descriptor}) == {descriptor}
            raise KeyboardInterrupt
    assert not Path(f"/proc/{two[0]}").exists()


def held_by(process: int, expected: set[int]) -> set[int]:
    """The descriptors of a process, the streams left out, once they are those expected, or after long."""
    give_up = time.monotonic() + 60
    while True:
        held = {int(file.name) for file in Path(f"/proc/{process}/fd").iterdir()} - {0, 1, 2}
        if held == expected or time.monotonic() > give_up:
            return held
        time.sleep(0.01)


_PROGRAM = """
import os, sys
from pathlib import Path
forked, fork = [], os.fork
os.fork = lambda: forked.append(1) or fork()
os.sched_getaffinity = lambda process: {0, 1}
from etl_project.dialects import DIALECTS
from etl_project.sources import folder_states
from etl_project.sources.folder_walk import root_of, walk
folder = Path(sys.argv[1])
found = []
for many in (1, 10**9):
    folder_states.MANY_FILES = many
    found.append([*walk(folder, root_of(folder), DIALECTS["plain"])])
assert found[0] == found[1]
import threading
threading.Thread(target=lambda: sys.stdin.read(), daemon=True).start()
folder_states.MANY_FILES = 1
assert [*walk(folder, root_of(folder), DIALECTS["plain"])] == found[0]
print(len(forked))
"""


def test_a_process_forks_while_it_has_one_thread(folder: Path) -> None:
    for inner in folder.glob("*-folder.md"):
        (inner / "post.md").unlink()
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as ran:
        assert ran.stdout and ran.stdout.read() == "1\n"


def test_another_system_is_not_asked_for_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking, "Path", lambda name: Path("/nowhere"))
    assert not forking.has_one_thread()
