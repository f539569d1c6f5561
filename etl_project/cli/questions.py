"""Commands that ask the published warehouse: `etl sql`, `queries`, `tables`, `describe` and `search`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from etl_project.cli.application import BadCall, Config, app, out


@app.command()
def sql(
    query: Annotated[
        str | None,
        typer.Argument(help="SQL; or @NAME for one of `etl queries`; - reads SQL from standard input."),
    ] = None,
    values: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="Parameters of the question.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Read the statement from a file.", exists=True, dir_okay=False),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option("--format", help="table, line, csv, json or parquet; else by the ending of --output, else table."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.", dir_okay=False)] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Longest that it may take.")] = 300,
    config: Config = None,
) -> None:
    """Ask the published warehouse, read-only. In a terminal, without a statement: a prompt."""
    from etl_project.settings import read_settings
    from etl_project.show.query import read_statement, run_query
    from etl_project.show.questions import find_question, read_question
    from etl_project.show.write_rows import choose_format

    given = [text for text in (query, *(values or ())) if text is not None]
    if not given and file is None:
        if style is None and output is None and sys.stdin.isatty() and sys.stdout.isatty():
            _prompt(config, seconds)
            return
        raise BadCall(
            'Write one statement, as in: etl sql "SELECT count(*) FROM articles"; or name a file with --file, or a '
            "question of `etl queries`, as in: etl sql @longest_reads"
        )
    chosen = choose_format(style, output)
    if chosen == "parquet" and output is None and sys.stdout.isatty():
        raise BadCall("Parquet is not for the terminal: name a file with --output.")
    settings = read_settings(config)
    if file is not None:
        question = read_question(file.stem, read_statement(file), file)
    elif given[0].startswith("@"):
        question = find_question(given.pop(0)[1:], settings.file.parent)
    else:
        text = given.pop(0)
        question = read_question("The statement", read_statement(None) if text == "-" else text, Path("the statement"))
    run_query(settings.warehouse.path, question.sql, chosen, output, out, question.values(given), seconds)


def _prompt(config: Path | None, seconds: float) -> None:
    from prompt_toolkit import PromptSession

    from etl_project.settings import read_settings
    from etl_project.show.prompt import run_prompt

    settings = read_settings(config)
    run_prompt(settings.warehouse.path, settings.file.parent, seconds, out, PromptSession)


@app.command()
def queries(
    name: Annotated[str | None, typer.Argument(help="Write the SQL of this one, to read or to copy.")] = None,
    config: Config = None,
) -> None:
    """List questions ready to run with `etl sql @NAME`."""
    from etl_project.settings import find_settings_file
    from etl_project.show.questions import find_question, show_questions

    file = find_settings_file(config)
    beside = file.parent if file.exists() else None
    if name is None:
        show_questions(beside, out)
    else:
        out.print(find_question(name.removeprefix("@"), beside).sql.rstrip("\n"), soft_wrap=True)


@app.command()
def tables(config: Config = None) -> None:
    """List the tables, views and macros of the published file: rows and what they are."""
    from etl_project.settings import read_settings
    from etl_project.show.tables import show_tables

    show_tables(read_settings(config).warehouse.path, out)


@app.command()
def describe(
    name: Annotated[str, typer.Argument(help="A table, view or macro of `etl tables`.")], config: Config = None
) -> None:
    """Show the columns of a table or view, their types and what they mean; or what a macro takes."""
    from etl_project.settings import read_settings
    from etl_project.show.tables import describe_one

    describe_one(read_settings(config).warehouse.path, name, out)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to search for: each word must occur.")],
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be given several times.")] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="Published on this day or later.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Published on this day or before.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most articles to show.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Write the articles as JSON.")] = False,
    config: Config = None,
) -> None:
    """Search titles and texts of the live articles, best first."""
    from etl_project.settings import read_settings
    from etl_project.show.search import Filters, find_hits, parse_day, show_hits, write_hits_as_json

    query = " ".join(words)
    filters = Filters(tuple(source or ()), parse_day(first, "--from"), parse_day(last, "--to"))
    hits, count = find_hits(read_settings(config).warehouse.path, query, filters, limit)
    if as_json:
        write_hits_as_json(hits)
    else:
        show_hits(hits, count, query, out)
