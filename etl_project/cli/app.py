"""What every command of `etl` shares: the application, where it prints, and the option that names the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etl_project.errors import BAD_USAGE, UserError
from etl_project.show.command_group import CommandGroup
from etl_project.show.console import consoles

app = typer.Typer(
    cls=CommandGroup,
    help="Folders of Markdown posts in, one DuckDB warehouse out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out, err = consoles()

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings file; else ETL_CONFIG, else etl.toml here.", dir_okay=False),
]


class BadCall(UserError):
    """A command was called with arguments that it cannot use together."""

    exit_code = BAD_USAGE


@app.callback()
def etl(
    debug: Annotated[
        bool, typer.Option("--debug", help="Where a command fails, print the trace of the error.")
    ] = False,
) -> None:
    """Folders of Markdown posts in, one DuckDB warehouse out."""
