"""Command that serves assistants: `etl mcp`."""

from __future__ import annotations

from typing import Annotated

import typer

from etl_project.cli.application import Config, app


@app.command()
def mcp(
    internal: Annotated[
        bool, typer.Option("--internal", help="Drafts, articles to come, rejected files and changes may be seen, too.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="Longest that a call may take.")] = 10,
    rows: Annotated[int, typer.Option(min=1, max=10_000, help="Most rows of an answer.")] = 200,
    config: Config = None,
) -> None:
    """Let an assistant ask the published file, over standard input and output (Model Context Protocol)."""
    from etl_project.assistants.limits import CallLimits
    from etl_project.assistants.server import serve
    from etl_project.settings import read_settings

    serve(read_settings(config).warehouse.path, CallLimits(seconds=seconds, rows=rows), internal=internal)
