"""The floor: the least work of any reader of posts. `python -m benchmarks.floor list FOLDER`, or `read`.

`list` lists the folders and calls stat for every file. `read` lists, then opens, reads, hashes and decodes every file
in as many processes as there are cores. The harness times whole commands, start of Python included, both for the floor
and for the commands compared with it.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import os
import sys
from collections.abc import Iterator

_FILES_PER_CHUNK = 2_000


def list_files(folder: str) -> Iterator[tuple[str, int]]:
    """Yield path and size of every file below a folder."""
    folders = [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in ("warehouse", ".git"):
                        folders.append(entry.path)
                else:
                    yield entry.path, entry.stat(follow_symlinks=False).st_size


def read(paths: list[str]) -> int:
    """Read, hash and decode files. Returns the number of characters."""
    characters = 0
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            data = os.read(descriptor, os.fstat(descriptor).st_size + 1)
        finally:
            os.close(descriptor)
        hashlib.blake2b(data, digest_size=16).digest()
        characters += len(data.decode("utf-8", "replace"))
    return characters


def main() -> None:
    """List, or list and read, the folder named on the command line."""
    floor, folder = sys.argv[1:]
    paths = [path for path, _ in list_files(folder)]
    if floor == "read":
        chunks = [paths[n : n + _FILES_PER_CHUNK] for n in range(0, len(paths), _FILES_PER_CHUNK)]
        with concurrent.futures.ProcessPoolExecutor() as pool:
            sum(pool.map(read, chunks))
    print(len(paths))


if __name__ == "__main__":
    main()
