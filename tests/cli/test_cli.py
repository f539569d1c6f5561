"""`etl refresh` as people and scripts call it: what it says, what it leaves, how it exits; what commands import."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from commands import etl, etl_process, said
from conftest import CHECK_ALL_ROWS_NEXT, Site
from git_site import GitSite

from etl_project.database.work_file import WorkFile
from etl_project.refresh import Refresh

pytest_plugins = ["command_sites"]

KILLED_AFTER_COMMIT = """
import os, signal, sys
from etl_project import cli
from etl_project.refresh.refresh import Refresh
Refresh.build_aggregates = lambda self, names=None: os.kill(os.getpid(), signal.SIGKILL)
cli.app(sys.argv[1:])
"""

IMPORTED = """
import sys
from etl_project.cli import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    libraries = ("dagster", "polars", "pydantic", "duckdb", "pyarrow", "selectolax", "pyromark", "yaml")
    heavy = [name for name in libraries if name in sys.modules]
    print("exit", end.code, "imported", *heavy, file=sys.stderr)
"""


def test_a_first_refresh_builds_everything_and_says_what_to_try_next(tmp_path: Path) -> None:
    site = Site(tmp_path / "[red]mine[" / "x].:smile:")
    site.configure()
    site.write("_posts/2026-01-02-one.md", '---\ntitle: "他说"好"了"\ndate: 2026-01-02\n---\nText.\n')
    site.write("_posts/2026-01-03-empty.md", b"")
    ended = etl_process(site, "refresh")
    assert ended.returncode == 0, ended
    assert ended.stderr == ""
    assert ended.stdout.startswith("To do: the warehouse has not been built yet.\n")
    text = " ".join(ended.stdout.split())
    assert "articles 1, 1 of them live now (1 added)" in text
    assert "files 2 listed, 2 read" in text and "1 rejected" in text
    assert "1 repaired_quotes" in text and "Rejected 1 empty" in text
    assert f"published {site.warehouse} (" in text
    assert "Try next" in text and 'etl sql "SELECT * FROM articles_by_month' in text
    assert "\x1b" not in ended.stdout, "no colours outside a terminal"
    assert site.column("SELECT title FROM articles") == ['他说"好"了']


def test_nothing_to_do_is_one_line_and_imports_no_dagster(kept: Site) -> None:
    before = kept.published.stat().st_ino
    # Whatever was asked of it before, and however long ago a busy machine built it: its files are young at first.
    WorkFile(kept.published).last_plan.path.unlink(missing_ok=True)
    young = "import etl_project.sources.signature as signature; signature.YOUNG_NS = 10**15"
    ended = etl_process(kept, "refresh", program=f"{young}\n{IMPORTED}")
    assert ended.stdout.count("\n") == 1
    assert ended.stdout.startswith("Nothing to do: none of the 6 files changed since refresh 1. ")
    assert ended.stderr.startswith("exit 0 imported ") and "dagster" not in ended.stderr
    grown_up = "import etl_project.sources.signature as signature; signature.YOUNG_NS = 0"
    for imported in ("polars pydantic duckdb", "pydantic"):
        ended = etl_process(kept, "refresh", program=f"{grown_up}\n{IMPORTED}")
        assert ended.stdout.startswith("Nothing to do: ") and ended.stderr.strip() == f"exit 0 imported {imported}"
    assert kept.published.stat().st_ino == before


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (("status",), "pydantic duckdb"),
        (("rejected",), "pydantic duckdb"),
        (("sql", "SELECT 1"), "pydantic duckdb"),
        (("--help",), ""),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_command_imports_only_what_it_needs(kept: Site, arguments: tuple[str, ...], heavy: str) -> None:
    ended = etl_process(kept, *arguments, program=IMPORTED)
    assert ended.stderr.strip() == f"exit 0 imported {heavy}".strip()


def test_a_verification_says_what_it_hashed_again_and_what_git_vouches_for(tmp_path: Path) -> None:
    site = GitSite(tmp_path)
    site.repo.write("_posts/2026-01-02-1.md")
    site.repo.commit()
    site.refresh()
    by_git = (
        "the only file has not changed since refresh 1; git names it by its content, so that it was not hashed again."
    )
    assert by_git in said(etl(site, "refresh", "--verify"))
    (site.folder / "notes").mkdir()
    (site.folder / "notes/note.md").write_text("# Note\n\nText\n")
    site.configure(extra='[[source]]\nname = "notes"\nlocation = "notes"\n')
    site.refresh()
    mixed = "none of the 2 files changed since refresh 2, each but those in git hashed again."
    assert mixed in said(etl(site, "refresh", "--verify"))
    folder = "the only file has not changed since refresh 2, hashed again."
    assert folder in said(etl(site, "refresh", "--verify", "--source", "notes"))


def test_posts_that_changed_left_or_are_now_rejected_are_named_in_the_summary(built: Site) -> None:
    built.write("_posts/2026-01-01-1.md", title="New", age=30)
    built.write("_posts/2026-01-02-2.md", b"---\n- a list\n---\n", age=30)
    for n in (3, 4):
        (built.posts / f"_posts/2026-01-0{n}-{n}.md").unlink()
    result = etl(built, "refresh", "--allow-deletes")
    assert result.exit_code == 0, result.output
    assert "To do: 2 files are new or may have changed; 2 files are gone." in said(result)
    assert "(1 changed, 2 deleted, 1 rejected)" in said(result)
    assert "Warning: _posts/2026-01-02-2.md was loaded before and is rejected now: front_matter_not_mapping" in said(
        result
    )
    assert "Warning: _posts/2026-01-02-2.md was loaded before" in said(etl(built, "status"))


def test_a_wrong_setting_is_one_sentence_and_exit_2(site: Site) -> None:
    site.configure('dialekt = "jekyll"\n')
    for command in (["refresh"], ["status"], ["rejected"], ["sql", "SELECT 1"]):
        result = etl(site, *command)
        assert result.exit_code == 2
        assert "there is no setting 'source.dialekt'; did you mean 'dialect'?" in said(result)
        assert "Traceback" not in result.output
    assert not site.published.parent.exists(), "nothing is made"


def test_settings_that_are_not_there_are_exit_2(tmp_path: Path) -> None:
    ended = etl_process(Site(tmp_path), "refresh")
    assert ended.returncode == 2
    assert "there is no such settings file" in ended.stderr and "Traceback" not in ended.stderr


def test_a_missing_folder_is_exit_2(site: Site) -> None:
    site.posts.rmdir()
    result = etl(site, "refresh")
    assert result.exit_code == 2
    assert "etl.toml, line 6: the source 'site' cannot be read: there is no folder" in said(result)


def test_an_unknown_option_is_exit_2(site: Site) -> None:
    assert etl(site, "refresh", "--fast").exit_code == 2


def test_a_refresh_while_another_runs_is_exit_3_and_says_who_is_running(kept: Site, busy: int) -> None:
    result = etl(kept, "refresh")
    assert result.exit_code == 3
    assert f"another refresh is running: etl refresh, process {busy} on " in said(result)
    assert "Traceback" not in result.output
    assert f"Running now: etl refresh, process {busy} on " in said(etl(kept, "status"))


def test_a_source_that_went_away_is_exit_4_and_keeps_its_articles(built: Site) -> None:
    built.posts.rename(built.folder / "elsewhere")
    result = etl(built, "refresh")
    assert result.exit_code == 4
    assert "The source site could not be read: there is no folder" in said(result)
    assert built.column("SELECT count(*) FROM articles") == [5]


def test_one_source_is_refreshed_while_another_is_away(built: Site) -> None:
    (built.folder / "other").mkdir()
    (built.folder / "other/note.md").write_text("# Note\n\nText")
    built.configure(extra='[[source]]\nname = "other"\nlocation = "other"\n')
    built.refresh()
    built.posts.rename(built.folder / "elsewhere")
    (built.folder / "other/second.md").write_text("# Second\n\nText")
    result = etl(built, "refresh")
    assert result.exit_code == 4
    assert "Not read: the source site: there is no folder" in said(result)
    assert built.column("SELECT count(*) FROM articles") == [7]


def test_the_guard_is_exit_1_and_says_how_to_go_on(built: Site) -> None:
    before = built.published.read_bytes()
    for n in range(1, 5):
        (built.posts / f"_posts/2026-01-0{n}-{n}.md").unlink()
    result = etl(built, "refresh")
    assert result.exit_code == 1
    assert "4 of the 5 posts of the source 'site' would leave: 4 no longer there, such as" in said(result)
    assert "etl refresh --allow-deletes" in said(result)
    assert built.published.read_bytes() == before


def test_a_broken_check_is_exit_1_and_a_full_build_sets_it_right(built: Site) -> None:
    before = built.published.read_bytes()
    with Refresh(built.settings).work.opened() as con:
        con.execute(f"INSERT INTO authors VALUES ('[red]\x1b[2J', 'Nobody'); {CHECK_ALL_ROWS_NEXT}")
    built.write("_posts/2026-01-08-8.md")
    result = etl(built, "refresh")
    assert result.exit_code == 1
    assert "authors_are_unique_and_used" in said(result) and "1 row violates it: " in said(result)
    assert "author_id = [red]\\u001b[2J" in said(result) and "\x1b" not in result.output, "shown, not obeyed"
    assert f"{built.published} is as it was." in said(result)
    assert built.published.read_bytes() == before
    assert "Refresh 2 failed a check and was not published." in said(etl(built, "status"))
    assert etl(built, "refresh", "--full").exit_code == 0
    assert built.column("SELECT count(*) FROM articles") == [6]


def test_a_refresh_killed_between_commit_and_publication_is_taken_up_by_the_next(built: Site) -> None:
    before = built.published.read_bytes()
    built.write("_posts/2026-01-08-8.md")
    killed = etl_process(built, "refresh", program=KILLED_AFTER_COMMIT)
    assert killed.returncode == -signal.SIGKILL
    assert built.published.read_bytes() == before
    assert "Refresh 2 is not published yet (state: tables checked). To go on: etl refresh" in said(etl(built, "status"))
    result = etl(built, "refresh")
    assert result.exit_code == 0, result.output
    assert "To do: the aggregates of the last refresh have not been built." in said(result)
    assert built.column("SELECT count(*) FROM articles") == [6]


def test_a_warehouse_that_cannot_be_written_is_one_sentence(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.published.parent.write_text("a file where the folder should be")
    result = etl(site, "refresh")
    assert result.exit_code == 1
    assert "warehouse" in said(result) and "Traceback" not in result.output
