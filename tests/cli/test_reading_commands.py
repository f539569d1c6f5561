"""`etl status`, `rejected`, `explain` and `sql`: what they say, and what of posts a terminal must not obey."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from commands import etl, etl_process, said
from conftest import Site

pytest_plugins = ["command_sites"]


def test_status_before_the_first_refresh_says_what_to_run(site: Site) -> None:
    result = etl(site, "status")
    assert result.exit_code == 1
    assert said(result).endswith(f"posts.duckdb has not been built yet. Run: etl refresh --config {site.config}")


def test_status_shows_the_file_its_refresh_and_its_sources(built: Site) -> None:
    two_hours_ago = time.time() - 7_200
    os.utime(built.published, (two_hours_ago, two_hours_ago))
    result = etl(built, "status")
    assert result.exit_code == 0
    assert f"{built.published}: " in said(result) and "published 2 hours ago" in said(result)
    assert "Refresh 1: as of 20" in said(result) and "6 files read" in said(result)
    assert "Last checked: " in said(result)
    assert "site │ jekyll │ 6 │ 1 │ 5 │ 2026-01-05" in said(result)
    assert "etl rejected" in said(result)


def test_rejected_says_where_why_and_what_to_do(kept: Site) -> None:
    result = etl(kept, "rejected")
    assert result.exit_code == 0
    assert "_posts/2026-01-07-open.md, line 1 (site)" in said(result)
    assert "unterminated_front_matter: " in said(result)
    assert "1 file is rejected." in said(result)
    unknown = etl(kept, "rejected", "--source", "other")
    assert unknown.exit_code == 2
    assert said(unknown) == "there is no source 'other' in the warehouse; the sources are site."
    (told,) = json.loads(etl(kept, "rejected", "--source", "site", "--json").output)
    assert told["path"] == "_posts/2026-01-07-open.md" and told["reason"] == "unterminated_front_matter"


def test_rejected_files_are_written_out_once_as_they_were(kept: Site, tmp_path: Path) -> None:
    target = tmp_path / "repair"
    assert said(etl(kept, "rejected", "--export", str(target))).startswith("1 file written below ")
    written = target / "site/_posts/2026-01-07-open.md"
    assert written.read_bytes() == b"---\ntitle: open\n\nno end\n"
    written.write_text("my repair")
    again = etl(kept, "rejected", "--export", str(target))
    assert again.exit_code == 0
    assert "0 files written" in said(again) and "site/_posts/2026-01-07-open.md" in said(again)
    assert written.read_text() == "my repair"


def test_a_repaired_file_leaves_the_list(built: Site) -> None:
    built.write("_posts/2026-01-07-open.md", age=30)
    built.refresh()
    assert said(etl(built, "rejected")) == "No file is rejected."


def test_explain_shows_what_is_read_from_a_post(site: Site) -> None:
    file = site.write(
        "_posts/2026-01-09-quotes.md", '---\ntitle: "他说"好"了"\ndate: 2026-01-09\ntags: [A, b]\n---\nText.'
    )
    result = etl(site, "explain", str(file))
    assert result.exit_code == 0
    assert '他说"好"了' in result.output
    assert "2026-01-09 00:00:00+08:00, to the day, from the front matter" in said(result)
    assert "A (as a), b" in said(result)
    assert "repaired_quotes, line 2: " in said(result)


def test_explain_needs_neither_settings_nor_warehouse(site: Site) -> None:
    file = site.write("_posts/2026-01-09-one.md")
    site.config.unlink()
    ended = etl_process(site, "explain", str(file))
    assert ended.returncode == 0, ended
    assert "title" in ended.stdout and "2026-01-09-one" in ended.stdout
    assert not site.published.exists()


def test_explain_says_why_a_post_would_be_rejected(kept: Site) -> None:
    result = etl(kept, "explain", str(kept.posts / "_posts/2026-01-07-open.md"))
    assert result.exit_code == 1
    assert "Rejected, line 1: unterminated_front_matter: " in said(result)


def test_explain_of_a_missing_file_says_so(kept: Site) -> None:
    result = etl(kept, "explain", str(kept.posts / "_posts/nowhere.md"))
    assert result.exit_code == 1
    assert "There is no file" in said(result) and "nowhere.md" in said(result)


# what a terminal must not obey


def test_markup_and_escapes_in_posts_are_shown_and_not_obeyed(site: Site) -> None:
    file = site.write(
        "_posts/2026-01-02-one.md", "---\ntitle: '[red]x[/red] :smile: \u202egnp'\n---\nAn &#27;]0;escape\n"
    )
    evil = "_posts/2026-01-03-[red]\x1b[2J[/x].md"
    site.write(evil, b"")
    site.refresh()
    outputs = [
        etl(site, *command).output
        for command in (
            ("explain", str(file)),
            ("sql", "SELECT title, text FROM articles JOIN article_bodies USING (article_id)"),
            ("rejected",),
            ("explain", str(site.posts / evil)),
            ("explain", str(site.posts / evil.replace("3", "4"))),
            ("rejected", "--export", str(site.folder / "out")),
            ("rejected", "--export", str(site.folder / "out")),
        )
    ]
    for output in outputs[:2]:
        assert "[red]x[/red] :smile: \\u202egnp" in output and "An \\u001b]0;escape" in output
    for output in (*outputs[2:5], outputs[6]):
        assert "[red]\\u001b[2J[/" in output
    assert not any(character in output for output in outputs for character in "\x1b\u202e")


def test_brackets_in_the_path_of_the_warehouse_are_shown(kept: Site) -> None:
    for command, told in (("refresh", "is up to date"), ("status", "published")):
        result = etl(kept, command)
        assert result.exit_code == 0, result.output
        assert str(kept.published) in said(result) and told in said(result)


def test_whoever_stops_reading_the_output_sees_no_traceback(kept: Site) -> None:
    command = f"{sys.executable} -m etl_project.cli sql --config '{kept.config}'"
    for query in ('--format csv "SELECT range FROM range(300000)"', '"SELECT range FROM range(90)"'):
        ended = subprocess.run(
            ["bash", "-c", f"{command} {query} | head -n 1"],
            env=os.environ | {"PYTHONUNBUFFERED": "1"}, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert "range" in ended.stdout and ended.stderr == ""
