"""The founding site, with the settings that ship for it, against the posts themselves and what Jekyll reads."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Site

EXAMPLE = Path(__file__).parents[2] / "examples" / "finews.toml"


@pytest.fixture(scope="module")
def finews(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return built(shared, tmp_path_factory.mktemp("finews"))


def built(shared: Path, folder: Path, *changes: tuple[str, str]) -> Site:
    text = EXAMPLE.read_text("utf-8")
    for old, new in (
        ('path = "warehouse/finews.duckdb"', 'path = "warehouse/posts.duckdb"'),
        ('"../../shared/sites/finews"', json.dumps(str(shared / "sites/finews"))),
        *changes,
    ):
        assert old in text
        text = text.replace(old, new)
    site = Site(folder)
    site.config.write_text(text, "utf-8")
    site.refresh()
    return site


def test_109_posts_are_loaded_none_is_rejected_and_103_are_articles_by_file_name(finews: Site) -> None:
    assert finews.query("SELECT status, count(*) FROM post_files GROUP BY 1") == [("loaded", 109)]
    assert finews.column("SELECT count(*) FROM articles") == [103]
    assert finews.column("SELECT count(*) FROM post_files WHERE is_shadowed") == [6]


def test_with_the_path_as_identity_every_post_is_an_article(shared: Path, tmp_path: Path) -> None:
    site = built(shared, tmp_path, ('identity = "file_name"', 'identity = "path"'))
    assert site.column("SELECT count(*) FROM articles") == [109]


def test_a_post_is_read_as_a_person_reads_it(finews: Site) -> None:
    row = finews.query(
        """
        SELECT title, published_local::VARCHAR, epoch(published_at)::BIGINT, published_on::VARCHAR,
            medium, original_url,
            (SELECT list(category_id) FROM article_categories AS c WHERE c.article_id = a.article_id),
            (SELECT list(tag_id) FROM article_tags AS t WHERE t.article_id = a.article_id)
        FROM articles AS a WHERE path = '_posts/2022-04-12-NW202204122339420971.md'
        """
    )
    assert row == [
        (
            "条块合力双促进 党业融合人才兴",
            "2022-04-12 08:53:05",
            1649724785,
            "2022-04-12",
            "中国税务报",
            "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204122339420971",
            ["zhongguoshuiwubao"],
            ["中国税务报新闻"],
        )
    ]


def test_no_plain_text_holds_the_footer_links(finews: Site) -> None:
    assert finews.column("SELECT article_id FROM article_bodies WHERE contains(text, '返回首页')") == []
    assert finews.column("SELECT count(*) FROM article_bodies WHERE contains(body, '返回首页')")[0] > 80


def test_the_post_without_a_date_is_loaded_and_counted_under_no_day(finews: Site) -> None:
    path = "_posts/-202205262391921712.md"
    assert finews.query(f"SELECT published_at, published_on, title FROM articles WHERE path = '{path}'") == [
        (None, None, None)
    ]
    (warnings,) = finews.column(f"SELECT warnings FROM post_files WHERE path = '{path}'")
    assert {"date_missing", "title_empty", "link_empty"} <= set(warnings)
    for aggregate in ("articles_by_date", "articles_by_month"):
        assert finews.column(f"SELECT sum(articles)::INT FROM {aggregate}") == [102]
    assert finews.column("SELECT sum(articles)::INT FROM articles_by_category") == [103]


def test_a_stock_in_three_spellings_is_one_mention(finews: Site) -> None:
    assert finews.query(
        """
        SELECT kind, key, label, count FROM article_mentions AS m JOIN articles AS a USING (article_id)
        WHERE a.path = '_posts/-202205262391921712.md' AND key = '600160'
        """
    ) == [("stock", "600160", "巨化股份", 3)]


def test_jekyll_reads_the_same(shared: Path, tmp_path: Path) -> None:
    site = built(
        shared,
        tmp_path,
        ('naive_dates = "local"', 'naive_dates = "utc"'),
        ('identity = "file_name"', 'identity = "path"'),
    )
    ours: dict[str, tuple[Any, ...]] = {
        path: rest
        for path, *rest in site.query(
            """
            SELECT path, title, epoch(published_at)::BIGINT, slug, url,
                (SELECT list(name_as_written ORDER BY position) FROM article_categories AS c
                    WHERE c.article_id = a.article_id),
                (SELECT list(name_as_written ORDER BY position) FROM article_tags AS t
                    WHERE t.article_id = a.article_id)
            FROM articles AS a
            """
        )
    }
    reference = [json.loads(line) for line in (shared / "reference/finews.jekyll.jsonl").open(encoding="utf-8")]
    assert len(reference) == 42
    for post in reference:
        instant = int(dt.datetime.fromisoformat(post["date"]).timestamp())
        expected = [post["title"], instant, post["slug"], post["url"], post["categories"], post["tags"]]
        assert [*ours[post["path"]]] == expected, post["path"]
