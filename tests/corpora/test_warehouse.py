"""The sample site, built as it is shipped, and the questions of warehouse/queries asked of it."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from conftest import Site
from reading import reading

from etl_project.show.questions import find_question, list_files

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A warehouse built from copies of posts/ and etl.toml."""
    if 'name = "harbour"' not in (ROOT / "etl.toml").read_text("utf-8"):
        pytest.skip("needs the etl.toml of the sample, this one describes another site")
    site = Site(tmp_path_factory.mktemp("sample"))
    shutil.copytree(ROOT / "posts", site.folder / "posts")
    shutil.copy(ROOT / "etl.toml", site.config)
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        site.refresh()
    return site


def test_the_sample_site_has_posts_that_are_loaded_and_three_that_must_be_rejected(sample: Site) -> None:
    assert dict(sample.query("SELECT status, count(*) FROM post_files GROUP BY 1")) == {"loaded": 62, "rejected": 3}
    assert sample.column("SELECT count(*) FROM articles") == [61]
    assert sample.query("SELECT path, reason, line IS NOT NULL FROM rejected_files ORDER BY path") == [
        ("_posts/2025-11-23-night-watch-at-the-pier.md", "unterminated_front_matter", True),
        ("_posts/2026-03-01-spring-tide-photographs.md", "empty", False),
        ("_posts/2026-05-22-open-day-at-the-lighthouse.md", "no_front_matter", True),
    ]


def test_the_sample_site_shows_each_kind_of_repair_once(sample: Site) -> None:
    warnings = Counter(sample.column("SELECT unnest(warnings) FROM post_files"))
    assert warnings == {
        "repaired_quotes": 1,
        "repaired_plain_scalar": 1,
        "decoded_fallback": 1,
        "bom_removed": 1,
        "date_invalid": 1,
        "date_missing": 1,
        "date_from_file_name": 2,
        "title_empty": 1,
        "duplicate_identity": 1,
    }


def test_what_the_sample_site_repairs_reads_as_its_writer_meant(sample: Site) -> None:
    titles = dict(
        sample.query(
            "SELECT w, title FROM (SELECT unnest(warnings) AS w, path FROM post_files) JOIN articles USING (path)"
        )
    )
    assert '"' in titles["repaired_quotes"] and not titles["repaired_quotes"].startswith('"')
    assert titles["title_empty"] is None
    assert not any("�" in title for title in titles.values() if title)


def test_the_sample_site_fills_every_table_people_ask(sample: Site) -> None:
    with reading(sample.published) as con:
        names = [
            name
            for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall()
        ]
        empty = [name for name in names if con.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)]
    assert sorted(empty) == ["article_versions"], "without history"


def test_the_sample_site_tells_one_story_twice_and_has_one_link_that_leads_nowhere(sample: Site) -> None:
    assert sample.query("SELECT medium, is_first FROM who_was_first ORDER BY position") == [
        ("港务局", True), ("对岸日报", False),
    ]  # fmt: skip
    assert sample.query("SELECT link, because FROM broken_links") == [
        ("/notes/2026/07/02/the-divers-notebook.html", "no_article")
    ]


def test_the_sample_site_is_written_in_two_languages_over_two_years(sample: Site) -> None:
    assert set(sample.column("SELECT DISTINCT language FROM articles")) >= {"zh", "en"}
    [days] = sample.column("SELECT date_diff('day', min(published_on), max(published_on)) FROM articles")
    assert days > 700


NOT_HERE = {
    "duplicate_titles", "fields_in_use", "headings_out_of_order", "images_without_text", "most_cited_hosts",
    "new_hosts", "open_tasks", "posts_without_category", "posts_without_tags", "tags_spelled_alike",
}  # fmt: skip
"""Questions that the sample site has no answer to; tests/show/test_questions.py has a site with one to each."""


@pytest.mark.parametrize("name", list_files(None))
def test_a_query_answers_the_question_it_begins_with(sample: Site, name: str) -> None:
    question = find_question(name, None)
    assert question.title.endswith("?") and all(one.meaning for one in question.parameters)
    with reading(sample.published) as con:
        cursor = con.execute(question.sql, question.values([]))
        columns = [(column[0], str(column[1])) for column in cursor.description or ()]
        rows = cursor.fetchall()
    names = [name for name, _ in columns]
    assert len(set(names)) == len(names) >= 2
    assert [name for name in names if not name.isidentifier()] == [], "a column without a name of its own"
    assert [name for name, kind in columns if kind == "HUGEINT"] == []
    assert len(rows) <= 20 and len({str(row) for row in rows}) == len(rows)
    assert bool(rows) != (name in NOT_HERE)
    seen = [name for i, name in enumerate(names) if any(row[i] is not None for row in rows)]
    assert not rows or seen == names, "a column that is always NULL answers nothing"
