"""The processes of git that read blobs, kept open: to start one for each post would take longer than to read it."""

from __future__ import annotations

import atexit
import subprocess

READERS: dict[str, subprocess.Popen[bytes]] = {}
"""Directory of a repository -> the process of git that reads its blobs; one for each repository in each process."""


def close_blobs() -> None:
    """End the processes that read blobs."""
    if READERS:
        # Most refreshes read no repository, and import nothing of git.
        from etl_project.sources.git.command import stop

        while READERS:
            stop(READERS.popitem()[1])


atexit.register(close_blobs)
