"""A warning, a rejected file and an outage are told in full once; while they stand they are one line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from conftest import Site
from rich.console import Console

from etl_project.refresh import Refresh
from etl_project.show.news import findings_of
from etl_project.show.status import read_status, show_status
from etl_project.show.summary import show_summary
from etl_project.show.warnings import show_warnings

SETTINGS = 'dialect = "plain"\n[[source]]\nname = "vault"\nlocation = "vault"\n[limits]\ndeletes_share = 1.0\n'


def told(site: Site) -> str:
    """Refresh and return the summary, in lines that are not wrapped, without the table that it begins with."""
    refresh, plan = site.plan()
    loaded = refresh.load_tables(plan)
    checks = refresh.run_checks("tables")
    refresh.relate()
    checks += refresh.run_checks("related")
    refresh.build_aggregates()
    checks += refresh.run_checks("aggregates")
    console = printed()
    published, before = refresh.publish(), refresh.work.previous
    show_summary(loaded, published, {}, checks, [], {}, 0, findings_of(published, before), before, console)
    assert isinstance(console.file, io.StringIO)
    _, _, findings = console.file.getvalue().partition("\ntime ")
    return findings.partition("\n")[2]


def printed() -> Console:
    return Console(file=io.StringIO(), width=400, highlight=False, markup=False)


def test_what_stands_is_one_line_and_what_is_new_is_told_in_full(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.configure(SETTINGS)
    vault = site.folder / "vault"
    vault.mkdir()
    (vault / "note.md").write_text("# A note\n\nWords.\n", "utf-8")
    site.write("one.md")
    site.write("empty.md", b"")
    record = site.published.parent / ".work/posts.warnings.json"

    first = told(site)
    share = "Warning: rejected: 1 of the 2 files of site (50.0%; [checks] rejected_share allows 5.0%), such as empty.md"
    assert share in first and "As before" not in first
    assert json.loads(record.read_text("utf-8")) == {"few_files_are_rejected": {'["site", 1]': 1}}

    site.write("two.md")
    second = told(site)
    assert "Warning: " not in second and "Rejected" not in second  # the share is another, and the file is the same
    assert (
        "As before: warnings 1 date_missing; rejected 1 empty; 1 warning of checks, since refresh 1. All: etl status\n"
        in second
    )

    vault.rename(site.folder / "away")
    site.write("empty-too.md", b"")
    third = told(site)
    assert "Warning: rejected: 2 of the 4 files of site" in third
    assert "Rejected, new\n      +1  empty" in third
    assert "Not read: the source vault: " in third and "as before: the source" not in third

    site.write("three.md")
    site.write("no-words.md", b"---\ntitle: x\n")
    fourth = told(site)
    assert "Not read, as before: the source vault. Why: etl status\n" in fourth and "Not read: " not in fourth
    assert "unterminated_front_matter" in fourth and "Warning: rejected: 3 of the 6 files" in fourth

    site.write("four.md")
    fifth = told(site)
    assert "1 warning of checks, since refresh 4. All" in fifth
    console = printed()
    show_status(site.settings, console)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    for fact in ("Warning: rejected: 3 of the 7", "2  empty ", "unterminated_front_matter", "The source vault could"):
        assert fact in shown, fact
    status = read_status(site.settings).as_json()
    assert status["rejected_files"] == {"empty": 2, "unterminated_front_matter": 1}

    for damage in (None, "[]", '{"few_files_are_rejected": 3}', '{"few_files_are_rejected": {"x": "y"}}', "{"):
        record.unlink(missing_ok=True)
        if damage is not None:
            record.write_text(damage, "utf-8")
        results = [result for result in Refresh(site.settings).run_checks("tables") if not result.passed]
        console = printed()
        show_warnings(results, console)
        assert isinstance(console.file, io.StringIO)
        again = console.file.getvalue()
        assert "Warning: rejected: 3 of the 7 files of site" in again, damage
        assert "warning of checks" not in again, damage
    site.write("five.md")
    again = told(site)
    assert "Warning: rejected: 3 of the 8 files of site" in again and "warning of checks" not in again

    for name in ("empty.md", "empty-too.md", "no-words.md"):
        (site.posts / name).unlink()
    assert "Warning" not in told(site)
    assert json.loads(record.read_text("utf-8")) == {}


def test_of_a_check_with_many_rows_only_the_new_ones_are_told(site: Site) -> None:
    """One source more that has no post, beside ten that had none before."""

    def sources(count: int) -> str:
        return "".join(f'[[source]]\nname = "s{n:02}"\nlocation = "empty"\n' for n in range(count))

    site.write("_posts/2026-01-01-one.md")
    (site.folder / "empty").mkdir()
    site.configure(extra=sources(10))
    first = told(site)
    assert first.count("Warning: the source s") == 5 and "Warning: and 5 more (every_source_has_posts)" in first
    site.configure(extra=sources(11))
    second = told(site)
    [line] = [line for line in second.splitlines() if "Warning" in line]
    assert line.startswith("Warning: the source s10 has no post: ")
    assert "10 warnings of checks, since refresh 1." in second
    site.configure(extra=sources(12))
    assert "11 warnings of checks, the oldest since refresh 1." in told(site)


def test_a_refresh_that_is_not_published_tells_nothing_and_the_next_one_does(site: Site) -> None:
    site.write("_posts/2026-01-01-empty.md", b"")
    refresh, plan = site.plan()
    refresh.load_tables(plan)
    refresh.run_checks("tables")
    assert not refresh.work.warnings.exists()
    again = Refresh(site.settings)
    results = [result for result in again.run_checks("tables") if not result.passed]
    assert [result.new for result in results] == [1]
    console = printed()
    show_warnings(results, console)
    assert isinstance(console.file, io.StringIO)
    assert "Warning: rejected: 1 of the 1" in console.file.getvalue()


def test_a_record_that_cannot_be_written_fails_no_refresh(site: Site) -> None:
    site.write("_posts/2026-01-01-empty.md", b"")
    refresh, plan = site.plan()
    Path(refresh.work.warnings).mkdir(parents=True)
    refresh.load_tables(plan)
    refresh.run_checks("tables")
    refresh.build_aggregates()
    refresh.run_checks("aggregates")
    assert refresh.publish().is_new
