"""Commands that show what refreshes found: `etl status`, `rejected`, `changes`, `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etl_project.cli.application import BadCall, Config, Json, OneSource, app, examples, out
from etl_project.errors import FAILED
from etl_project.show.console import safe


@app.command(epilog=examples("etl status", "etl status --json"))
def status(config: Config = None, as_json: Json = False) -> None:
    """Show where things stand: sources, last refresh, what failed."""
    from etl_project.settings import read_settings
    from etl_project.show.status import read_status, show_status
    from etl_project.show.write_json import write_json

    settings = read_settings(config)
    if as_json:
        write_json(read_status(settings).as_json())
    else:
        show_status(settings, out)


@app.command(epilog=examples("etl rejected", "etl rejected --source my-site --export to-repair", "etl rejected --json"))
def rejected(
    config: Config = None,
    source: OneSource = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="DIR", help="Write the rejected files below DIR for repair."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the rejected files: where, why, and what to do."""
    from dataclasses import asdict

    from etl_project.settings import read_settings
    from etl_project.show.console import count_of
    from etl_project.show.rejected import export_rejected, read_rejected, show_rejected
    from etl_project.show.write_json import write_json

    published = read_settings(config).warehouse.path
    if export is not None and as_json:
        raise BadCall("--export writes files and --json a list of them: give one of the two.")
    if export is not None:
        written, left = export_rejected(published, source, export)
        out.print(safe(f"{count_of(written, 'file')} written below {export}."))
        for path in left:
            out.print(safe(f"not written (not kept, or already there): {path}"))
        return
    files = read_rejected(published, source)
    if as_json:
        write_json([asdict(file) for file in files])
    else:
        show_rejected(files, out)


@app.command(
    epilog=examples(
        "etl changes                        # the last refresh",
        "etl changes --since yesterday      # or 7d, 36h, 2w, 'last week'",
        "etl changes --since 2026-01-31 --json",
    )
)
def changes(
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="Number of a refresh, a date or time (in the zone of the sources), or how long ago: what came after. "
            "The last refresh by default.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most articles to name.")] = 20,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show what refreshes changed, and which counts it moved."""
    from etl_project.settings import read_settings
    from etl_project.show.changes import read_changes, show_changes
    from etl_project.show.write_json import write_json

    found = read_changes(read_settings(config).warehouse.path, since, limit)
    if as_json:
        write_json(found.as_json())
    else:
        show_changes(found, out)


@app.command(
    epilog=examples("etl explain posts/_posts/2026-01-03-a-year-in-prices.md", "etl explain note.md -c ../etl.toml")
)
def explain(
    file: Annotated[Path, typer.Argument(help="A post file; it need not be in the warehouse.", dir_okay=True)],
    config: Config = None,
) -> None:
    """Show what is read from one post: fields, repairs, warnings."""
    from etl_project.settings import find_settings_file, read_settings
    from etl_project.show.explain import explain as explain_file

    settings = read_settings(config) if config or find_settings_file().exists() else None
    if not explain_file(file, settings, out):
        raise typer.Exit(FAILED)
