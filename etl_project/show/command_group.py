"""The group of all commands: it ends each of them with an exit code, and an error with one sentence."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from etl_project.errors import BAD_USAGE, BUSY, FAILED
from etl_project.show.console import consoles, note_settings_file, safe
from etl_project.show.error_sentence import describe_error
from etl_project.show.streams import output_failure, prepare_streams
from etl_project.utf8_mode import restart_in_utf8_mode

F = TypeVar("F", bound=Callable[..., Any])

_CAUTION = (BAD_USAGE, BUSY)
"""Exit codes of what is in the hands of the caller: shown in yellow, others in red."""

_DEBUG = "--debug"

_VALUES = {"bool": "", "file": "FILE", "dir": "DIR", "path": "PATH", "int": "NUMBER", "float": "NUMBER"}
"""How Typer names what an option takes -> how help pages do. Any other is a text."""


class Command(TyperCommand):
    """A command whose help page names what its options and arguments take by a word."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Parameters of the command."""
        return [_with_word(parameter, ctx) for parameter in super().get_params(ctx)]

    def invoke(self, ctx: Any) -> Any:
        """Run the command, and note its settings file for the commands that it suggests."""
        note_settings_file(ctx.params.get("config"))
        return super().invoke(ctx)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Words of the line that says how the command is called: `[OPTIONS]`, `FOLDER`."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]


class App(typer.Typer):
    """An application whose commands are of the class `Command`."""

    def command(self, name: str | None = None, *, epilog: str | None = None, **options: Any) -> Callable[[F], F]:
        """Declare a command, as `typer.Typer.command` does.

        Args:
            name: its name; by default that of the function.
            epilog: what stands below its options, such as examples.
            options: further options of `typer.Typer.command`.
        """
        return super().command(name, epilog=epilog, **{"cls": Command} | options)


class CommandGroup(TyperGroup):
    """Runs a command. The only place where errors become sentences and exit codes."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Parameters of the group."""
        return [_with_word(parameter, ctx) for parameter in super().get_params(ctx)]

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
        finally:
            note_settings_file(None)


def _with_word(parameter: Any, ctx: Any) -> Any:
    """A parameter that is named by a word: nothing for a switch, capital letters for what stands for a value."""
    if parameter.metavar is None:
        is_argument = parameter.param_type_name == "argument"
        kind = parameter.display_type(ctx)
        parameter.metavar = (parameter.name or "").upper() if is_argument else _word_of(kind or "")
        if is_argument:  # its word says enough; Typer would add `<path>` to it
            parameter.display_type_rich = lambda ctx: None
    return parameter


def _word_of(kind: str) -> str:
    """The word for a kind of value, as Typer writes it: `<int>`, `<list[str]>`, `<int range>`."""
    return _VALUES.get(re.split(r"\W", kind.lstrip("<"))[0], "TEXT")
