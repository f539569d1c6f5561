"""Command that hands tables to other programs: `etl export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etl_project.cli.application import BadCall, Config, app, out
from etl_project.show.console import bytes_in_words, count_of, safe


@app.command()
def export(
    style: Annotated[str, typer.Option("--format", help="parquet, csv or jsonl.")] = "parquet",
    tables: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Only these tables or views; every table by default.")
    ] = None,
    partition: Annotated[
        str | None, typer.Option(metavar="month", help="month: a folder for each month, of tables with a date.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to make or replace.")] = Path(
        "export"
    ),
    config: Config = None,
) -> None:
    """Write the tables of the published file as Parquet, CSV or JSON lines."""
    from etl_project.settings import read_settings
    from etl_project.show.export import ExportFormat, export_tables

    if style not in ExportFormat.__members__:
        raise BadCall(f"There is no format {style!r}; the formats are {', '.join(ExportFormat)}.")
    if partition not in (None, "month"):
        raise BadCall(f"There are no folders by {partition!r}; write --partition month.")
    asked = [name.strip() for name in (tables or "").split(",") if name.strip()]
    if tables is not None and not asked:
        raise BadCall("Name tables, as in --tables articles,tags; etl tables lists them.")
    published = read_settings(config).warehouse.path
    written = export_tables(published, output, ExportFormat(style), asked, by_month=partition is not None)
    rows, size = sum(table.rows for table in written), sum(file.bytes for table in written for file in table.files)
    counts = f"{count_of(len(written), 'table')}, {count_of(rows, 'row')}, {bytes_in_words(size)}"
    out.print(safe(f"{counts} written to {output}; its README.md says what they are."), soft_wrap=True)
