"""Which rows the checks of a refresh ask: those that it may have written, and all of them whenever that may not do."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest
from conftest import Site, six_posts

from etl_project.database.work_file import WorkFile
from etl_project.refresh import rows_to_check

pytestmark = pytest.mark.built(by=six_posts)


@pytest.fixture(autouse=True)
def many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six files are many."""
    monkeypatch.setattr(rows_to_check, "FEWEST_FILES", 6)


ASKED_ALL_ROWS = "SELECT stage, as_of = all_rows_as_of FROM internal.checks_passed ORDER BY 1"
ALL = [("aggregates", True), ("related", True), ("tables", True)]
SOME = [("aggregates", False), ("related", False), ("tables", False)]

CHANGE = "_posts/2026-01-02-0.md"


def test_the_first_build_asks_all_rows_and_a_small_refresh_those_that_changed(site: Site) -> None:
    assert site.query(ASKED_ALL_ROWS) == ALL
    site.write(CHANGE, body="Other words.")
    site.refresh()
    assert site.query(ASKED_ALL_ROWS) == SOME


def in_the_work_file(statement: str) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        with duckdb.connect(str(WorkFile(site.published).path)) as con:
            con.execute(statement)

    return change


def cut_off(site: Site) -> None:
    """Leave the log of a process that was killed beside the work file."""
    path = WorkFile(site.published).path
    with duckdb.connect(str(path)) as con:
        con.execute("PRAGMA disable_checkpoint_on_shutdown; CREATE TABLE internal.left_behind (n INTEGER)")
    assert path.with_name(f"{path.name}.wal").exists()


def test_all_rows_are_checked_where_there_are_few_files(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_to_check, "FEWEST_FILES", 7)
    site.write(CHANGE, body="Other words.")
    site.refresh()
    assert site.query(ASKED_ALL_ROWS) == ALL


UNUSUAL: dict[str, Callable[[Site], object]] = {
    "the last such checks were yesterday": in_the_work_file(
        "UPDATE internal.checks_passed SET all_rows_as_of = all_rows_as_of - INTERVAL 1 DAY"
    ),
    "only some stages ever covered all": in_the_work_file(
        "UPDATE internal.checks_passed SET all_rows_as_of = NULL WHERE stage = 'related'"
    ),
    "the record is damaged": in_the_work_file("DELETE FROM internal.checks_passed WHERE stage = 'related'"),
    "the last refresh was not finished": lambda site: (site.write("_posts/2026-01-03-new.md"), site.load()),
    "the last refresh was cut off": cut_off,
    "the work file is lost": lambda site: WorkFile(site.published).path.unlink(),
    "much was read": lambda site: [site.write(f"_posts/2026-01-02-{n}.md", body="Other.") for n in range(3)],
    "a source was renamed": lambda site: site.config.write_text(
        site.config.read_text("utf-8").replace('name = "site"', 'name = "other"\nrenamed_from = "site"'), "utf-8"
    ),
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_all_rows_are_checked_where_something_is_unusual(site: Site, what: str) -> None:
    site.write(CHANGE, body="Other words.")
    UNUSUAL[what](site)
    refresh, plan = site.plan()
    refresh.load_tables(plan)
    assert not refresh.work.knows_touched
    for stage in ("tables", "related", "aggregates"):
        assert all(result.checked_all_rows for result in refresh.run_checks(stage))


@pytest.mark.parametrize("option", ["full", "verify"])
def test_all_rows_are_checked_where_a_person_asks_for_more(site: Site, option: str) -> None:
    site.write(CHANGE, body="Other words.")
    site.refresh(**{option: True})
    assert site.query(ASKED_ALL_ROWS) == ALL


def test_rows_that_were_damaged_before_are_found_by_the_next_checks_of_all_rows(site: Site) -> None:
    in_the_work_file("DELETE FROM article_metrics WHERE article_id LIKE '%-5.md'")(site)
    site.write(CHANGE, body="Other words.")
    site.refresh()
    site.write(CHANGE, body="Still other words.")
    with pytest.raises(AssertionError, match="every_article_has_one_row_of_article_metrics"):
        site.refresh(verify=True)
