"""Chooses the posts among names that are listed without folders: the objects of a store, the members of a pack."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from etl_project.dialects import DIALECTS, ending_not_read, is_post
from etl_project.sources.listing import FolderListing, ListedFiles
from etl_project.sources.paths import escape_path
from etl_project.sources.patterns import Patterns, Ranking
from etl_project.sources.source import Source

_PATHS_PER_CHUNK = 50_000


class Entry(NamedTuple):
    """A name below a source, with what of its signature is known."""

    path: str
    """Bytes that are not UTF-8 are surrogates, as `name_text` writes them."""
    size: int
    mtime_ns: int
    blob_id: str
    """What names the content; empty where nothing does."""


def choose_posts(source: Source, entries: Iterable[Entry]) -> FolderListing:
    """List the posts among entries by the rules of a folder: hidden and pruned folders are not entered.

    Args:
        source: whose patterns choose the posts.
        entries: every name below the source; of equal ones the first counts.
    """
    dialect = DIALECTS[source.dialect]
    includes, excludes = Patterns(source.include or dialect.include), Patterns(source.exclude)
    rules: dict[str, tuple[Ranking, Ranking] | None] = {}
    digest = hashlib.blake2b(digest_size=16)
    listed: list[ListedFiles] = []
    blob_ids: list[bytes] = []
    not_read: Counter[str] = Counter()
    chosen: list[tuple[str, int, Entry]] = []
    paths: set[str] = set()

    def close_chunk() -> None:
        names, ranks, found = zip(*chosen, strict=True)
        zeros = [0] * len(found)
        listed.append(
            ListedFiles(
                "\0".join(names).encode(),
                array("i", ranks),
                array("q", [entry.size for entry in found]),
                array("q", [entry.mtime_ns for entry in found]),
                array("q", zeros),
                array("Q", zeros),
            )
        )
        blob_ids.append("\0".join([entry.blob_id for entry in found]).encode())
        for column in (*listed[-1], blob_ids[-1]):
            digest.update(b"%d " % len(column))
            digest.update(column)
        chosen.clear()

    for entry in entries:
        folder, slash, name = entry.path.rpartition("/")
        if folder not in rules:
            is_entered = not any(part.startswith(".") or part in dialect.pruned for part in folder.split("/"))
            above = escape_path(folder) + slash
            rules[folder] = (includes.in_folder(above), excludes.in_folder(above)) if is_entered else None
        rankings = rules[folder]
        if not rankings:
            continue
        is_candidate = is_post(dialect, name)
        ending = None if is_candidate else ending_not_read(dialect, name)
        if not (is_candidate or ending):
            continue
        path = escape_path(entry.path)
        rank = rankings[0].of(path)
        if rank is None or rankings[1].of(path) is not None:
            continue
        if ending:
            not_read[ending] += 1
            continue
        # A store may hold `p.md` and the mark of a folder `p.md/`, and lists both alike.
        if path in paths:
            continue
        paths.add(path)
        chosen.append((path, rank, entry))
        if len(chosen) == _PATHS_PER_CHUNK:
            close_chunk()
    if chosen:
        close_chunk()
    return FolderListing(listed, digest.hexdigest(), not_read, blob_ids)
