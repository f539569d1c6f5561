"""Questions ready to run: how they are found and given values, and that each answers as Python counts it."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import Site
from reading import reading
from typer.testing import CliRunner, Result

from etl_project.cli import app
from etl_project.show.questions import BadQuestion, find_question, list_files, read_question

MENTIONS = """
[[source.rules]]
column = "medium"
selector = "p"
pattern = 'Source: (.+)'

[[source.mentions]]
kind = "ship"
selector = "[data-ship]"
key = "data-ship"
"""

STORY = (
    "The harbour board has agreed to lengthen the eastern pier by forty metres before the spring. Fishermen asked for "
    "it after three boats were damaged in the December storm, and the town will pay a third of the cost. Work begins "
    "when the last of the winter ice has left the basin; until then the ferries keep to their old berth at the market, "
    "and the lighthouse keeper goes on lighting the temporary beacon every evening at dusk."
)
SHIPS = '<b data-ship="A1">Gull</b> met <b data-ship="B2">Tern</b>.'
LINKS = "[f](2026-01-06-f.md) [f]({% post_url 2026-01-06-f %}) [f](/news/2026/01/06/f.html#end)"
POSTS: list[tuple[str, dict[str, str]]] = [
    # file, front matter and body
    ("_posts/2025-12-01-a.md", {"tags": "port", "body": SHIPS}),
    ("_posts/2026-01-01-b.md", {"tags": "port fish", "body": f"{SHIPS} {SHIPS} [x](https://old.example/)"}),
    ("_posts/2026-01-02-c.md", {"tags": "ports", "body": "one two three\n\n![](/a.png) ![a](/b.png)"}),
    (
        "_posts/2026-01-03-d.md",
        {"tags": "fish port", "body": "# One\n\n### Three\n\n# One again\n\n- [ ] due:: May\n- [x] text"},
    ),
    ("_posts/2026-01-05-e.md", {"tags": "", "categories": "", "body": "[home](/index.html#top) [home](/index.html)"}),
    (
        "_posts/2026-01-06-f.md",
        {"tags": "sea-port", "title": "Twice", "body": "港 [n](https://new.example/) [h](https://my.example/)"},
    ),
    ("_posts/2026-01-07-g.md", {"tags": "seaport", "title": "TWICE!", "body": "    code\n\n    code\n\n" + LINKS}),
    ("_posts/2026-01-08-h.md", {"title": "The story", "body": f"{STORY}\n\nSource: Morning News"}),
    ("_posts/2026-01-09-i.md", {"title": "The story again", "body": f"{STORY}\n\nSource: Evening Post"}),
    ("_posts/2026-01-10-j.md", {"tags": "port", "body": "draft", "published": "false"}),
    ("old_post/2026-01-03-d.md", {"body": "the same article in another folder"}),
]


def author(path: str) -> str:
    return "Ann" if path < "_posts/2026-01-05" else "Bo"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site on which every question has an answer; its warehouse is only read."""
    site = Site(tmp_path_factory.mktemp("asked"))
    site.configure(
        source=f'{site.source}identity = "file_name"\nurl = "https://my.example"\nlanguage = "en"\n{MENTIONS}'
    )
    for path, values in POSTS:
        day = path.rpartition("/")[2][:10]
        fields = {"title": path[-4:-3], "categories": "news", "tags": "", "published": "true"} | values
        body = fields.pop("body")
        head = "".join(f'{name}: "{value}"\n' for name, value in fields.items())
        site.write(path, f"---\n{head}date: {day} 09:00:00 +0800\nauthor: {author(path)}\n---\n{body}\n")
    site.write("_posts/2026-01-11-k.md", "---\ntitle: no end\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        site.refresh()
    return site


def ask(site: Site, name: str, *given: str) -> list[dict[str, Any]]:
    question = find_question(name, None)
    with reading(site.published) as con:
        cursor = con.execute(question.sql, question.values(given))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def etl(site: Site, command: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, [command, *arguments, "--config", str(site.config)])


def said(result: Result) -> str:
    return " ".join(result.output.split())


LIVE = [(path, values) for path, values in POSTS if path.startswith("_posts") and "published" not in values]
DAYS = [dt.date.fromisoformat(path[7:17]) for path, _ in LIVE]
TAGS = [values.get("tags", "").split() for _, values in LIVE]


def test_there_are_more_than_thirty_questions() -> None:
    assert len(list_files(None)) > 30


@pytest.mark.parametrize("name", list_files(None))
def test_every_question_has_an_answer_on_a_site_with_each_case(asked: Site, name: str) -> None:
    rows = ask(asked, name)
    assert 1 <= len(rows) <= 20
    if name not in ("busiest_days", "tags_gone_quiet", "share_of_drafts"):
        assert [column for column in rows[0] if all(row[column] is None for row in rows)] == []


def test_streaks_and_gaps_are_what_python_counts(asked: Site) -> None:
    streaks = [1]
    for before, after in itertools.pairwise(DAYS):
        streaks = [*streaks[:-1], streaks[-1] + 1] if after - before == dt.timedelta(1) else [*streaks, 1]
    assert sorted(row["days"] for row in ask(asked, "posting_streaks")) == sorted(n for n in streaks if n > 1) == [3, 5]
    gaps = {str(after): (after - before).days - 1 for before, after in itertools.pairwise(DAYS)}
    told = {row["first_day_after"]: row["silent_days"] for row in ask(asked, "longest_gaps", "rows=100")}
    still_open = told.pop("still open")
    assert told == gaps and still_open > 200


def test_tags_are_counted_as_python_counts_them(asked: Site) -> None:
    pairs = Counter(pair for tags in TAGS for pair in itertools.combinations(sorted(tags), 2))
    assert {(r["one"], r["other"]): r["articles"] for r in ask(asked, "tags_together")} == dict(pairs)
    once = {tag for tag, count in Counter(tag for tags in TAGS for tag in tags).items() if count == 1}
    assert {row["tag"] for row in ask(asked, "tags_used_once")} == once
    alike = {(row["one"], row["other"]) for row in ask(asked, "tags_spelled_alike")}
    assert alike == {("port", "ports"), ("sea-port", "seaport")}
    assert len(ask(asked, "posts_without_tags")) == sum(not tags for tags in TAGS)


def test_authors_years_and_weekdays_are_what_python_counts(asked: Site) -> None:
    authors = Counter(author(path) for path, _ in LIVE)
    assert {row["author"]: row["articles"] for row in ask(asked, "authors_by_words")} == authors
    years = Counter(day.year for day in DAYS)
    assert {row["year"]: row["articles"] for row in ask(asked, "posts_by_year")} == years
    weekdays = Counter(f"{day:%A}" for day in DAYS)
    assert {row["weekday"]: row["articles"] for row in ask(asked, "posts_by_weekday")} == weekdays


def test_what_is_not_out_is_told_by_reason(asked: Site) -> None:
    [row] = ask(asked, "share_of_drafts")
    assert (row["articles"], row["drafts"], row["percent"]) == (len(LIVE) + 1, 1, round(100 / (len(LIVE) + 1), 1))
    assert [row["title"] for row in ask(asked, "not_out_yet")] == ["j"]


def test_links_images_and_headings_are_found(asked: Site) -> None:
    assert [row["host"] for row in ask(asked, "new_hosts", "days=5")] == ["new.example"]
    assert [(row["path"], row["image"]) for row in ask(asked, "images_without_text")] == [
        ("_posts/2026-01-02-c.md", "/a.png")
    ]
    assert [(row["what"], row["heading"]) for row in ask(asked, "headings_out_of_order")] == [
        ("1 to 3", "Three"), ("another of level 1", "One again"),
    ]  # fmt: skip
    assert [row["host"] for row in ask(asked, "most_cited_hosts")] == ["new.example", "old.example"]
    assert ask(asked, "most_linked_pages", "rows=2") == [
        {"page": "/news/2026/01/06/f.html", "links": 3, "articles": 1},
        {"page": "/index.html", "links": 2, "articles": 1},
    ]


def test_open_tasks_and_fields_are_found(asked: Site) -> None:
    assert [(row["title"], row["task"]) for row in ask(asked, "open_tasks")] == [("d", "due:: May")]
    assert ask(asked, "fields_in_use") == [{"key": "due", "times": 1, "articles": 1, "newest_value": "May"}]


def test_mentions_of_two_are_found_by_key_and_by_name(asked: Site) -> None:
    [pair] = ask(asked, "mentioned_together")
    assert (pair["one_key"], pair["other_key"], pair["articles"]) == ("A1", "B2", 2)
    assert ask(asked, "mentioned_together", "kind=stock") == []
    for given in (("one=A1", "other=Tern"), ("one=Gull",)):
        rows = ask(asked, "articles_that_mention", *given)
        assert [(row["title"], row["mentions"]) for row in rows] == [("b", 4), ("a", 2)]
    assert ask(asked, "articles_that_mention", "one=C3") == []


def test_stories_and_titles_that_occur_again_are_found(asked: Site) -> None:
    [story] = ask(asked, "told_by_several_sources")
    assert (story["first_told_by"], story["told_by"]) == ("Morning News", ["Evening Post", "Morning News"])
    assert story["minutes_until_last"] == 24 * 60
    assert [row["title"] for row in ask(asked, "told_again")] == ["The story again"]
    [titles] = ask(asked, "duplicate_titles")
    assert titles["articles"] == 2 and str(titles["title"]).lower().startswith("twice")


def test_parameters_change_the_answer(asked: Site) -> None:
    assert len(ask(asked, "longest_reads", "rows=3")) == 3
    assert ask(asked, "posts_without_tags", "source=nobody") == []
    assert [row["title"] for row in ask(asked, "on_this_day", "day=12-31", "days=1")] == ["b"]
    assert [row["title"] for row in ask(asked, "find_in_text", "text=two three")] == ["c"]
    assert [row["version"] for row in ask(asked, "versions_of_a_post", "path=_posts/2026-01-03-d.md")] == [1]


def test_the_command_runs_a_question_with_values(asked: Site) -> None:
    result = etl(asked, "sql", "@longest_reads", "rows=2", "--format", "csv")
    assert result.exit_code == 0 and result.stdout.count("\n") == 3
    result = etl(asked, "sql", "--file", str(list_files(None)["longest_reads"]), "rows=1", "--format", "csv")
    assert result.exit_code == 0 and result.stdout.count("\n") == 2
    result = etl(asked, "sql", "SELECT 1 AS n", "x=1")
    assert result.exit_code == 2 and "has no parameter 'x'. It takes none." in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["@longest_read"], "There is no question @longest_read. The nearest: @longest_reads"),
        (["@"], "None is like it. All of them: etl queries"),
        (["@longest_reads", "row=3"], "has no parameter 'row'. It takes rows (most articles to show)."),
        (["@longest_reads", "rows=ten"], "rows is a whole number, and 'ten' is none; its default is 10."),
        (["@longest_reads", "rows=99999999999999999999"], "rows is a whole number"),
        (["@longest_reads", "3"], "'3' is no value; write NAME=VALUE."),
        (["@longest_reads", "rows=1", "rows=2"], "rows is given twice."),
    ],
)
def test_a_slip_in_a_question_is_a_sentence_and_exit_2(asked: Site, arguments: list[str], told: str) -> None:
    result = etl(asked, "sql", *arguments)
    assert result.exit_code == 2 and told in said(result)


