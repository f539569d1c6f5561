"""Read the starts of files that are spread over a whole folder, to tell what kind of folder it is."""

from __future__ import annotations

import os
from collections.abc import Set
from contextlib import suppress
from pathlib import Path

_MOST_FILES = 400
"""Files that are read: enough to know what most of a folder holds, few enough to take no time."""

_START_BYTES = 65536


def read_starts(location: Path, endings: Set[str], pruned: Set[str]) -> list[bytes]:
    """Read the starts of files, at the same distances from the first of the folder to the last in order of their paths.

    The first ones alone would speak for their folder only: a vault may begin with a log of hundreds of days. A file
    that cannot be read is passed over.

    Args:
        location: the folder.
        endings: endings of the files, in lower case.
        pruned: folders that are skipped; those whose names start with a dot always are.
    """
    paths: list[Path] = []
    for folder, folders, names in os.walk(location):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in pruned)
        paths += (Path(folder, name) for name in sorted(names) if name[name.rfind(".") :].lower() in endings)
    size = min(len(paths), _MOST_FILES)
    starts: list[bytes] = []
    for path in (paths[number * len(paths) // size] for number in range(size)):
        with suppress(OSError):
            if path.is_file():
                with path.open("rb") as file:
                    starts.append(file.read(_START_BYTES))
    return starts
