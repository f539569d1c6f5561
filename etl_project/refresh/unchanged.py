"""Finds out without a database that there is nothing to do: by the fingerprint of the last plan that found so.

Comparing a million files with the inventory takes longer than listing them, and where files are few, opening databases
takes longer than both.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import warehouse
from etl_project.database.work_file import WorkFile
from etl_project.scan.source_version import SourceVersion
from etl_project.settings import Settings

_PACKAGE = Path(__file__).parents[1]
_CONTRACT = Path(warehouse.__file__).parent


def digest_inputs(settings: Settings, versions: Mapping[str, SourceVersion], work: WorkFile) -> str | None:
    """Digest all that a plan depends on, the listings apart.

    Args:
        settings: the settings.
        versions: source -> what its rows are to be made with and of.
        work: the work file, and the file that is published from it.

    Returns:
        None where a database file is missing or has a log beside it.
    """
    digest = hashlib.blake2b(digest_size=16)
    files: list[str | Path] = [*code_files(), work.path, work.published]
    try:
        parts = [repr(settings), repr(sorted(versions.items())), *map(file_signature, files)]
    except FileNotFoundError:
        return None
    if any(Path(f"{file}.wal").exists() for file in (work.path, work.published)):
        return None
    for part in parts:
        digest.update(part.encode(errors="surrogateescape") + b"\0")
    return digest.hexdigest()


def code_files() -> list[str]:
    """List the files of this package and of the contract."""
    # In half the time of a pattern with `**`; beside the contract, a warehouse may lie.
    found = [
        f"{folder}/{name}" for folder, _, names in os.walk(_PACKAGE) for name in names if name.endswith((".py", ".sql"))
    ]
    found += map(str, [*_CONTRACT.glob("*.sql"), *_CONTRACT.glob("aggregates/*.sql")])
    return sorted(found)


def file_signature(file: str | Path) -> str:
    """Write what tells that a file has changed: its size, its times and its inode."""
    info = os.stat(file)  # noqa: PTH116 - a path takes longer than the call
    return f"{file} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino}"
