"""What no reader of posts can do without: `python -m benchmarks.floor list FOLDER`, or `read`.

`list` lists the folders and asks for the state of every file. `read` lists, then opens, reads, hashes and decodes every
file in as many processes as there are cores. The harness times the whole commands, start of Python included, as it does
for what is compared with them.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import os
import sys
from collections.abc import Iterator


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
    """Read, hash and decode files. Returns their characters."""
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
    what, folder = sys.argv[1:]
    paths = [path for path, _ in list_files(folder)]
    if what == "read":
        chunks = [paths[start : start + 2_000] for start in range(0, len(paths), 2_000)]
        with concurrent.futures.ProcessPoolExecutor() as pool:
            sum(pool.map(read, chunks))
    print(len(paths))


if __name__ == "__main__":
    main()
