"""The `etl` command: posts to a SQL warehouse."""

# isort: off
import etl_project.timing  # noqa: F401 - first: it notes when the command began
from etl_project.cli.process import main
# isort: on

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl_project.cli.application import app

__all__ = ["app", "main"]


def __getattr__(name: str) -> object:
    """Load the application with every command when it is asked for: `main` needs only the one that is called."""
    if name != "app":
        raise AttributeError(name)
    from etl_project.cli.commands import load_app

    return load_app()
