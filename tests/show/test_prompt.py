"""The prompt of `etl sql`: what is typed is answered, a slip ends nothing, and names are completed."""

from __future__ import annotations

import io
from pathlib import Path

import duckdb
import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from etl_project.database.contract import create_contract
from etl_project.show.prompt import NameCompleter, _history, is_complete, names_to_complete, run_prompt


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table of the contract, and one tag."""
    path = tmp_path_factory.mktemp("prompt") / "posts.duckdb"
    with duckdb.connect(str(path)) as con:
        create_contract(con)
        con.execute("INSERT INTO tags VALUES ('port', 'Port')")
    return path


@pytest.fixture
def typed(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def answers(keys: str) -> str:
        shown = io.StringIO()
        with create_pipe_input() as pipe:
            pipe.send_text(keys)
            run_prompt(
                published, None, 5, Console(file=shown, width=100),
                lambda **options: PromptSession(input=pipe, output=DummyOutput(), **options),
            )  # fmt: skip
        return shown.getvalue()

    return answers


def test_statements_of_several_lines_questions_and_words_are_answered(typed) -> None:  # type: ignore[no-untyped-def]
    shown = typed("SELECT name\rFROM tags;\r@tags_used_once\rtables\rdescribe tags\rqueries\rexit\r")
    assert " name\n━━━━━━\n Port\n(1 row)\n" in shown
    assert "(0 rows)" in shown and "tags  table, 1 row\n" in shown and "questions. Run one" in shown


def test_a_slip_is_told_and_the_prompt_goes_on(typed) -> None:  # type: ignore[no-untyped-def]
    shown = typed("SELEC 1;\r@nothing_like_it\r@newest text='open\rdescribe tagz\r\rSELECT 42 AS n;\rquit;\r")
    for told in ("Parser Error", "There is no question @nothing_like_it", "No closing quotation", "Did you mean tags"):
        assert told in shown
    assert " 42\n(1 row)\n" in shown


def test_the_end_of_input_leaves_and_an_interrupt_clears_the_line(typed) -> None:  # type: ignore[no-untyped-def]
    shown = typed("SELECT 1\x03SELECT 2 AS n;\r\x04")
    assert " 2\n(1 row)\n" in shown and " 1\n(1 row)" not in shown


def test_names_are_completed_with_what_they_mean(published: Path) -> None:
    completer = NameCompleter(names_to_complete(published, None))

    def offered(text: str) -> dict[str, str]:
        found = completer.get_completions(Document(text), CompleteEvent(completion_requested=True))
        return {one.text: one.display_meta_text for one in found}

    assert offered("SELECT * FROM article_tag") == {
        "article_tags": "One row per article and tag. Key: article_id, tag_id."
    }
    assert offered("sel") == {"SELECT": ""}
    assert "reading_minutes" in offered("SELECT read") and "search(" in offered("FROM sear")
    assert offered("@longest_r") == {"@longest_reads": "Which articles take longest to read?"}
    assert offered("") == {} and offered("SELECT ") == {}


def test_enter_runs_what_is_complete_and_continues_what_is_not() -> None:
    for text in ("SELECT 1;", "SELECT 1 ; \n", "@newest rows=3", "tables", "Describe tags", "exit", "", "  "):
        assert is_complete(text), text
    for text in ("SELECT 1", "FROM tags\n", "describe", "SELECT ';' AS x"):
        assert not is_complete(text), text


def test_history_is_kept_in_a_folder_of_the_user_or_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    _history().append_string("SELECT 1;")
    assert "+SELECT 1;" in (tmp_path / "state/etl/sql_history").read_text("utf-8")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert isinstance(_history(), InMemoryHistory)
