"""Lists the posts of a commit, or those that differ between two commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.dialects import DIALECTS, is_post
from etl_project.sources.git.blobs import blobs_named
from etl_project.sources.git.command import GitFailed, git
from etl_project.sources.git.fetch import MADE_ANEW, note_damage
from etl_project.sources.git.history import last_commits
from etl_project.sources.listing import Listing, listing_frame
from etl_project.sources.location import Repository
from etl_project.sources.paths import escape_path, unescape_path
from etl_project.sources.patterns import Patterns
from etl_project.sources.place import LastListing
from etl_project.sources.signature import SourceUnavailable
from etl_project.sources.source import Source

if TYPE_CHECKING:
    import polars as pl

_FILE, _LINK, _MODULE = b"100", b"120000", b"160000"


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a tree."""

    path: bytes
    mode: bytes
    object_id: bytes
    size: int | None
    """None where it is not known yet."""


def list_posts(source: Source, repository: Repository, last: LastListing | None) -> Listing:
    """List the posts of the commit that a source is read at.

    `blob_id` makes a file the same file: it is the id of its blob; `link:` and the id of the blob that a symbolic link
    leads to, nothing after the colon where it leads nowhere; `module:` for a submodule, `folder:` for a folder.

    Args:
        source: whose patterns choose the posts.
        repository: the repository, looked up.
        last: the last listing; None to list every post.

    Raises:
        SourceUnavailable: the repository cannot be read.
    """
    try:
        if last and repository.tree and (changes := _list_changes(source, repository, last)):
            return changes
        if not repository.tree:
            return Listing(_make_frame(source, {}, {}), is_whole=True)
        posts = _resolve_blobs(repository, _choose_posts(source, _list_entries(repository)))
        dates = last_commits(repository, wanted=set(posts)) if source.updated_from == "git" else {}
        return Listing(_make_frame(source, posts, dates or {}), is_whole=True)
    except GitFailed as error:
        note_damage(repository)
        remedy = MADE_ANEW if repository.mirror else error.remedy(repository.address)
        raise SourceUnavailable(f"{repository} cannot be read: {error}. {remedy}") from error


def _list_changes(source: Source, repository: Repository, last: LastListing) -> Listing | None:
    """List what differs from an earlier tree; None where that, or its history, is not there any more."""
    (commit, tree), links = last
    if not (commit and tree):
        return None
    try:
        dates = last_commits(repository, since=commit) if source.updated_from == "git" else {}
        entries = list(_list_differences(repository, tree)) if tree != repository.tree else []
    except GitFailed:
        return None
    if dates is None:
        return None
    touched = {entry.path for entry in entries}
    if tree != repository.tree:
        # A link with a line feed in its name is never followed, so it is unchanged.
        old_links = [raw for raw in map(unescape_path, links) if raw not in touched and b"\n" not in raw]
        entries.extend(_Entry(raw, _LINK, b"", None) for raw in old_links)
    posts = _resolve_blobs(repository, _choose_posts(source, (entry for entry in entries if entry.mode)))
    paths = [_escape_raw_path(entry.path) for entry in entries]
    return Listing(_make_frame(source, posts, {**links, **dates}), False, paths, dates)


def _list_entries(repository: Repository) -> Iterator[_Entry]:
    """Every entry of the tree."""
    out = git("ls-tree", "-r", "-t", "-z", "--long", str(repository.tree), git_dir=repository.git_dir)
    for line in out.split(b"\0")[:-1]:
        facts, _, path = line.partition(b"\t")
        mode, _, object_id, size = facts.split()
        yield _Entry(path, mode, object_id, int(size) if size.isdigit() else 0)


def _list_differences(repository: Repository, tree: str) -> Iterator[_Entry]:
    """Entries of the tree that differ from those of an earlier one; without a mode where they are gone."""
    out = git(
        "diff-tree", "-r", "-t", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=none",
        tree, str(repository.tree),
        git_dir=repository.git_dir,
    )  # fmt: skip
    tokens = iter(out.split(b"\0")[:-1])
    for facts in tokens:
        path = next(tokens)
        _, mode, _, object_id, status = facts.split()
        yield _Entry(path, b"" if status == b"D" else mode, object_id, None)


