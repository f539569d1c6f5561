"""A source without patterns of its own has its posts where the settings of its site put them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import pinned

from etl_project.scan.site_content import follow_site
from etl_project.sources.source import Source


@pytest.mark.parametrize(
    ("dialect", "settings", "posts"),
    [
        ("pelican", "PATH = 'src'", ["src/_posts/b.md"]),
        ("pelican", "import os\nPATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'src')",
         ["src/_posts/b.md"]),
        ("pelican", "PATH = 'content'\nPAGE_PATHS = ['../pages']", ["content/a.md", "pages/c.md"]),
        ("pelican", "PATH = 'content'\nARTICLE_PATHS = ['blog']", ["content/a.md"]),
        ("pelican", "PATH = input()", ["content/a.md"]),
        ("hexo", "source_dir: src", ["src/_posts/b.md"]),
        ("hexo", "source_dir: ./src/", ["src/_posts/b.md"]),
        ("hexo", "title: x", ["source/_posts/d.md"]),
        ("jekyll", "source: src", ["source/_posts/d.md", "src/_posts/b.md"]),
    ],
)  # fmt: skip
def test_posts_are_where_the_settings_put_them(tmp_path: Path, dialect: str, settings: str, posts: list[str]) -> None:
    for path in ("content/a.md", "src/_posts/b.md", "pages/c.md", "source/_posts/d.md", "README.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("---\ntitle: T\n---\nx\n")
    (tmp_path / ("pelicanconf.py" if dialect == "pelican" else "_config.yml")).write_text(f"{settings}\n")
    followed = follow_site(pinned(Source(name="s", location=tmp_path, dialect=dialect)))
    listing = followed.place.walk(followed.source)
    assert listing is not None and sorted(listing.paths()) == posts


def test_patterns_that_a_source_states_go_first(tmp_path: Path) -> None:
    (tmp_path / "pelicanconf.py").write_text("PATH = 'src'\n")
    own = pinned(Source(name="s", location=tmp_path, dialect="pelican", include=("*.md",)))
    assert follow_site(own) is own
