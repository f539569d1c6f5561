"""Commands that ask the published warehouse: `etl sql` and `search`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from etl_project.cli.app import BadCall, Config, app, out


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="One SQL statement; - reads it from standard input.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Read the statement from a file.", exists=True, dir_okay=False),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option("--format", help="table, csv, json or parquet; else by the ending of --output, else table."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.", dir_okay=False)] = None,
    config: Config = None,
) -> None:
    """Ask the published warehouse, read-only."""
    from etl_project.settings import read_settings
    from etl_project.show.query import read_statement, run_query
    from etl_project.show.write_rows import choose_format

    if (query is None) == (file is None):
        raise BadCall(
            'Write one statement, as in: etl sql "SELECT count(*) FROM articles"; or name a file with --file.'
        )
    chosen = choose_format(style, output)
    if chosen == "parquet" and output is None and sys.stdout.isatty():
        raise BadCall("Parquet is not for the terminal: name a file with --output.")
    statement = read_statement(file) if file or query == "-" else query or ""
    run_query(read_settings(config).warehouse.path, statement, chosen, output, out)


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
