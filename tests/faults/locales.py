"""Environments of processes under locales, which are built where the machine lacks them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_ASCII = "\n".join(f"<U{n:04X}> /x{n:02x} CHARACTER" for n in range(128))
_CHARACTER_MAP = f"<code_set_name> {{}}\n<mb_cur_min> 1\n<mb_cur_max> 4\nCHARMAP\n{_ASCII}\nEND CHARMAP\n".replace(
    "<mb_cur_min>", "<comment_char> %\n<escape_char> /\n<mb_cur_min>"
)
"""A character map with the name of an encoding and the letters of ASCII: glibc and Python ask a locale for the name of
its encoding only, and all of GB18030 would take `localedef` six seconds."""

BUILT = {"en_US.ISO-8859-1": "ISO-8859-1", "zh_CN.GB18030": "GB18030", "ja_JP.EUC-JP": "EUC-JP"}
"""Locale that is built -> its encoding."""

NO_UTF8_MODE = "C without UTF-8 mode"


def environment_of(locale: str, folder: Path) -> dict[str, str]:
    """The environment of a process under a locale.

    Args:
        locale: one of `BUILT`, `NO_UTF8_MODE`, or one that every machine has.
        folder: where the locale is built.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON", "ETL_"))}
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    if locale == NO_UTF8_MODE:
        return kept | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    if locale in BUILT:
        _build(locale, folder)
        kept["LOCPATH"] = str(folder)
    return kept | {"LC_ALL": locale}


def _build(locale: str, folder: Path) -> None:
    if (folder / locale).is_dir():
        return
    if not shutil.which("localedef"):
        pytest.skip("needs localedef: it builds the locales")
    characters = folder / f"{locale}.map"
    characters.write_text(_CHARACTER_MAP.format(BUILT[locale]), "utf-8")
    built = subprocess.run(
        ["localedef", "-c", "-i", "POSIX", "-f", str(characters), str(folder / locale)], capture_output=True, text=True
    )
    if not (folder / locale).is_dir():
        pytest.skip(f"needs localedef and the source of the locale POSIX: {built.stderr}")
