"""Commands that begin and keep a warehouse: `etl init`, `maintain`, `ui`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etl_project.cli.application import Config, app, examples, out


@app.command(epilog=examples("etl init ~/my-site", "etl init ../notes --output notes.toml"))
def init(
    folder: Annotated[Path, typer.Argument(help="The folder of your site.", file_okay=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Settings file to write.", dir_okay=False)] = Path(
        "etl.toml"
    ),
) -> None:
    """Look at a folder of posts and write a commented etl.toml for it."""
    from etl_project.init.furniture import propose
    from etl_project.init.settings_file import write_settings
    from etl_project.init.show_site import show_found_site
    from etl_project.init.site import sample_site
    from etl_project.settings import read_settings

    site = sample_site(folder)
    proposals = propose(site.bodies)
    write_settings(site, proposals, output)
    show_found_site(site, len(proposals), output, read_settings(output).warehouse.path, out)


@app.command(epilog=examples("etl maintain", "etl maintain --keep-days 30"))
def maintain(
    config: Config = None,
    keep_days: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS", min=0, max=36_500, help="Age in days from which records of runs and checks are deleted."
        ),
    ] = None,
) -> None:
    """Make the work file, or the lake, and Dagster's records small again.

    Copies of repositories that no source needs are removed, too.
    """
    from etl_project.database.compact import compact
    from etl_project.database.work_file import WorkFile
    from etl_project.settings import read_settings
    from etl_project.show.console import bytes_in_words, count_of
    from etl_project.sources.access import sweep_mirrors

    settings = read_settings(config)
    work = WorkFile(settings.warehouse.path)
    work.lock.acquire("etl maintain")
    try:
        if settings.warehouse.kind == "lake":
            from etl_project.lake.maintain import maintain_warehouse

            done = maintain_warehouse(settings, work)
            out.print(
                f"The lake: {count_of(done.merged, 'small file', 'small files')} merged, "
                f"{count_of(done.forgotten, 'publication', 'publications')} forgotten, "
                f"{count_of(done.removed, 'object', 'objects')} of {bytes_in_words(done.bytes)} removed."
            )
        else:
            compacted = compact(work)
            out.print(f"{work.path}: {bytes_in_words(compacted.before)}, now {bytes_in_words(compacted.after)}.")
        if swept := sweep_mirrors(work.published, settings.sources):
            out.print(f"{count_of(swept, 'copy', 'copies')} of repositories went: no source is read from them.")
        if settings.dagster_home.exists():
            from etl_project.definitions import purge_records_of

            purged = purge_records_of(settings, keep_days)
            out.print(
                f"{settings.dagster_home}: {bytes_in_words(purged.before)}, now {bytes_in_words(purged.after)}; "
                f"{count_of(purged.runs, 'run')} went."
            )
    finally:
        work.lock.release()


@app.command(epilog=examples("etl ui", "etl ui --port 3050"))
def ui(
    config: Config = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Port; the first free one from 3000 by default.")
    ] = None,
) -> None:
    """Open Dagster: runs, lineage, and refreshes on the schedule."""
    from etl_project.servers.ui import serve
    from etl_project.settings import read_settings

    raise typer.Exit(serve(read_settings(config), host, port))
