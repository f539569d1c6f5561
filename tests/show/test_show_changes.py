"""`etl changes`: why did yesterday's count move."""

from __future__ import annotations

import json
import re

import pytest
from conftest import Site
from typer.testing import CliRunner

from etl_project.cli import app


def run(site: Site, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["changes", "--config", str(site.config), *words])
    return result.exit_code, re.sub(r" +", " ", result.output)


@pytest.fixture(scope="module")
def worked_on(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Three refreshes: two posts; one moved to another day and one gone; one added. Its warehouse is only read."""
    site = Site(tmp_path_factory.mktemp("worked_on"))
    site.configure()
    site.write("_posts/2026-01-02-one.md", title="One", categories="a")
    gone = site.write("_posts/2026-01-02-two.md", title="Two", categories="[]")
    site.refresh()
    site.write("_posts/2026-01-02-one.md", title="One", categories="[a, b]", date="2026-02-03", age=30)
    gone.unlink()
    site.refresh(allow_deletes=True)
    site.write("_posts/2026-01-04-three.md", title="Three [red]", date="2026-01-04 10:00:00")
    site.refresh()
    return site


def test_by_default_it_tells_of_the_last_refresh(worked_on: Site) -> None:
    code, output = run(worked_on)
    assert code == 0
    assert output.startswith("1 refresh, ")
    assert "2026-01-04 │ site │ news │ 1 │ 0 │ +1" in output
    assert "3 added site/_posts/2026-01-04-three.md Three [red]" in output
    assert "deleted" not in output


def test_since_a_refresh_it_tells_which_counts_moved(worked_on: Site) -> None:
    code, output = run(worked_on, "--since", "1")
    assert code == 0
    assert output.startswith("2 refreshes, ")
    assert "site │ 1 │ 1 │ 1" in output, "added, changed, deleted"
    for line in ("2026-02-03 │ site │ a │ 1 │ 0 │ +1", "2026-02-03 │ site │ b │ 1 │ 0 │ +1",
                 "2026-01-02 │ site │ a │ 0 │ 1 │ -1", "2026-01-02 │ site │ (none) │ 0 │ 1 │ -1"):  # fmt: skip
        assert line in output
    assert "deleted site/_posts/2026-01-02-two.md Two" in output


def test_an_edit_that_moves_no_count_says_so(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", body="Some.")
    site.load()
    site.write("_posts/2026-01-02-one.md", body="Other.", age=30)
    site.refresh()
    _, output = run(site)
    assert "No count by date and category changed." in output


def test_since_a_day_to_come_there_is_nothing(worked_on: Site) -> None:
    assert run(worked_on, "--since", "2100-01-01") == (0, "No refresh has changed anything since then.\n")


def test_eight_digits_that_are_a_date_are_a_date(worked_on: Site) -> None:
    assert run(worked_on, "--since", "20200101")[1].startswith("3 refreshes, ")
    assert run(worked_on, "--since", "21000101") == (0, "No refresh has changed anything since then.\n")


def test_a_refresh_that_has_not_been_is_refused_with_the_last_one(worked_on: Site) -> None:
    for number in ("4", "99", "20261301"):
        code, output = run(worked_on, "--since", number)
        assert code == 2
        assert f"there is no refresh {number}, the last one is 3; write --since 2" in output.replace("\n", " ")
    assert run(worked_on, "--since", "3") == (0, "No refresh has changed anything since then.\n")


def test_the_rest_of_a_long_list_is_counted(worked_on: Site) -> None:
    _, output = run(worked_on, "--since", "2020-01-01", "--limit", "2")
    assert "... and 3 more: etl sql" in output.replace("\n", " ")


def test_what_is_no_moment_is_refused_with_an_example(worked_on: Site) -> None:
    code, output = run(worked_on, "--since", "doomsday")
    assert code == 2
    assert "'doomsday' is neither the number of a refresh nor a time; write --since 12" in output


@pytest.mark.parametrize("since", ["today", "yesterday", "last week", "7d", "36h", "2 w"])
def test_since_some_time_ago_all_of_them_are_told(worked_on: Site, since: str) -> None:
    assert run(worked_on, "--since", since)[1].startswith("3 refreshes, "), "but at midnight, when today began now"


def test_times_are_in_the_zone_of_the_source_which_is_named(worked_on: Site) -> None:
    (as_of,) = worked_on.column("SELECT max(as_of AT TIME ZONE 'Asia/Shanghai') FROM refreshes")
    assert run(worked_on)[1].startswith(f"1 refresh, {as_of:%Y-%m-%d %H:%M:%S} Asia/Shanghai")
    _, output = run(
        worked_on, "--since", as_of.isoformat()
    )  # to the microsecond: the refresh before may be of this second
    assert output.startswith("1 refresh, "), "a time without a zone is of the source's"


def test_the_first_refresh_is_told_by_its_sum(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    _, output = run(site)
    assert "It is the first refresh: every article is new." in output and "one.md" not in output


def test_the_same_is_written_as_json(worked_on: Site) -> None:
    told = json.loads(CliRunner().invoke(app, ["changes", "--config", str(worked_on.config), "--json"]).output)
    assert told["kinds"] == [{"source": "site", "change": "added", "articles": 1}]
    assert told["counts"] == [{"source": "site", "date": "2026-01-04", "category": "news", "more": 1, "fewer": 0}]
    (article,) = told["articles"]
    assert article["path"] == "_posts/2026-01-04-three.md" and told["articles_in_all"] == 1