def test_own_questions_are_found_beside_the_settings_and_come_first(asked: Site) -> None:
    folder = asked.folder / "queries"
    folder.mkdir()
    try:
        (folder / "mine.sql").write_text(
            "-- Which day?\n-- $day = DATE '2026-01-02': a day\n-- $on = true: x\n-- $share = 0.5: y\n"
            "-- $word = 'it''s: so': z\nSELECT $day AS day, $on AS switch, $share AS share, $word AS word"
        )
        (folder / "newest.sql").write_text("-- Mine?\nSELECT 'mine' AS whose")
        (folder / "wrong.sql").write_text("-- Wrong?\n-- $x: no default\nSELECT $x")
        (folder / "unused.sql").write_text("-- Unused?\n-- $x = 1: not used\nSELECT 1 AS n")
        listed = etl(asked, "queries").output
        assert "mine" in listed and "day=2026-01-02" in listed and "line 2: is no parameter" in " ".join(listed.split())
        assert etl(asked, "sql", "@newest", "--format", "csv").stdout == "whose\nmine\n"
        result = etl(asked, "sql", "@mine", "day=2026-05-06", "on=False", "--format", "csv")
        assert result.stdout == "day,switch,share,word\n2026-05-06,false,0.5,it's: so\n"
        assert "day is a day such as 2026-01-31" in said(etl(asked, "sql", "@mine", "day=May"))
        assert etl(asked, "sql", "@wrong").exit_code == 2
        assert "does not use $x" in said(etl(asked, "sql", "@unused"))
        assert etl(asked, "queries", "newest").stdout == "-- Mine?\nSELECT 'mine' AS whose\n"
    finally:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def test_every_question_is_listed_with_its_title_and_what_it_takes(asked: Site) -> None:
    listed = said(etl(asked, "queries"))
    for name in list_files(None):
        question = find_question(name, None)
        assert f"{name} {question.title}" in listed
        assert all(f"{one.name}={one.shown}" in listed for one in question.parameters)


