"""Listing a folder, and reading one file of it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_project.reasons import Rejection
from etl_project.sources.folder import PinnedFolder, read_file, signature_of
from etl_project.sources.listing import folder_frame
from etl_project.sources.paths import escape_path, unescape_path
from etl_project.sources.signature import Signature, SourceUnavailable
from etl_project.sources.source import Source


def listed(folder: Path, **settings: object) -> dict[str, int]:
    source = Source("s", folder, **({"dialect": "plain"} | settings))  # type: ignore[arg-type]
    rows = folder_frame("s", PinnedFolder(folder).walk(source)).to_dicts()
    return {row["path"]: row["rank"] for row in rows}


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text")


def test_posts_are_listed_by_their_ending_in_any_case(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.MD", "c.markdown", "d.txt", "e.md~", ".#f.md", "sub/g.md")
    assert set(listed(tmp_path)) == {"a.md", "b.MD", "c.markdown", "sub/g.md"}


def test_hidden_and_built_folders_are_not_entered(tmp_path: Path) -> None:
    write(tmp_path, ".git/a.md", "node_modules/b.md", "_site/c.md", "kept/d.md")
    assert set(listed(tmp_path, dialect="jekyll", include=("**",))) == {"kept/d.md"}


def test_rank_is_the_place_of_the_first_pattern_that_matches(tmp_path: Path) -> None:
    write(tmp_path, "_posts/a.md", "old_post/b.md", "c.md")
    assert listed(tmp_path, include=("_posts/**", "old_post/**", "**")) == {
        "_posts/a.md": 0,
        "old_post/b.md": 1,
        "c.md": 2,
    }


def test_excluded_files_are_not_listed(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "drafts/b.md")
    assert set(listed(tmp_path, include=("**",), exclude=("drafts/**",))) == {"a.md"}


@pytest.mark.parametrize("name", ["line\nbreak.md", "[glob]/a*b.md", "né.md", "back\\slash.md", "a" * 240 + ".md"])
def test_awkward_names_are_listed_and_can_be_read(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    (path,) = listed(tmp_path)
    assert read_file(os.fsencode(tmp_path), path, 100).data == b"text"


def test_a_name_that_is_not_utf8_is_listed_escaped_and_can_be_read(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xd6\xd0.md"))).write_text("text")
    (path,) = listed(tmp_path)
    assert path == r"\xd6\xd0.md"
    assert read_file(os.fsencode(tmp_path), path, 100).data == b"text"


@given(st.binary(min_size=1, max_size=40))
def test_escaping_a_path_can_be_undone(raw: bytes) -> None:
    escaped = escape_path(os.fsdecode(raw))
    escaped.encode()
    assert unescape_path(escaped) == raw


def test_a_deep_folder_is_listed(tmp_path: Path) -> None:
    deep = "/".join(["d" * 40] * 60) + "/a.md"
    folder = tmp_path
    here = os.getcwd()
    try:
        os.chdir(folder)
        for part in deep.split("/")[:-1]:
            os.mkdir(part)
            os.chdir(part)
        Path("a.md").write_text("text")
    finally:
        os.chdir(here)
    assert list(listed(tmp_path)) == [deep]
    assert read_file(os.fsencode(tmp_path), deep, 100).data == b"text"


def test_a_folder_that_is_not_there_is_unavailable_not_empty(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="there is no folder"):
        listed(tmp_path / "nowhere")


@pytest.mark.skipif(os.geteuid() == 0, reason="needs a user who is not root: root may read everything")
def test_a_folder_that_may_not_be_listed_makes_the_source_unavailable(tmp_path: Path) -> None:
    write(tmp_path, "sub/a.md", "b.md")
    (tmp_path / "sub").chmod(0)
    try:
        with pytest.raises(SourceUnavailable, match="cannot be listed"):
            listed(tmp_path)
    finally:
        (tmp_path / "sub").chmod(0o755)


def refused(folder: Path, path: str, largest: int = 100) -> str:
    with pytest.raises(Rejection) as caught:
        read_file(os.fsencode(folder), path, largest)
    return caught.value.reason


def test_a_link_inside_the_source_is_read_and_one_that_leaves_it_is_not(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, "real.md")
    write(tmp_path, "outside.md")
    (root / "inside.md").symlink_to("real.md")
    (root / "out.md").symlink_to("../outside.md")
    (root / "loop.md").symlink_to("loop.md")
    (root / "dangling.md").symlink_to("nowhere.md")
    assert set(listed(root)) == {"real.md", "inside.md", "out.md", "loop.md", "dangling.md"}
    assert read_file(os.fsencode(root), "inside.md", 100).data == b"text"
    for name in ("out.md", "loop.md", "dangling.md"):
        assert refused(root, name) == "not_regular_file"


def test_a_fifo_a_socket_and_a_folder_named_like_posts_are_rejected_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.md")
    (tmp_path / "folder.md").mkdir()
    here = os.getcwd()
    with socket.socket(socket.AF_UNIX) as server:
        try:
            os.chdir(tmp_path)
            server.bind("socket.md")
        finally:
            os.chdir(here)
        assert set(listed(tmp_path)) == {"fifo.md", "folder.md", "socket.md"}
        for name in ("fifo.md", "folder.md", "socket.md"):
            assert refused(tmp_path, name) == "not_regular_file"


def test_a_file_that_is_given_in_parts_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_bytes(b"0123456789")
    real = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, most: real(descriptor, min(most, 3)))
    read = read_file(os.fsencode(tmp_path), "a.md", 10)
    assert (read.data, read.signature.size, read.changed_while_read) == (b"0123456789", 10, False)


@pytest.mark.parametrize("more", [1, 5])
def test_a_file_that_grows_while_it_is_read_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    file = tmp_path / "a.md"
    file.write_bytes(b"0123456789")
    real, reads = os.read, []

    def grow_and_read(descriptor: int, most: int) -> bytes:
        if not reads:
            file.write_bytes(b"0123456789" + b"x" * more)
        reads.append(most)
        return real(descriptor, most)

    monkeypatch.setattr(os, "read", grow_and_read)
    read = read_file(os.fsencode(tmp_path), "a.md", 20)
    assert (read.data, read.signature.size) == (b"0123456789" + b"x" * more, 10 + more)
    assert read.changed_while_read
    reads.clear()
    file.write_bytes(b"0123456789")
    assert refused(tmp_path, "a.md", largest=10) == "file_size_limit"


def test_a_file_above_the_limit_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    assert refused(tmp_path, "a.md", largest=3) == "file_size_limit"


def test_a_file_that_went_away_is_not_a_rejection(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_file(os.fsencode(tmp_path), "gone.md", 100)


@pytest.mark.skipif(os.geteuid() == 0, reason="needs a user who is not root: root may read everything")
def test_a_file_that_may_not_be_read_is_rejected(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    (tmp_path / "a.md").chmod(0)
    assert refused(tmp_path, "a.md") == "permission_denied"


def signature_now(file: Path) -> Signature:
    return signature_of(file.stat())


def test_a_file_that_is_as_listed_is_read_with_one_look_at_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.md")
    as_listed, looks, real = signature_now(tmp_path / "a.md"), 0, os.fstat

    def look(descriptor: int) -> os.stat_result:
        nonlocal looks
        looks += 1
        return real(descriptor)

    monkeypatch.setattr(os, "fstat", look)
    assert read_file(os.fsencode(tmp_path), "a.md", 100, as_listed) == (b"text", as_listed, False)
    assert looks == 1


@pytest.mark.parametrize("written", [b"TEXT", b"te", b"", b"longer text"])
def test_a_file_that_was_rewritten_since_it_was_listed_is_read_as_it_is_now(tmp_path: Path, written: bytes) -> None:
    write(tmp_path, "a.md")
    file = tmp_path / "a.md"
    as_listed = signature_now(file)
    file.write_bytes(written)
    os.utime(file, ns=(5, 5))
    assert read_file(os.fsencode(tmp_path), "a.md", 100, as_listed) == (written, signature_now(file), False)


def test_a_file_that_changes_after_it_was_read_as_listed_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.md")
    file, real = tmp_path / "a.md", os.pread
    as_listed = signature_now(file)

    def read_and_change(descriptor: int, most: int, offset: int) -> bytes:
        data = real(descriptor, most, offset)
        file.write_bytes(b"TEXT")
        os.utime(file, ns=(5, 5))
        return data

    monkeypatch.setattr(os, "pread", read_and_change)
    assert read_file(os.fsencode(tmp_path), "a.md", 100, as_listed) == (b"TEXT", signature_now(file), False)


def test_a_file_that_grew_beyond_the_limit_since_it_was_listed_is_rejected(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    as_listed = signature_now(tmp_path / "a.md")
    (tmp_path / "a.md").write_bytes(b"longer text")
    with pytest.raises(Rejection, match="file_size_limit"):
        read_file(os.fsencode(tmp_path), "a.md", 10, as_listed)


def test_nothing_is_taken_out_of_a_pipe_that_took_the_place_of_a_file(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    as_listed = signature_now(tmp_path / "a.md")
    (tmp_path / "a.md").unlink()
    os.mkfifo(tmp_path / "a.md")
    pipe = os.open(tmp_path / "a.md", os.O_RDWR)
    try:
        os.write(pipe, b"for another")
        with pytest.raises(Rejection, match="not_regular_file"):
            read_file(os.fsencode(tmp_path), "a.md", 100, as_listed)
        assert os.read(pipe, 100) == b"for another"
    finally:
        os.close(pipe)


def test_a_folder_that_took_the_place_of_a_file_is_rejected_as_one(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    as_listed = signature_now(tmp_path / "a.md")
    (tmp_path / "a.md").unlink()
    (tmp_path / "a.md").mkdir()
    with pytest.raises(Rejection, match="is a folder"):
        read_file(os.fsencode(tmp_path), "a.md", 100, as_listed)
