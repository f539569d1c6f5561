"""The server that assistants ask over standard input and output, by the Model Context Protocol."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from etl_project.assistants.ask import NOTICE, Answer, describe_file, run_select, search_articles
from etl_project.assistants.limits import CallLimits
from etl_project.assistants.worker import Worker
from etl_project.errors import UserError

_INSTRUCTIONS = (
    "Answers questions about the posts of one or several sites, read-only: what was published when, about what, by "
    "whom, linking where. Begin with describe, find articles with search, count and compare with query. "
)


class NoServer(UserError):
    """The package that speaks the protocol is not installed. The message names the command that installs it."""


def make_server(published: Path, limits: CallLimits, *, internal: bool) -> tuple[Any, Worker]:
    """Make the server with its three tools.

    Args:
        published: the published file; opened anew for every call, so that each sees the last refresh.
        limits: what a call may take.
        internal: whether what is not live may be seen.

    Returns:
        The server, an `mcp.server.MCPServer`, and the process that its calls run in, to be closed.

    Raises:
        NoServer: the package `mcp` is not installed.
    """
    try:
        protocol = importlib.import_module("mcp.server")
        types = importlib.import_module("mcp_types")
        errors = importlib.import_module("mcp.server.mcpserver.exceptions")
    except ImportError as error:
        raise NoServer(
            f"etl mcp needs the package mcp ({error}). Install it in the environment of etl: pip install 'mcp>=2.3,<3'"
        ) from None
    worker = Worker(limits)

    def answer(call: Callable[..., Answer], *arguments: Any) -> str:
        try:
            return json.dumps(worker.run(call, published, limits, internal, *arguments), ensure_ascii=False)
        except UserError as error:
            raise errors.ToolError(str(error)) from None

    def describe(
        name: Annotated[str | None, Field(description="A table, view or macro; leave out for a list of all.")] = None,
    ) -> str:
        """List the tables, views and macros with what they hold, or the columns of one with types and meaning."""
        return answer(describe_file, name)

    def search(
        words: Annotated[str, Field(description="Each word must occur in the title or the text; any language.")],
        sources: Annotated[list[str] | None, Field(description="Only these sources.")] = None,
        first: Annotated[str | None, Field(description="Published on this day or later: 2026-01-31.")] = None,
        last: Annotated[str | None, Field(description="Published on this day or before.")] = None,
        limit: Annotated[int, Field(description="Most articles to give.", ge=1)] = 10,
    ) -> str:
        """Find live articles that hold every word, best first, each with a piece of its text."""
        return answer(search_articles, words, sources or [], first, last, limit)

    def query(
        sql: Annotated[str, Field(description="One SELECT in the dialect of DuckDB; names without a schema.")],
    ) -> str:
        """Run one SELECT and give its first rows; nothing but the tables of describe can be read, and none written."""
        return answer(run_select, sql)

    server = protocol.MCPServer("posts", instructions=_INSTRUCTIONS + NOTICE, log_level="WARNING")
    hints = types.ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    for tool in (describe, search, query):
        server.add_tool(tool, annotations=hints, structured_output=False)
    return server, worker


def serve(published: Path, limits: CallLimits, *, internal: bool) -> None:
    """Serve over standard input and output until the assistant goes away.

    Raises:
        NoServer: the package `mcp` is not installed.
    """
    server, worker = make_server(published, limits, internal=internal)
    try:
        server.run("stdio")
    finally:
        worker.close()
