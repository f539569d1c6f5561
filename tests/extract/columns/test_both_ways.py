"""The rows of posts are the same with columns and without: generated, real and hostile ones, in every dialect."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from both_ways import MENTIONS, RULES, BothWays, posts_below
from conftest import SHARED

from benchmarks.corpus.site import Site, Variant, generate
from etl_project.dialects import DIALECTS, detect_dialect
from etl_project.settings import read_settings
from etl_project.sources.source import Source

SITES = sorted(path for path in (SHARED / "sites").iterdir() if path.is_dir()) if SHARED.is_dir() else []
CASES = json.loads((SHARED / "hostile/cases.json").read_text("utf-8"))["cases"] if SHARED.is_dir() else []
HOSTILE = {
    f"_posts/{'2021-12-08-' if number % 2 else ''}case-{number}.md": base64.b64decode(content)
    for number, case in enumerate(CASES)
    if (content := case.get("content_base64"))
}


@pytest.mark.parametrize("variant", ["repetitive", "entropy", "mixed"])
def test_generated_posts(variant: Variant, tmp_path: Path) -> None:
    site = Site(tmp_path, 300, variant)
    generate(site, processes=1)
    for source in read_settings(site.settings).sources:
        assert isinstance(source.location, Path)
        files, _, _ = BothWays(source).read(posts_below(source.location))
        assert files.height > 20


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_real_posts(site: Path) -> None:
    posts = posts_below(site)
    for dialect in dict.fromkeys((detect_dialect(site), "plain", "jekyll", "hugo")):
        BothWays(Source(site.name, site, dialect=dialect)).read(posts)


@pytest.mark.skipif(not HOSTILE, reason="needs ../shared: the hostile posts")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_hostile_posts(dialect: str) -> None:
    source = Source(
        "hostile", Path("/nowhere"), dialect=dialect, encodings=("utf-8", "gb18030"), rules=RULES, mentions=MENTIONS
    )
    _, posts, rejected = BothWays(source).read(HOSTILE)
    assert posts.height > 50
    assert rejected.height > 5
