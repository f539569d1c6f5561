"""`etl mcp`: an assistant asks over standard input and output; without its package a sentence says how to get it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Site, one_post
from typer.testing import CliRunner

from etl_project.assistants.ask import NOTICE
from etl_project.cli import app


def test_without_its_package_a_sentence_names_the_command_that_installs_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    result = CliRunner().invoke(app, ["mcp", "--config", str(site.config)])
    assert result.exit_code == 1
    assert result.output.startswith("etl mcp needs the package mcp")
    assert "Install it in the environment of etl: pip install 'mcp>=2.3,<3'" in result.output


@pytest.mark.built(by=one_post)
def test_an_assistant_is_served_while_a_refresh_publishes(site: Site) -> None:
    pytest.importorskip("mcp", reason="needs the package mcp: pip install 'mcp>=2.3,<3'")
    asyncio.run(talk(site))


async def talk(site: Site) -> None:
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters

    command = ["-m", "etl_project.cli", "mcp", "--config", str(site.config), "--rows", "5"]
    path = {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    async with Client(
        StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ) | path)
    ) as client:

        async def call(tool: str, **arguments: Any) -> tuple[bool, str]:
            result = await client.call_tool(tool, arguments)
            return bool(result.is_error), result.content[0].text

        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == ["describe", "search", "query"]
        assert all(tool.annotations.read_only_hint and tool.description for tool in listed)
        failed, text = await call("describe")
        assert not failed and json.loads(text)["live_articles"] == 1
        failed, text = await call("describe", name="articles")
        assert not failed and json.loads(text)["columns"][0]["name"] == "article_id"
        failed, text = await call("search", words="some")
        assert not failed and json.loads(text)["notice"] == NOTICE and "«Some»" in text
        count = "SELECT count(*) AS n FROM articles"
        assert json.loads((await call("query", sql=count))[1])["rows"] == [[1]]
        for refused in ("DROP TABLE articles", "FROM internal.inventory", "FROM read_text('/etc/hostname')"):
            failed, text = await call("query", sql=refused)
            assert failed and "query: " in text and "Traceback" not in text
        site.write("_posts/2026-01-03-c.md", title="c")
        assert site.refresh() is not None
        assert json.loads((await call("query", sql=count))[1])["rows"] == [[2]]
