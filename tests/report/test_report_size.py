"""How large a page may be, whatever the number of posts."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from conftest import Site

from etl_project.report import content, write_report

pytest_plugins = ["report_fixtures"]

_POSTS = """
SELECT setseed(0.5);
CREATE TEMP TABLE made AS
SELECT 'p' || i AS article_id, hash(i) % 8 AS other, random() AS r, random() AS q,
    TIMESTAMP '2020-01-01' + to_minutes((random() * 3_000_000)::INTEGER) AS moment
FROM range({posts}) AS t(i);
INSERT INTO articles BY NAME
SELECT article_id, 'site' AS source_id, article_id AS path, 'A title' AS title, moment::TIMESTAMPTZ AS published_at,
    moment AS published_local, moment::DATE AS published_on, 'second' AS published_precision, 'published' AS status,
    'h' AS text_hash, '{{}}' AS front_matter, '{{}}' AS extra
FROM made;
INSERT INTO article_metrics
SELECT article_id, 900, 200 + (q * 900)::INTEGER, 0, 0, 0, 0, 0, 0, 0, 1 FROM made;
INSERT INTO categories SELECT 'c' || i, 'Category ' || i, NULL FROM range(40) AS t(i);
INSERT INTO article_categories SELECT article_id, 'c' || power(40, r)::INTEGER % 40, 0, 'x' FROM made;
INSERT INTO tags SELECT 't' || i, 'Tag ' || i FROM range(100) AS t(i);
INSERT INTO article_tags SELECT article_id, 't' || (power(99, r)::INTEGER + other) % 100, 0, 'x' FROM made;
"""


def page_of(site: Site, posts: int, folder: Path) -> tuple[int, list[str]]:
    """Bytes of a page of so many more posts, and the grains of its cubes: by day, by hour, by tag."""
    file, kept = folder / "many.duckdb", Path(".work/report.libraries.json")
    file.write_bytes(site.published.read_bytes())
    (folder / kept).parent.mkdir()
    (folder / kept).write_bytes((site.published.parent / kept).read_bytes())  # to make them takes seconds
    with duckdb.connect(str(file)) as con:
        con.execute(_POSTS.format(posts=posts))
    written = write_report(file, folder / "report.html")
    return written.size, re.findall(r'"grain":"(\w+)"', written.path.read_text("utf-8"))


def test_a_page_keeps_to_its_size_with_coarser_counts(
    published_site: Site, page_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = page_file.stat().st_size + 25_000
    monkeypatch.setattr(content, "PAGE_BYTES", most)
    monkeypatch.setattr(content, "_LEAST_ROOM_BYTES", 0)
    size, grains = page_of(published_site, 10_000, tmp_path)
    assert most - 20_000 < size <= most + 5_000
    assert grains != ["day", "day", "day"]


@pytest.mark.prove("growth")
def test_a_page_of_a_hundred_thousand_posts_takes_a_megabyte_and_a_half(
    published_site: Site, page_file: Path, tmp_path: Path
) -> None:
    assert page_file.exists()
    size, grains = page_of(published_site, 100_000, tmp_path)
    assert 1_200_000 < size <= 1_500_000
    assert grains[:2] == ["day", "day"], "days and hours are exact at this size"


@pytest.mark.prove("growth")
def test_a_page_of_a_million_posts_takes_five_megabytes(published_site: Site, page_file: Path, tmp_path: Path) -> None:
    assert page_file.exists()
    size, _ = page_of(published_site, 1_000_000, tmp_path)
    assert 1_500_000 < size <= 5_000_000
