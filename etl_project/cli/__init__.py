"""The `etl` command: posts to a SQL warehouse."""

from etl_project.cli import refresh, findings, questions, exports, assistants, report, upkeep  # noqa: F401, I001 - in this order they are listed
from etl_project.cli.app import app

__all__ = ["app"]
