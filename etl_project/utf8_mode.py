"""Makes names of files the same bytes under every locale, by Python's UTF-8 mode.

Names of files are bytes, and the settings write them in UTF-8. Under a locale such as zh_CN.GB18030 Python would turn
the texts of names into other bytes, and so look for other files. The mode can only be chosen when Python starts.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import locale
import os
import sys
from collections.abc import Sequence
from pathlib import Path

_DAGSTER_COMMANDS = ("dg", "dagster", "dagster-daemon", "dagster-webserver")


def names_are_utf8() -> bool:
    """Whether this process turns texts into names of files by UTF-8."""
    return sys.getfilesystemencoding().replace("-", "").lower() == "utf8"


def restart_in_utf8_mode() -> None:
    """Replace this process by the same command in UTF-8 mode, where names would be other bytes otherwise.

    Its children inherit the mode: workers, and the servers of Dagster. Where Python is in the mode already because of
    such a restart, what is printed is encoded as the locale says, since the terminal expects it.
    """
    if names_are_utf8():
        if "utf8" in sys._xoptions:
            _print_as_the_locale_says()
        return
    if not sys.executable:
        return
    os.environ["PYTHONUTF8"] = "1"
    # What is removed at exit, as the temporary home of `dg launch`, would stay for ever.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os.execv(sys.executable, utf8_command(_command_line()))


def restart_dagster_in_utf8_mode() -> None:
    """Do the same to one of Dagster's own commands, which loads the definitions before it does anything.

    Another program that imports the definitions is left as it is: `refresh` refuses names that it would get wrong.
    """
    main = sys.modules.get("__main__")
    module = getattr(getattr(main, "__spec__", None), "name", "") or ""
    if module.partition(".")[0] == "dagster" or Path(sys.argv[0]).name in _DAGSTER_COMMANDS:
        restart_in_utf8_mode()


def utf8_command(command: Sequence[bytes]) -> list[bytes]:
    """Write the command line of Python that runs the same in UTF-8 mode.

    Args:
        command: the command line of this process: Python, its options, what it runs, and arguments.
    """
    return [command[0], b"-X", b"utf8", *command[1:]]


def _command_line() -> list[bytes]:
    # The kernel has the bytes; Python has them decoded, and not every locale gives the same bytes back.
    with contextlib.suppress(OSError):
        if raw := Path("/proc/self/cmdline").read_bytes():
            return raw.removesuffix(b"\0").split(b"\0")
    return [os.fsencode(word) for word in sys.orig_argv]


def _print_as_the_locale_says() -> None:
    if "PYTHONIOENCODING" in os.environ:
        return
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=locale.getencoding(), errors="replace")
