"""What every command of `etl` shares: the application, where it prints, and the options that several have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etl_project.errors import BAD_USAGE, UserError
from etl_project.show.command_group import App, CommandGroup
from etl_project.show.console import consoles

app = App(
    cls=CommandGroup,
    help="Folders of Markdown posts in, one DuckDB warehouse out.",
    epilog="To begin: etl init FOLDER, then etl refresh. More on a command: etl COMMAND --help",
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
out, err = consoles()


def examples(*lines: str) -> str:
    """Make what stands below the options of a command.

    Args:
        lines: examples, each a command with or without a remark.
    """
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def _source_names(incomplete: str) -> list[str]:
    """Names of the sources in the settings that begin like this: what a shell completes."""
    from etl_project.settings import read_settings

    try:
        return [source.name for source in read_settings().sources if source.name.startswith(incomplete)]
    except Exception:  # a shell that asks for completions has no use for a reason
        return []


Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings file; else ETL_CONFIG, else etl.toml here.", dir_okay=False),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
OneSource = Annotated[
    str | None, typer.Option("--source", metavar="NAME", help="Only this source.", autocompletion=_source_names)
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="NAME",
        help="Only this source; may be given several times. The others stay as they are.",
        autocompletion=_source_names,
    ),
]


class BadCall(UserError):
    """A command was called with arguments that it cannot use together."""

    exit_code = BAD_USAGE


def _show_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version  # which takes as long to import as a tenth of a command

        out.print(f"etl {version('etl-project')}")
        raise typer.Exit


@app.callback()
def etl(
    debug: Annotated[
        bool, typer.Option("--debug", help="Where a command fails, print the trace of the error.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Folders of Markdown posts in, one DuckDB warehouse out."""
