"""Sources that share files are told, however they share them; those that only look alike are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Site

from etl_project.checks.check import CheckResult
from etl_project.refresh import Refresh
from etl_project.settings import SettingsError


def told(site: Site) -> list[str]:
    refresh, plan = site.plan(allow_deletes=True)
    refresh.load_tables(plan)
    return [line for result in checked(site) for line in result.sample]


def checked(site: Site) -> list[CheckResult]:
    results = Refresh(site.settings).run_checks("tables")
    return [result for result in results if result.check.name == "no_file_is_in_two_sources"]


def second(location: str, more: str = "") -> str:
    return f'[[source]]\nname = "SITE"\nlocation = "{location}"\ndialect = "plain"\n{more}\n'


def test_files_that_are_loaded_twice_are_told_by_whichever_way_two_sources_reach_them(site: Site) -> None:
    for day in (1, 2):
        site.write(f"_posts/2026-01-0{day}-a.md")
    (site.folder / "link").symlink_to("site/_posts")
    other = site.folder / "other"
    other.mkdir()
    (other / "its-own.md").write_text("# Its own\n", "utf-8")
    for location in ("site", "./site/", "site/_posts", "link", str(site.posts)):
        site.configure(extra=second(location))
        below = "" if location.endswith(("_posts", "link")) else "_posts/"
        paths = f"{below}2026-01-01-a.md, {below}2026-01-02-a.md"
        assert told(site) == [f"loaded twice: 2 of the files of SITE are files of site, too, such as {paths}"], location
    site.configure(extra=second("site", 'exclude = ["**/2026-01-02-*"]'))
    assert [line[:14] + line.split()[2] for line in told(site)] == ["loaded twice: 1"]
    site.configure(extra=second("site", 'exclude = ["_posts/**"]'))
    assert told(site) == []
    # A copy of the same bytes is another file, a second name of it is the same.
    (other / "copy.md").write_bytes((site.posts / "_posts/2026-01-01-a.md").read_bytes())
    site.configure(extra=second("other"))
    assert told(site) == []
    os.link(site.posts / "_posts/2026-01-01-a.md", other / "linked.md")
    assert told(site) == ["loaded twice: 1 of the files of SITE are files of site, too, such as linked.md"]


def test_a_folder_that_is_a_file_is_said_so(site: Site, tmp_path: Path) -> None:
    (tmp_path / "posts.md").write_text("x", "utf-8")
    for location, words in {"posts.md": "posts.md is a file and no folder", "nowhere": "there is no folder"}.items():
        site.configure(extra=second(location))
        site.write("_posts/2026-01-01-a.md")
        with pytest.raises(SettingsError, match=words):
            site.plan()
