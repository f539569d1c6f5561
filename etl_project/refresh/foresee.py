"""Starts the processes that read posts while these are listed, where every post will be read and there are many.

A listing keeps one core busy, and such a process imports for half a second before it can read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

from etl_project.dialects import DIALECTS
from etl_project.engines.engine import Engine
from etl_project.engines.local import IN_PROCESS_BYTES, LocalEngine
from etl_project.sources.folder import PinnedFolder
from etl_project.sources.place import PinnedSource

MANY_POSTS = 5_000
"""So many posts are read sooner by processes of their own, also where they are short."""

_MOST_NAMES = 4 * MANY_POSTS
"""Names that are looked at in a folder, which takes some milliseconds: it may hold more pictures than posts."""


def start_readers(engine: Engine, sources: Iterable[PinnedSource]) -> None:
    """Start the processes that will read every post of sources, so that they are ready once these are listed.

    Args:
        engine: who calls closes it, also where the sources cannot be listed.
        sources: where none has many posts, nothing is started; nor on a cluster, which is not to be joined for a guess.
    """
    if isinstance(engine, LocalEngine) and any(map(_has_many_posts, sources)):
        engine.warm(IN_PROCESS_BYTES)


def _has_many_posts(pinned: PinnedSource) -> bool:
    """Tell by the first names below its folder whether a source has many posts. Of what is no folder: no."""
    if not isinstance(pinned.place, PinnedFolder):
        return False
    endings = tuple(DIALECTS[pinned.source.dialect].suffixes)
    names = islice(_names_below(pinned.place.folder), _MOST_NAMES)
    return sum(name.endswith(endings) for name in names) >= MANY_POSTS


def _names_below(folder: str | os.PathLike[str]) -> Iterator[str]:
    """Names of files below a folder, those of hidden folders left out; what cannot be read has none."""
    folders = [os.fspath(folder)]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    yield entry.name
                elif entry.name[0] != ".":
                    folders.append(entry.path)
