"""The group of all commands: it ends each of them with an exit code, and an error with one sentence."""

from __future__ import annotations

import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from etl_project.errors import BAD_USAGE, BUSY, FAILED
from etl_project.show.console import consoles, safe
from etl_project.show.error_sentence import describe_error
from etl_project.show.streams import output_failure, prepare_streams
from etl_project.utf8_mode import restart_in_utf8_mode

_CAUTION = (BAD_USAGE, BUSY)
"""Exit codes of what is in the hands of the caller: shown in yellow, others in red."""

_DEBUG = "--debug"


class CommandGroup(TyperGroup):
    """Runs a command. The only place where errors become sentences and exit codes."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run a command as a process: with streams that take every text, and an exit code for output that was lost."""
        if sys.stdout is sys.__stdout__:  # not in a test, which has streams of its own
            restart_in_utf8_mode()
            prepare_streams()
        try:
            return super().main(*args, **options)
        except SystemExit as end:
            lost = output_failure()
            if lost and not end.code:
                print(f"The output could not be written: {lost.strerror}.", file=sys.stderr)
                raise SystemExit(FAILED) from None
            raise

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take `--debug` wherever it is written, before or after the command."""
        options = args[: args.index("--")] if "--" in args else args
        if _DEBUG in options:
            args = [_DEBUG, *(word for word in options if word != _DEBUG), *args[len(options) :]]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; raises `typer.Exit` with the exit code of its error."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # also a panic of Polars, which is no Exception
            if ctx.params.get("debug"):
                traceback.print_exc()
            told = describe_error(error, ctx.invoked_subcommand or "")
            _, err = consoles()
            err.print(safe(told.text, "yellow" if told.exit_code in _CAUTION else "red"))
            raise typer.Exit(told.exit_code) from None
