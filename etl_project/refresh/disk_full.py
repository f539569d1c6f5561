"""A disk that takes no more, told plainly whichever library ran into it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from etl_project.database.work_file import WorkFile
from etl_project.errors import Stop

_SIGNS = ("No space left on device", "Disk quota exceeded", "File too large", "database or disk is full")
"""What the kernel and SQLite say; DuckDB, Polars and Dagster pass it on within their own errors."""


P = ParamSpec("P")
R = TypeVar("R")


class _Writes(Protocol):
    work: WorkFile


W = TypeVar("W", bound=_Writes)


class DiskFull(Stop):
    """There is no room for what a refresh writes; the published file is as it was."""


@contextmanager
def room_to(doing: str, folder: Path) -> Iterator[None]:
    """Say what could not be written, and where, when the disk takes no more.

    Raises:
        DiskFull: it does.
    """
    try:
        yield
    except DiskFull:
        raise
    except Exception as error:
        if not is_full(error):
            raise
        raise DiskFull(
            f"The disk of {folder} is full: there was no room to {doing}. The published file is as it was. Make room "
            "(a refresh needs two to three times the size of the published file), then run `etl refresh`, "
            "which goes on from there."
        ) from error


def needs_room_to(doing: str) -> Callable[[Callable[Concatenate[W, P], R]], Callable[Concatenate[W, P], R]]:
    """Let a stage of a refresh say what it could not write beside the published file."""

    def telling(stage: Callable[Concatenate[W, P], R]) -> Callable[Concatenate[W, P], R]:
        @functools.wraps(stage)
        def run(self: W, /, *args: P.args, **values: P.kwargs) -> R:
            with room_to(doing, self.work.published.parent):
                return stage(self, *args, **values)

        return run

    return telling


def is_full(error: BaseException) -> bool:
    """Whether an error, or one that led to it, is that of a disk that takes no more."""
    seen: list[BaseException | None] = [error, error.__cause__, error.__context__]
    return any(sign in str(one) for one in seen if one is not None for sign in _SIGNS)
