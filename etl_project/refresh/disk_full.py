"""Turns the errors of a full disk, whichever library meets it, into one sentence."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from etl_project.database.work_file import WorkFile
from etl_project.errors import UserError

_FULL_DISK_MESSAGES = ("No space left on device", "Disk quota exceeded", "File too large", "database or disk is full")
"""Messages of the kernel and of SQLite; DuckDB, Polars and Dagster repeat them within their own errors."""


P = ParamSpec("P")
R = TypeVar("R")


class _Writes(Protocol):
    @property
    def work(self) -> WorkFile: ...


W = TypeVar("W", bound=_Writes)


class DiskFull(UserError):
    """There is no room for what a refresh writes; the published file is as it was."""


@contextmanager
def tell_full_disk(while_doing: str, folder: Path) -> Iterator[None]:
    """Say what could not be written, and where, when the disk is full.

    Raises:
        DiskFull: it is.
    """
    try:
        yield
    except DiskFull:
        raise
    except Exception as error:
        if not is_full(error):
            raise
        raise DiskFull(
            f"The disk of {folder} is full: there was no room to {while_doing}. The published file is as it was. "
            "Make room (a refresh needs two to three times the size of the published file), then run `etl refresh`, "
            "which goes on from there."
        ) from error


def tells_full_disk(while_doing: str) -> Callable[[Callable[Concatenate[W, P], R]], Callable[Concatenate[W, P], R]]:
    """Make a stage of a refresh say what it could not write beside the published file."""

    def wrap(stage: Callable[Concatenate[W, P], R]) -> Callable[Concatenate[W, P], R]:
        @functools.wraps(stage)
        def run(self: W, /, *args: P.args, **values: P.kwargs) -> R:
            with tell_full_disk(while_doing, self.work.published.parent):
                return stage(self, *args, **values)

        return run

    return wrap


def is_full(error: BaseException) -> bool:
    """Whether an error, or one that led to it, is that of a full disk."""
    seen: list[BaseException | None] = [error, error.__cause__, error.__context__]
    return any(message in str(one) for one in seen if one is not None for message in _FULL_DISK_MESSAGES)
