"""Commands that show what refreshes found: `etl status`, `rejected`, `changes`, `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etl_project.cli.app import Config, app, examples, out
from etl_project.errors import FAILED
from etl_project.show.console import safe


@app.command()
def status(config: Config = None) -> None:
    """Show where things stand: the published file, its sources, the last refresh."""
    from etl_project.settings import read_settings
    from etl_project.show.status import show_status

    show_status(read_settings(config), out)


@app.command()
def rejected(
    config: Config = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="DIR", help="Write the rejected files below DIR for repair."),
    ] = None,
) -> None:
    """Show the rejected files: where, why, and what to do."""
    from etl_project.settings import read_settings
    from etl_project.show.rejected import export_rejected, show_rejected

    published = read_settings(config).warehouse.path
    if export is None:
        show_rejected(published, source, out)
        return
    written, left = export_rejected(published, source, export)
    out.print(f"{written:,} files written below {export}.")
    for path in left:
        out.print(safe(f"not written (not kept, or already there): {path}"))


@app.command()
def changes(
    since: Annotated[
        str | None,
        typer.Option(
            help="Number of a refresh, or a date or time (UTC): what came after. The last refresh by default."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most articles to name.")] = 20,
    config: Config = None,
) -> None:
    """Show what refreshes changed, and which counts it moved."""
    from etl_project.settings import read_settings
    from etl_project.show.changes import show_changes

    show_changes(read_settings(config).warehouse.path, since, limit, out)


@app.command(
    epilog=examples("etl explain posts/_posts/2026-01-03-a-year-in-prices.md", "etl explain note.md -c ../etl.toml")
)
def explain(
    file: Annotated[Path, typer.Argument(help="A post file; it need not be in the warehouse.", dir_okay=True)],
    config: Config = None,
) -> None:
    """Show what is read from one post: fields, repairs, where the date came from."""
    from etl_project.settings import find_settings_file, read_settings
    from etl_project.show.explain import explain as explain_file

    settings = read_settings(config) if config or find_settings_file().exists() else None
    if not explain_file(file, settings, out):
        raise typer.Exit(FAILED)