def _choose_posts(source: Source, entries: Iterable[_Entry]) -> dict[str, tuple[int, _Entry]]:
    """Path -> rank and entry of those that are posts of the source, by the rules of a folder."""
    dialect = DIALECTS[source.dialect]
    includes, excludes = Patterns(source.include or dialect.include), Patterns(source.exclude)
    entered: dict[bytes, bool] = {b"": True}
    pruned = {name.encode() for name in dialect.pruned}
    chosen: dict[str, tuple[int, _Entry]] = {}
    for entry in entries:
        folder, _, name = entry.path.rpartition(b"/")
        if folder not in entered:
            entered[folder] = not any(part.startswith(b".") or part in pruned for part in folder.split(b"/"))
        if not entered[folder] or not is_post(dialect, name.decode("utf-8", "surrogateescape")):
            continue
        path = _escape_raw_path(entry.path)
        shown_folder = path[: path.rfind("/") + 1]
        rank = includes.in_folder(shown_folder).of(path)
        if rank is not None and excludes.in_folder(shown_folder).of(path) is None:
            # A tree that holds a name twice is broken; its first entry counts.
            chosen.setdefault(path, (rank, entry))
    return chosen


def _resolve_blobs(repository: Repository, posts: dict[str, tuple[int, _Entry]]) -> dict[str, tuple[int, str, int]]:
    """Path -> rank, `blob_id` and size."""
    tree = f"{repository.tree}:".encode()
    links = {path: tree + entry.path for path, (_, entry) in posts.items() if entry.mode == _LINK}
    unknown = {path: e.object_id for path, (_, e) in posts.items() if e.size is None and e.mode.startswith(_FILE)}
    answers = _find_blobs_by_path(repository, links | unknown)
    # A link that leads nowhere is as long as its text.
    sizes = {path: posts[path][1].size for path in links}
    lost = {path: posts[path][1].object_id or links[path] for path, size in sizes.items() if size is None}
    texts = _find_blobs_by_path(
        repository, {path: name for path, name in lost.items() if not answers[path][0]}, follow=False
    )
    sizes |= {path: size for path, (_, size) in texts.items()}
    resolved = {}
    for path, (rank, entry) in posts.items():
        if path in links:
            object_id, size = answers[path]
            resolved[path] = rank, f"link:{object_id or ''}", size if object_id else sizes[path] or 0
        elif path in unknown:
            object_id, size = answers[path]
            if object_id is None:
                raise GitFailed(f"the object {entry.object_id.decode()} is missing")
            resolved[path] = rank, object_id, size
        elif entry.size is not None and entry.mode.startswith(_FILE):
            resolved[path] = rank, entry.object_id.decode(), entry.size
        else:
            resolved[path] = rank, "module:" if entry.mode == _MODULE else "folder:", 0
    return resolved


def _find_blobs_by_path(
    repository: Repository, names: Mapping[str, bytes], *, follow: bool = True
) -> dict[str, tuple[str | None, int]]:
    return dict(zip(names, blobs_named(repository, list(names.values()), follow=follow), strict=True))


def _make_frame(
    source: Source, posts: dict[str, tuple[int, str, int]], dates: Mapping[str, int | None]
) -> pl.DataFrame:
    ranks, blob_ids, sizes = zip(*posts.values(), strict=True) if posts else ((), (), ())
    zeros = [0] * len(posts)
    return listing_frame(
        {
            "source_id": [source.name] * len(posts),
            "path": list(posts),
            "rank": ranks,
            "mtime_ns": zeros,
            "ctime_ns": zeros,
            "inode": zeros,
            "size": sizes,
            "blob_id": blob_ids,
            "committed_us": list(map(dates.get, posts)),
        }
    )


def _escape_raw_path(raw: bytes) -> str:
    return escape_path(raw.decode("utf-8", "surrogateescape"))
