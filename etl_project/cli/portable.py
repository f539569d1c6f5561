"""Results of stages, and errors in their place, as bytes for another process of the same command."""

from __future__ import annotations

import pickle
import traceback
from io import BytesIO
from typing import Any

from etl_project.errors import UserError

Portable = tuple[bytes, str, Any]
"""A pickled error, its trace, and the same of its cause, or None: pickled by itself, an error leaves both behind."""


class _Pickler(pickle.Pickler):
    """Leaves connections out: who follows a refresh has none."""

    def reducer_override(self, value: object) -> Any:
        return (type(None), ()) if type(value).__name__ == "DuckDBPyConnection" else NotImplemented


def pickled(value: object) -> bytes:
    """Pickle a value that may hold a connection of DuckDB, in whose place there will be None."""
    buffer = BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def portable(error: BaseException) -> Portable:
    """Take an error apart. One that cannot be pickled arrives as its sentence: a user error or a `RuntimeError`."""
    return _as_it_is(error) or pickle.dumps(_like(error)), _trace(error), error.__cause__ and portable(error.__cause__)


def error_of(taken_apart: Portable) -> BaseException:
    """Put an error together again; its trace is a note, as of another process there are no frames."""
    pickled_error, trace, cause = taken_apart
    error: BaseException = pickle.loads(pickled_error)
    error.__cause__ = cause and error_of(cause)
    error.add_note(trace)
    return error


def _as_it_is(error: BaseException) -> bytes | None:
    """Pickle an error, unless it takes other arguments than it keeps: that is found out only when it is made again."""
    try:
        as_bytes = pickle.dumps(error)
        return as_bytes if str(pickle.loads(as_bytes)) == str(error) else None
    except Exception:
        return None


def _like(error: BaseException) -> Exception:
    return UserError(str(error)) if isinstance(error, UserError) else RuntimeError(f"{type(error).__name__}: {error}")


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
