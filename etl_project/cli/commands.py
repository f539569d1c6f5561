"""The commands of `etl`, and the modules that declare them: only that of the command which is called is imported."""

from __future__ import annotations

import importlib

from etl_project.show.command_group import App

MODULES = {
    "refresh": ("refresh",),
    "findings": ("status", "rejected", "changes", "explain"),
    "questions": ("sql", "queries", "tables", "describe", "search"),
    "exports": ("export",),
    "assistants": ("mcp",),
    "report": ("report",),
    "upkeep": ("init", "maintain", "ui"),
}
"""Module -> its commands, in the order in which they are listed."""


def load_app(word: str | None = None) -> App:
    """Load the application.

    Args:
        word: first word of a call; where it names a command, there are only those of its module. To declare all takes
            longer than `etl sql "select 1"` takes for its answer.
    """
    called = [module for module, commands in MODULES.items() if word in commands]
    for module in called or MODULES:
        importlib.import_module(f"etl_project.cli.{module}")
    from etl_project.cli.application import app

    return app
