"""README's "Your own site", typed from an empty folder, and the page in Chinese beside it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import duckdb
import pytest
from readme_blocks import ROOT, blocks, commands
from typer.testing import CliRunner

from etl_project.cli import app
from etl_project.settings import read_settings

(OWN_SITE,) = [block for block in blocks("README.md", "sh") if "etl init" in block]


def typed(command: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run one line of a shell and return what it printed; `etl` runs in this process, which has imported it."""
    said = ""
    for part in command.split(" && "):
        program, *words = shlex.split(part.replace("~/", f"{home}/"))
        if program == "source":
            assert words == [".venv/bin/activate"], "the commands of this project are on the PATH of the tests"
        elif program == "mkdir":
            Path(words[0]).mkdir()
        elif program == "cd":
            monkeypatch.chdir(words[0])
        else:
            assert program == "etl", command
            ended = CliRunner().invoke(app, words)
            assert ended.exit_code == 0, (command, ended.output)
            said += ended.output
    return said


def test_the_block_on_an_own_site_works_as_typed_from_an_empty_folder(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    site = shared / "sites/lctt"
    (tmp_path / "my-site").symlink_to(site)
    post = next(site.rglob("*.md")).relative_to(site)
    lines = commands(OWN_SITE)
    assert lines[:2] == ["source .venv/bin/activate", "mkdir ~/my-warehouse && cd ~/my-warehouse"]
    said = {line: typed(line.replace("some-post.md", shlex.quote(str(post))), tmp_path, monkeypatch) for line in lines}
    published = tmp_path / "my-warehouse/warehouse/posts.duckdb"
    with duckdb.connect(str(published), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM articles").fetchone() == (30,)
    assert "30 files read" in said["etl status"] and "30 posts" in said["etl init ~/my-site"]
    assert said["etl refresh --plan"].startswith("Nothing to do")
    assert "none of the 30 files changed since refresh 1, each hashed again" in said["etl refresh --verify"]


def test_the_smallest_settings_are_settings(tmp_path: Path) -> None:
    (tmp_path / "etl.toml").write_text(blocks("README.md", "toml")[0], "utf-8")
    (source,) = read_settings(tmp_path / "etl.toml").sources
    assert (source.name, source.dialect) == ("my-site", "jekyll")


@pytest.mark.parametrize("kind", ["sh", "toml"])
def test_the_page_in_chinese_has_the_same_commands_and_settings(kind: str) -> None:
    here, there = blocks("README.md", kind), blocks("README.zh.md", kind)
    assert [commands(block) for block in there] == [commands(block) for block in here]


def test_the_page_in_chinese_shows_the_same_output_and_has_the_same_sections() -> None:
    assert blocks("README.zh.md", "text") == blocks("README.md", "text")
    headings = [re.findall(r"^#+ ", (ROOT / page).read_text("utf-8"), re.MULTILINE) for page in PAGES]
    assert headings[0] == headings[1]
    codes = [re.findall(r"^\| (\d+) \|", (ROOT / page).read_text("utf-8"), re.MULTILINE) for page in PAGES]
    assert codes[0] == codes[1] and len(codes[0]) == 7


PAGES = ("README.md", "README.zh.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", (ROOT / page).read_text("utf-8"))
    assert targets and [target for target in targets if not (ROOT / target).exists()] == []
