"""`etl report`: writes the page for people who would rather look than query."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etl_project.cli.application import BadCall, Config, app, out


@app.command()
def report(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Page to write; report.html beside the warehouse by default."),
    ] = None,
    lang: Annotated[str | None, typer.Option(help="Language of its words: en or zh.")] = None,
    internal: Annotated[
        bool, typer.Option("--internal", help="Name rejected files and articles that are not live, too.")
    ] = False,
    config: Config = None,
) -> None:
    """Write the published warehouse as one HTML page that works without a network."""
    from etl_project.report import write_report
    from etl_project.report.words import parse_language
    from etl_project.settings import read_settings
    from etl_project.show.console import bytes_in_words, safe

    settings = read_settings(config)
    wanted = settings.report
    language = parse_language(lang) if lang else wanted.lang
    page = output or wanted.path or settings.warehouse.path.with_name("report.html")
    if page.is_dir():
        raise BadCall(f"{page} is a folder; name a file, such as {page / 'report.html'}.")
    written = write_report(settings.warehouse.path, page, language, is_internal=internal or wanted.internal)
    seconds = written.milliseconds / 1000
    shown = f"{written.path} shows refresh {written.refresh} ({bytes_in_words(written.size)}, {seconds:.1f} s)."
    out.print(safe(f"{shown} Open it in a browser."))
