"""`etl search`: which articles, in which order, with which piece of their texts, and what it says where it cannot."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from conftest import Site
from rich.console import Console
from typer.testing import CliRunner

from etl_project.cli import app
from etl_project.show.deadline import TookTooLong
from etl_project.show.search import BadSearch, CannotSearch, Filters, find_hits, parse_day, show_hits


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("search"))
    site.configure(extra=f'[[source]]\nname = "other"\nlocation = "{site.folder}/other"\ndialect = "jekyll"\n')
    for day in range(1, 5):
        site.write(
            f"_posts/2026-01-0{day}-p.md", title=f"第{day}篇", date=f"2026-01-0{day} 08:00:00", body="芯片 " * day
        )
    site.write("_posts/2026-01-09-d.md", "---\ntitle: 芯片\ndate: 2026-01-09\npublished: false\n---\n芯片\n")
    site.write("../other/_posts/2026-02-01-o.md", title="Markets \u202e", date="2026-02-01 08:00:00", body="芯片 price")
    site.refresh()
    yield site


def titles(site: Site, words: str, limit: int = 10, **filters: object) -> tuple[list[str | None], int]:
    hits, count = find_hits(site.published, words, Filters(**filters), limit)  # type: ignore[arg-type]
    return [hit.title for hit in hits], count


def test_live_articles_are_found_and_counted(built: Site) -> None:
    found, count = titles(built, "芯片", limit=2)
    assert (found, count) == (["第4篇", "第3篇"], 5)
    assert titles(built, "没有这样的词") == ([], 0)


def test_filters_come_before_the_limit(built: Site) -> None:
    assert titles(built, "芯片", 1, sources=("other",)) == (["Markets \u202e"], 1)
    assert titles(built, "芯片", 1, first=dt.date(2026, 1, 2), last=dt.date(2026, 1, 2)) == (["第2篇"], 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["!!"], "Write at least one letter or digit"),
        ([""], "Write at least one letter or digit"),
        (["x", "--source", "y"], "There is no source 'y'; the sources are other, site."),
        (["x", "--from", "2026"], "'2026' is no day; write --from 2026-01-31"),
        (["x", "--from", "2026-02-01", "--to", "2026-01-31"], "No day is from 2026-02-01 on and until 2026-01-31"),
        (["x", "--to", "May"], "'May' is no day; write --to 2026-01-31"),
    ],
)
def test_what_cannot_be_searched_is_said_with_what_to_write(built: Site, arguments: list[str], message: str) -> None:
    ended = CliRunner().invoke(app, ["search", *arguments, "--config", str(built.config)])
    assert isinstance(ended.exception, BadSearch) or ended.exit_code == 2
    assert message in str(ended.exception) or message in ended.output


def test_words_are_arguments_and_the_answer_may_be_json(built: Site) -> None:
    ended = CliRunner().invoke(
        app, ["search", "芯片", "price", "--json", "--from", "2026-01-31", "--config", str(built.config)]
    )
    [hit] = json.loads(ended.stdout)
    assert ended.exit_code == 0 and hit.pop("score") > 0
    assert hit == {
        "article_id": "other:_posts/2026-02-01-o.md", "source_id": "other", "published_on": "2026-02-01",
        "title": "Markets \u202e", "url": "/news/2026/02/01/o.html", "snippet": "«芯片» «price»",
    }  # fmt: skip


def test_what_is_shown_is_marked_counted_and_safe_for_a_terminal(built: Site) -> None:
    out = Console(file=io.StringIO(), width=100, force_terminal=False)
    show_hits(*find_hits(built.published, "芯片", Filters(), 5), "芯片", out)
    shown = out.file.getvalue()  # type: ignore[attr-defined]
    assert "Markets \\u202e  2026-02-01  other" in shown and "\u202e" not in shown
    assert shown.endswith("5 articles found for '芯片'.\n") and "  «芯片» price" in shown


def test_a_search_stops_at_its_deadline(built: Site) -> None:
    with pytest.raises(TookTooLong, match="longer than 0 seconds and was stopped"):
        find_hits(built.published, " ".join(f"词{n}" for n in range(3_000)), Filters(), 5, seconds=0)


def test_it_says_how_to_switch_search_on(site: Site) -> None:
    site.configure(extra="[insight]\nsearch = false\n")
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    with pytest.raises(CannotSearch, match=r"`search = true` in the table \[insight\] of etl.toml"):
        find_hits(site.published, "words", Filters(), 5)


def test_a_file_of_an_older_version_is_said_to_need_a_refresh(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "posts.duckdb")) as con:
        con.execute("CREATE TABLE articles (article_id VARCHAR)")
    with pytest.raises(CannotSearch, match="Run: etl refresh"):
        find_hits(tmp_path / "posts.duckdb", "words", Filters(), 5)


def test_a_day_is_written_as_iso_8601_has_it() -> None:
    assert parse_day("2026-01-31", "--from") == dt.date(2026, 1, 31) and parse_day(None, "--to") is None
