"""Questions ready to run: files of SQL with a title and parameters, those of the program and the user's own."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from etl_project.database.contract import WAREHOUSE
from etl_project.errors import BAD_USAGE, UserError
from etl_project.show.console import call, print_table, safe

FOLDER_NAME = "queries"
"""Folder beside etl.toml with the user's own questions."""

OWN_QUESTIONS = WAREHOUSE / "queries"
"""Questions that come with the program."""

Value = bool | int | float | str | dt.date

_PARAMETER = re.compile(r"--\s*\$(\w+)\s*=\s*('(?:[^']|'')*'|[^:]*?)\s*:\s*(.*)")
_LOOKS_LIKE_A_PARAMETER = re.compile(r"--\s*\$")
_INTEGER = re.compile(r"[+-]?\d+")
_LARGEST_INTEGER = 2**63 - 1
_DAY_LITERAL = re.compile(r"DATE\s+'([^']*)'", re.IGNORECASE)

_KINDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    dt.date: "a day such as 2026-01-31",
}
"""What a value of each type is called."""


class BadQuestion(UserError):
    """There is no such question, its file cannot be used, or a value does not fit. The message says what does."""

    exit_code = BAD_USAGE


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a question can be given."""

    name: str
    default: Value
    meaning: str

    def parse(self, text: str) -> Value:
        """Read a value of the type of the default.

        Raises:
            BadQuestion: the text is no such value.
        """
        kind = type(self.default)
        value: Value | None = None
        try:
            if kind is bool:
                value = {"true": True, "false": False}.get(text.strip().lower())
            elif kind is int:
                value = int(text) if _INTEGER.fullmatch(text.strip()) else None
            elif kind is float:
                value = float(text)
            elif kind is dt.date:
                value = dt.date.fromisoformat(text.strip())
            else:
                value = text
        except ValueError:
            value = None
        if value is None or (kind is int and abs(value) > _LARGEST_INTEGER):  # type: ignore[arg-type]
            raise BadQuestion(f"{self.name} is {_KINDS[kind]}, and {text!r} is none; its default is {self.shown}.")
        return value

    @property
    def shown(self) -> str:
        """The default as one would type it."""
        if isinstance(self.default, bool):
            return str(self.default).lower()
        return f"'{self.default}'" if isinstance(self.default, str) else str(self.default)


@dataclass(frozen=True, slots=True)
class Question:
    """One statement with what it answers and what it can be given."""

    name: str
    title: str
    """The question in words; empty where the file does not begin with one."""
    parameters: tuple[Parameter, ...]
    sql: str
    file: Path

    def values(self, given: Sequence[str]) -> dict[str, Value]:
        """Values of the parameters, the defaults where none is given.

        Args:
            given: texts such as `days=7`.

        Returns:
            Parameter -> value, to bind to the statement.

        Raises:
            BadQuestion: a text is no such pair, no parameter has that name, it is given twice, or its value is not of
                the type of the default.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        values: dict[str, Value] = {}
        for text in given:
            name, sign, value = text.partition("=")
            name = name.strip().removeprefix("$")
            if not sign:
                raise BadQuestion(f"{text!r} is no value; write NAME=VALUE. {self._told()}")
            if name not in known:
                raise BadQuestion(f"{self.name} has no parameter {name!r}. {self._told()}")
            if name in values:
                raise BadQuestion(f"{name} is given twice.")
            values[name] = known[name].parse(value)
        return {parameter.name: parameter.default for parameter in self.parameters} | values

    def _told(self) -> str:
        if not self.parameters:
            return "It takes none."
        return f"It takes {', '.join(f'{one.name} ({one.meaning})' for one in self.parameters)}."


def read_question(name: str, text: str, file: Path) -> Question:
    """Read a question from its text.

    The first line `-- ...` is its title. Lines `-- $name = default: meaning` right after it declare its parameters:
    the default is a whole number, a number, `true` or `false`, a text in quotes or `DATE '2026-01-31'`, and says the
    type.

    Args:
        name: name of the question.
        text: the whole file.
        file: where it is, for messages.

    Raises:
        BadQuestion: a line that begins like a parameter cannot be read; the message names the line.
    """
    lines = text.split("\n")
    first = lines[0].strip()
    has_title = first.startswith("--") and not _LOOKS_LIKE_A_PARAMETER.match(first)
    parameters: list[Parameter] = []
    for number, line in enumerate(lines[has_title:], 1 + has_title):
        if not _LOOKS_LIKE_A_PARAMETER.match(line.strip()):
            break
        found = _PARAMETER.fullmatch(line.strip())
        default = _default(found[2]) if found else None
        if found is None or default is None or any(one.name == found[1] for one in parameters):
            raise BadQuestion(
                f"{file}, line {number}: is no parameter. Write each once, as in -- $days = 30: how many days back; "
                "the default is a number, true or false, a text in quotes or DATE '2026-01-31'."
            )
        parameters.append(Parameter(found[1], default, found[3].strip()))
    return Question(name, first.lstrip("- ") if has_title else "", tuple(parameters), text, file)


def _default(text: str) -> Value | None:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    try:
        if day := _DAY_LITERAL.fullmatch(text):
            return dt.date.fromisoformat(day[1])
        return int(text) if _INTEGER.fullmatch(text) else float(text)
    except ValueError:
        return None


def list_files(beside: Path | None) -> dict[str, Path]:
    """Find the files of all questions.

    Args:
        beside: folder of the settings file; its `queries` come before those of the program, also under the same name.

    Returns:
        Name -> file, in the order of names.
    """
    folders = [OWN_QUESTIONS, *([beside / FOLDER_NAME] if beside else [])]
    files = {file.stem: file for folder in folders for file in folder.glob("*.sql") if file.is_file()}
    return dict(sorted(files.items()))


def find_question(name: str, beside: Path | None) -> Question:
    """Read the question of a name.

    Args:
        name: its name, without the sign `@`.
        beside: folder of the settings file, or None.

    Raises:
        BadQuestion: there is none, or its file cannot be read.
    """
    files = list_files(beside)
    if name not in files:
        near = difflib.get_close_matches(name, files, n=3, cutoff=0.5) or [one for one in files if name and name in one]
        hint = f"The nearest: {', '.join(f'@{one}' for one in near[:3])}." if near else "None is like it."
        raise BadQuestion(f"There is no question @{name}. {hint} All of them: {call('queries')}")
    return read_question(name, _read(files[name]), files[name])


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise BadQuestion(f"{file}: is not UTF-8; save it as UTF-8.") from None


def show_questions(beside: Path | None, console: Console) -> None:
    """Print the name, the title and the parameters of each question.

    Args:
        beside: folder of the settings file, or None.
        console: the console to print to.
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    files = list_files(beside)
    for name, file in files.items():
        try:
            question = read_question(name, _read(file), file)
        except BadQuestion as error:
            table.add_row(safe(name, "bold"), safe(error, "red"))
            continue
        title = safe(question.title or "(without a title)")
        if file.parent != OWN_QUESTIONS:
            title.append_text(safe(f"  ({file})", "dim"))
        table.add_row(safe(name, "bold"), title)
        if question.parameters:
            table.add_row("", safe("  ".join(f"{one.name}={one.shown}" for one in question.parameters), "dim"))
    print_table(table, console)
    told = f"{len(files)} questions. Run one: {call('sql @longest_reads rows=3')}"
    console.print(safe(f"{told}. Read one, and what it takes: {call('queries longest_reads')}", "dim"))
