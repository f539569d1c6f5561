"""The one place that turns an error, of whichever library, into a sentence and an exit code."""

from __future__ import annotations

import errno
import re
from typing import NamedTuple

from etl_project.errors import FAILED, INTERRUPTED, UserError, is_query_interrupt
from etl_project.show.console import call
from etl_project.sources.signature import SourceUnavailable

_AS_IT_WAS = " The published file is as it was."
_CHANGE_THE_FILE = ("refresh", "maintain")
"""Commands whose failure leaves a person asking what became of the published file."""

_OS_REMEDIES = {
    errno.EACCES: "Run etl as the user that these files belong to, or give this one the right to them.",
    errno.EPERM: "Run etl as the user that these files belong to, or give this one the right to them.",
    errno.EEXIST: "A file has the name that a folder should have: move it away, or name another place.",
    errno.ENOTDIR: "A file has the name that a folder should have: move it away, or name another place.",
    errno.EISDIR: "A folder has the name that a file should have: move it away, or name another place.",
    errno.EROFS: "Mount it writable, or name another place in etl.toml.",
    errno.ENOSPC: "Make room, then try again.",
    errno.EDQUOT: "Make room, then try again.",
    errno.EMFILE: "Allow more open files (ulimit -n), then try again.",
    errno.ENFILE: "Allow more open files (sysctl fs.file-max), then try again.",
    errno.ENOMEM: "Give it more memory, then try again.",
    errno.EAGAIN: "Allow more processes (ulimit -u), then try again.",
    errno.EIO: "The device fails: look at the log of the system.",
    errno.ESTALE: "Mount the network folder anew, then try again.",
}
"""What to do about errors of the system, by their number."""

_DUCKDB_REMEDIES = (
    (r"Could not set lock|Conflicting lock", "Close the program that has the file open, then try again."),
    (r"[Cc]orrupt|checksum|not a valid DuckDB|Serialization|does not match", "If the file is damaged: {refresh}"),
    (r"does not exist|not found|does not have", "If another version made the file: {refresh}"),
)
"""What to do about errors of DuckDB, by what they say."""


class ErrorSentence(NamedTuple):
    """What a person is told of an error."""

    text: str
    """What is wrong and what to do, without a line break unless the error is a user error or of DuckDB."""
    exit_code: int
    has_trace: bool
    """Whether the sentence leaves open where the error comes from, so that its trace may help."""


def describe_error(error: BaseException, failed_command: str = "refresh") -> ErrorSentence:
    """Describe an error for the person who ran a command.

    Args:
        error: the error; user errors, those of the system and of the libraries are told apart.
        failed_command: the command, such as `status`, to say how to get a trace; that the published file is as it
            was is said only of those that might have changed it.

    Returns:
        The sentence, the exit code, and whether a trace may help.
    """
    as_it_was = _AS_IT_WAS if failed_command in _CHANGE_THE_FILE else ""
    if isinstance(error, UserError):
        return ErrorSentence(str(error), error.exit_code, False)
    if isinstance(error, SourceUnavailable):
        return ErrorSentence(f"{error}.{as_it_was}", FAILED, False)
    if is_interrupt(error):
        goes_on = f"{_AS_IT_WAS[:-1]}; the next refresh goes on from there." if as_it_was else ""
        return ErrorSentence(f"Stopped.{goes_on}", INTERRUPTED, False)
    trace = f"For a trace: {call(f'--debug {failed_command}')}"
    if _is_out_of_memory(error):
        sentence = f"There is not enough memory: {_first_line(error)}.{as_it_was} Give it more, then try again."
        return ErrorSentence(sentence.replace("..", "."), FAILED, True)
    if isinstance(error, OSError):
        return ErrorSentence(_of_system(error, as_it_was), FAILED, True)
    if isinstance(error, ImportError):
        sentence = f"A part of the program is missing: {_first_line(error)}. Install it anew: make .venv/.ready"
        return ErrorSentence(sentence, FAILED, True)
    if isinstance(error, UnicodeError):
        sentence = f"A text is not in the encoding it should have: {_first_line(error)}.{as_it_was} {trace}"
        return ErrorSentence(sentence, FAILED, True)
    if _module(error) in ("duckdb", "_duckdb"):
        return ErrorSentence(_of_duckdb(error, as_it_was, trace), FAILED, True)
    if _module(error) in ("sqlite3", "sqlalchemy"):
        sentence = f"Dagster's records cannot be used: {_first_line(error)}.{as_it_was} {trace}"
        return ErrorSentence(sentence, FAILED, True)
    sentence = f"{_first_line(error)} ({type(error).__name__}). That is likely a fault of the program.{as_it_was}"
    return ErrorSentence(f"{sentence} {trace}", FAILED, True)


def is_interrupt(error: BaseException) -> bool:
    """Whether an error is a Ctrl-C, or what DuckDB makes of one."""
    return isinstance(error, KeyboardInterrupt) or is_query_interrupt(error)


def _of_system(error: OSError, as_it_was: str) -> str:
    where = f": {_readable(error.filename)}" if error.filename else ""
    remedy = _OS_REMEDIES.get(error.errno or 0)
    return f"{error.strerror or _first_line(error)}{where}.{as_it_was}{f' {remedy}' if remedy else ''}"


def _of_duckdb(error: BaseException, as_it_was: str, trace: str) -> str:
    text = str(error)
    remedy = next((remedy for pattern, remedy in _DUCKDB_REMEDIES if re.search(pattern, text)), "")
    return f"{_first_line(error).rstrip('.')}.{as_it_was} {remedy.format(refresh=call('refresh')) or trace}"


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException"


def _module(error: BaseException) -> str:
    """Name of the library that an error is of, the first of its classes that tells: `sqlite3`."""
    known = ("duckdb", "_duckdb", "sqlite3", "sqlalchemy")
    names = (kind.__module__.partition(".")[0] for kind in type(error).__mro__)
    return next((name for name in names if name in known), "")


def _first_line(error: BaseException) -> str:
    """First line of what an error says, or its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


def _readable(name: str | bytes | int) -> str:
    return name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else str(name)
