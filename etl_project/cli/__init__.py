"""The `etl` command: posts to a SQL warehouse."""

# isort: off
import etl_project.timing  # noqa: F401 - first: it notes when the command began
from etl_project.cli.process import main
from etl_project.cli import refresh, findings, questions, exports, assistants, report, upkeep  # noqa: F401 - in this order they are listed
from etl_project.cli.app import app
# isort: on

__all__ = ["app", "main"]
