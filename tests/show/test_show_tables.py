"""`etl tables` and `etl describe`: what can be asked, and what to type instead of what does not exist."""

from __future__ import annotations

import io
from pathlib import Path

import duckdb
import pytest
from reading import reading
from rich.console import Console

from etl_project.database.contract import contract, create_contract, declared, macros
from etl_project.show.tables import NoTable, describe_one, nearest, show_tables


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table and view of the contract, two tags and nothing else."""
    path = tmp_path_factory.mktemp("tables") / "posts.duckdb"
    with duckdb.connect(str(path)) as con:
        create_contract(con)
        con.execute("INSERT INTO tags VALUES ('a', 'a'), ('b', 'b')")
    return path


def told(published: Path, name: str | None = None, width: int = 200) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width)
    if name is None:
        show_tables(published, console)
    else:
        describe_one(published, name, console)
    return file.getvalue()


def test_every_table_view_and_macro_is_listed_with_rows_and_comment(published: Path) -> None:
    lines = [line.split(None, 2) for line in told(published, width=400).splitlines()]
    listed = {line[0]: line[1:] for line in lines}
    with reading(published) as con:
        [(rows_of_readme,)] = con.execute("SELECT count(*) FROM readme").fetchall()
    for name, table in contract().items():
        assert listed[name][1].strip() == table.comment
        assert listed[name][0] == {"tags": "2", "readme": str(rows_of_readme)}.get(name, "0")
    for name, macro in macros().items():
        [call] = [" ".join(line) for line in lines if line[0].startswith(f"{name}(")]
        assert call.rstrip().endswith(" ".join(macro.comment.split()))


def test_a_table_is_described_by_its_columns(published: Path) -> None:
    text = " ".join(told(published, "articles").split())
    assert "articles table, 0 rows One row per article" in text
    for column in declared()["articles"].columns:
        kind = column.type.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
        assert f"{column.name} {kind} {column.comment}" in text


def test_a_view_and_a_macro_are_described_as_what_they_are(published: Path) -> None:
    assert told(published, "articles_live").startswith("articles_live  view, 0 rows\n")
    assert told(published, "search").startswith("search(query)  macro, after FROM\nOne row per live article")
    assert told(published, "search_form").startswith("search_form(s)  macro, a value\n")


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("article", "articles"), ("Tags", "tags"), ("tag", "tags"), ("post", "posts"), ("serch", "search")],
)
def test_a_slip_is_answered_with_what_is_near(published: Path, slip: str, meant: str) -> None:
    with pytest.raises(NoTable, match=rf"There is no table '{slip}'\. Did you mean .*\b{meant}\b") as refused:
        told(published, slip)
    assert refused.value.exit_code == 2


def test_what_is_like_nothing_is_sent_to_the_list() -> None:
    assert (
        nearest("qqq", {"tags": "One row per tag."})
        == "There is no table 'qqq'. None is like it. All of them: etl tables"
    )


def test_comments_wrap_beside_the_names_at_80_columns(published: Path) -> None:
    lines = told(published, "articles", width=80).splitlines()
    assert max(map(len, lines)) <= 80
    start = next(line for line in lines if line.startswith("article_id")).index("<source>")
    continued = [line for line in lines[2:] if line.startswith(" ")]
    assert continued and all(len(line) - len(line.lstrip()) == start for line in continued)
