"""What Jekyll and Hugo themselves read from real sites is what we read."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import pinned

from etl_project.dialects import DIALECTS, detect_dialect, is_post
from etl_project.extract.decode import decode
from etl_project.extract.fields import FieldReader, Fields
from etl_project.extract.front_matter.read import read_front_matter
from etl_project.limits import Limits
from etl_project.sources.source import Source

SHARED = Path(__file__).parents[3] / "shared"
SITES = {
    "finews": ("jekyll", "Asia/Shanghai", ""),
    "bitcoinops": ("jekyll", "UTC", ""),
    "ruby-lang": ("jekyll", "UTC", ""),
    "hugo-notes": ("hugo", "UTC", "https://example.org"),
    "yihui": ("hugo", "UTC", "https://yihui.org"),
}

pytestmark = pytest.mark.skipif(not (SHARED / "reference").is_dir(), reason="needs ../shared: sites and references")


def read_site(name: str, paths: list[str]) -> dict[str, Fields]:
    dialect, time_zone, _ = SITES[name]
    root, limits = SHARED / "sites" / name, Limits()
    source = Source(name=name, location=root, dialect=dialect, time_zone=time_zone, naive_dates="utc")
    reader = FieldReader(pinned(source), limits)
    posts: dict[str, Fields] = {}
    for path in paths:
        text = decode((root / path).read_bytes(), source.encodings).text
        front_matter = read_front_matter(text, limits, required=True, formats=DIALECTS[dialect].header_formats)
        posts[path] = reader.read(path, front_matter.fields, first_heading=None)
    return posts


def instant(written: str) -> int | None:
    """Microseconds since the epoch; Go writes the year 1 for no date."""
    at = dt.datetime.fromisoformat(written)
    return None if at.year == 1 else int(at.timestamp()) * 1_000_000


def ours(fields: Fields) -> dict[str, Any]:
    return {
        "title": fields.title or "",
        "date": fields.published and fields.published.instant,
        "url": fields.url,
        "draft": fields.status == "draft",
        "slug": fields.slug,
        "expires": fields.expires and fields.expires.instant,
        "categories": fields.categories,
        "tags": fields.tags,
    }


@pytest.mark.parametrize("name", ["finews", "bitcoinops", "ruby-lang"])
def test_every_post_that_jekyll_reads_agrees_with_it(name: str) -> None:
    lines = (SHARED / "reference" / f"{name}.jekyll.jsonl").read_text(encoding="utf-8").strip().split("\n")
    rows = {row["path"]: row for row in map(json.loads, lines)}
    posts = read_site(name, list(rows))
    for path, row in rows.items():
        theirs = {key: row[key] for key in ("title", "url", "draft", "slug", "categories", "tags")}
        theirs["date"] = instant(row["date"])
        assert {key: ours(posts[path])[key] for key in theirs} == theirs, path


@pytest.mark.parametrize("name", ["hugo-notes", "yihui"])
def test_every_post_that_hugo_lists_agrees_with_it(name: str) -> None:
    with (SHARED / "reference" / f"{name}.hugo.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    posts = read_site(name, list(rows))
    for path, row in rows.items():
        theirs = {
            "title": row["title"],
            "date": instant(row["date"]),
            "expires": instant(row["expiryDate"]),
            "draft": row["draft"] == "true",
            "url": row["permalink"].removeprefix(SITES[name][2]),
        }
        if row["slug"]:
            theirs["slug"] = row["slug"]
        assert {key: ours(posts[path])[key] for key in theirs} == theirs, path


@pytest.mark.parametrize("name", SITES)
def test_every_post_of_a_reference_is_a_post_of_the_dialect_that_is_detected(name: str) -> None:
    reference = next((SHARED / "reference").glob(f"{name}.*"))
    with reference.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file) if reference.suffix == ".csv" else map(json.loads, file)
        names = {row["path"].rpartition("/")[2] for row in rows}
    detected = detect_dialect(SHARED / "sites" / name)
    assert detected == SITES[name][0]
    assert all(is_post(DIALECTS[detected], file_name) for file_name in names)