def test_the_question_that_the_manual_shows_runs_with_its_parameters(asked: Site) -> None:
    page = (Path(__file__).parents[2] / "docs/queries.md").read_text("utf-8")
    question = read_question("shown", page.partition("```sql\n")[2].partition("```")[0], Path("docs/queries.md"))
    assert [one.name for one in question.parameters] == ["days", "source"] and question.title.endswith("?")
    with reading(asked.published) as con:
        lately = con.execute(question.sql, question.values(["days=2"])).fetchall()
        assert [title for _, title in lately] == ["The story again", "The story"]
        assert con.execute(question.sql, question.values(["source=x"])).fetchall() == []


@pytest.mark.parametrize(
    "line", ["-- $x = : m", "-- $x = DATE 'May': m", "-- $x = now(): m", "-- $x = 1", "-- $ = 1: m"]
)
def test_a_parameter_that_cannot_be_read_is_named_with_its_line(line: str) -> None:
    with pytest.raises(BadQuestion, match=r"q\.sql, line 2: is no parameter\. Write each once"):
        read_question("q", f"-- Title?\n{line}\nSELECT 1", Path("q.sql"))


def test_a_statement_without_a_title_or_parameters_is_one_too() -> None:
    question = read_question("q", "SELECT 1 -- $x = 1: m", Path("q.sql"))
    assert (question.title, question.parameters) == ("", ())
