"""A prompt that asks the published file again and again, with history and completion."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from rich.console import Console

from etl_project.database.contract import describe
from etl_project.errors import UserError, is_query_interrupt
from etl_project.show.console import safe
from etl_project.show.query import open_published, run_query
from etl_project.show.questions import BadQuestion, find_question, list_files, show_questions
from etl_project.show.tables import describe_one, macros_of, show_tables
from etl_project.show.write_rows import Format

_GREETING = (
    "End a statement with ; and leave with Ctrl-D. Tab completes. tables, describe NAME, queries and @QUESTION work, "
    "too."
)
_LEAVES = ("exit", "quit", "\\q")
_KEYWORDS = (
    *("SELECT", "FROM", "WHERE", "GROUP BY ALL", "HAVING", "ORDER BY", "LIMIT", "JOIN", "LEFT JOIN", "USING", "WITH"),
    *("DISTINCT", "DESC", "BETWEEN", "count(*)", "INTERVAL", "ILIKE", "QUALIFY", "OVER", "unnest"),
)
_MEANING_CHARACTERS = 60
_WORD = re.compile(r"@?[\w-]*$")
_ANSWERED_AT_ONCE = re.compile(r"\s*(@.*|tables|queries|describe\s+\w+|exit|quit|\\q)?\s*", re.IGNORECASE | re.DOTALL)


class NameCompleter(Completer):
    """Completes names of tables, columns, macros and questions, with what they mean, and words of SQL."""

    def __init__(self, meanings: Mapping[str, str]) -> None:
        self._meanings = meanings

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """Give the names that begin with the word before the cursor."""
        word = _WORD.findall(document.text_before_cursor)[0]
        if not word:
            return
        for name, meaning in self._meanings.items():
            if name.lower().startswith(word.lower()):
                yield Completion(name, start_position=-len(word), display_meta=_short(meaning))


def _short(meaning: str) -> str:
    return meaning if len(meaning) <= _MEANING_CHARACTERS else f"{meaning[:_MEANING_CHARACTERS]}…"


def names_to_complete(published: Path, beside: Path | None) -> dict[str, str]:
    """Names that can stand in a statement or before one, and what they mean.

    Args:
        published: the published file.
        beside: folder of the settings file, or None.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
    """
    with open_published(published) as con:
        tables, macros = describe(con), macros_of(con)
    names = {table.name: table.comment for table in tables.values()}
    names |= {f"{macro.name}(": macro.comment for macro in macros}
    for table in tables.values():
        for column in table.columns:
            names.setdefault(column.name, f"{table.name}: {column.comment}")
    for name in list_files(beside):
        with contextlib.suppress(BadQuestion):
            names[f"@{name}"] = find_question(name, beside).title
    return names | dict.fromkeys(_KEYWORDS, "")


def is_complete(text: str) -> bool:
    """Whether what was typed is to be run when Enter is pressed, and not to be continued in the next line."""
    return text.rstrip().endswith(";") or bool(_ANSWERED_AT_ONCE.fullmatch(text))


def run_prompt(
    published: Path,
    beside: Path | None,
    seconds: float,
    console: Console,
    make_session: Callable[..., PromptSession[str]],
) -> None:
    """Read and answer statements until the user leaves.

    Args:
        published: the published file; each statement opens it anew, and so sees the last refresh.
        beside: folder of the settings file, with the user's own questions.
        seconds: longest that a statement may take.
        console: where answers and errors are shown.
        make_session: makes the session, from arguments of `PromptSession`.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
    """
    keys = KeyBindings()

    @Condition
    def is_unfinished() -> bool:
        return not is_complete(session.default_buffer.text)

    @keys.add("enter", filter=is_unfinished)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    session = make_session(
        message="posts> ", history=_history(), completer=NameCompleter(names_to_complete(published, beside)),
        complete_while_typing=False, key_bindings=keys,
    )  # fmt: skip
    console.print(_GREETING, style="dim")
    while True:
        try:
            text = session.prompt().strip()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if text.rstrip(";").lower() in _LEAVES:
            return
        if text:
            _answer_or_explain(text, published, beside, seconds, console)


def _answer_or_explain(text: str, published: Path, beside: Path | None, seconds: float, console: Console) -> None:
    try:
        _answer(text, published, beside, seconds, console)
    except UserError as error:
        console.print(safe(error, "red"))
    except (KeyboardInterrupt, RuntimeError) as error:
        if not isinstance(error, KeyboardInterrupt) and not is_query_interrupt(error):
            raise
        console.print("Stopped.", style="yellow")


def _answer(text: str, published: Path, beside: Path | None, seconds: float, console: Console) -> None:
    word, _, rest = text.rstrip("; \n").partition(" ")
    if text.startswith("@"):
        name, *given = _words(text.rstrip("; \n"))
        question = find_question(name[1:], beside)
        run_query(published, question.sql, Format.table, None, console, question.values(given), seconds)
    elif text.endswith(";"):
        run_query(published, text, Format.table, None, console, None, seconds)
    elif word.lower() == "tables":
        show_tables(published, console)
    elif word.lower() == "queries":
        show_questions(beside, console)
    else:
        describe_one(published, rest.strip(), console)


def _words(text: str) -> list[str]:
    """Words as a shell takes them apart.

    Raises:
        BadQuestion: a quotation is not closed.
    """
    try:
        return shlex.split(text)
    except ValueError as error:
        raise BadQuestion(f"{text!r} cannot be taken apart: {error}. Write text='two words'.") from None


def _history() -> History:
    """History of the user in a file that survives the prompt; in memory where it cannot be written."""
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "etl"
    file = folder / "sql_history"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.open("a"):
            return FileHistory(file)
    except OSError:
        return InMemoryHistory()
