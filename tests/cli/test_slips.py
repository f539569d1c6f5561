"""Slips of the hand at the command line, a source that may not be read, and help pages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import Site
from typer.testing import CliRunner

from etl_project.cli import app
from etl_project.servers.ui import CannotServe, serve


def test_a_port_that_is_none_is_a_usage_error(site: Site) -> None:
    ended = CliRunner().invoke(app, ["ui", "--port", "99999", "--config", str(site.config)])
    assert ended.exit_code == 2 and "--port" in ended.output and "65535" in ended.output
    with pytest.raises(CannotServe, match="99999 is no port"):
        serve(site.settings, port=99_999)


WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
"""Root that may not read what its bits forbid."""


def test_a_source_whose_folder_may_not_be_entered_is_exit_4_and_the_others_go_on(site: Site) -> None:
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("needs setpriv")
    closed = site.folder / "closed"
    closed.mkdir()
    (closed / "note.md").write_text("# Note\n\nText.\n", "utf-8")
    site.configure(extra='[[source]]\nname = "closed"\nlocation = "closed"\n')
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    closed.chmod(0)
    try:
        ended = subprocess.run(
            [*(WITHOUT_RIGHTS if os.geteuid() == 0 else []), sys.executable, "-m", "etl_project.cli", "refresh"],
            cwd=site.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        closed.chmod(0o755)
    assert ended.returncode == 4, ended
    assert "The source closed could not be read: " in ended.stderr and "Permission denied" in ended.stderr
    assert "HEAD" not in ended.stderr
    assert "is up to date, but for a source that could not be read (" in ended.stdout


def test_the_version_and_the_short_help_are_there() -> None:
    version = CliRunner().invoke(app, ["--version"])
    assert version.exit_code == 0 and version.output.startswith("etl ")
    assert CliRunner().invoke(app, ["refresh", "-h"]).output == CliRunner().invoke(app, ["refresh", "--help"]).output
    assert "--install-completion" in CliRunner().invoke(app, ["-h"]).output


@pytest.mark.parametrize("command", ["refresh", "status", "rejected", "changes", "explain", "init", "maintain", "ui"])
def test_a_help_page_has_examples_and_names_values_by_words(command: str) -> None:
    page = CliRunner().invoke(app, [command, "--help"]).output
    assert f"Examples:\n    etl {command}" in page
    assert "{" not in page and not re.search("<(bool|file|dir|path|str|int)", page)


def test_a_source_is_completed_by_its_name(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site.folder)
    words = {"COMP_WORDS": "etl rejected --source s", "COMP_CWORD": "3", "_ETL_COMPLETE": "complete_bash"}
    completed = CliRunner().invoke(app, [], env=words, prog_name="etl")
    assert completed.output.split() == ["site"]


def test_commands_that_are_suggested_name_the_settings_that_were_given(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("_posts/2026-01-02-one.md")
    file = site.config.rename(site.config.with_name("my site.toml"))
    monkeypatch.chdir(site.folder)

    def told(*arguments: str) -> str:
        return CliRunner().invoke(app, [*arguments, "--config", file.name]).output

    assert told("status").rstrip().endswith("has not been built yet. Run: etl refresh --config 'my site.toml'")
    assert "To do it: etl refresh --full --config 'my site.toml'\n" in told("refresh", "--plan", "--full")
    first = told("refresh")
    assert "\n  etl ui --config 'my site.toml'" in first
    assert [line for line in first.splitlines() if line.endswith(" ")] == []
    assert told("describe", "articl").endswith("All of them: etl tables --config 'my site.toml'\n")


def test_a_refresh_whose_only_source_cannot_be_read_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    site.posts.rename(site.folder / "elsewhere")
    monkeypatch.chdir(site.folder)
    for _ in range(2):
        ended = CliRunner().invoke(app, ["refresh"])
    assert ended.exit_code == 4 and "there is no file" not in ended.stdout
    assert ended.stdout.startswith("Nothing to do: the only source could not be read. ")
    assert "is as refresh 1 left it (" in ended.stdout
