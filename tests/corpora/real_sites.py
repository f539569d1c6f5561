"""The sixteen real sites of `../shared/sites`, each read in the dialect it is detected as."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Site

from etl_project.dialects import detect_dialect

EXPECTED = {
    "18f": (45, 45, 44),
    "bitcoinops": (20, 20, 20),
    "finews": (109, 108, 108),
    "go-blog": (45, 45, 25),
    "hexo-site": (35, 35, 1),
    "hugo-notes": (29, 29, 2),
    "lctt": (30, 30, 28),
    "nodejs": (30, 30, 22),
    "obsidian-hub": (45, 45, 1),
    "pingcap-cn": (30, 30, 30),
    "plain-til": (10, 10, 0),
    "plain-weekly": (6, 6, 0),
    "ruby-lang": (60, 60, 60),
    "rust-blog": (35, 35, 35),
    "this-week-in-rust": (12, 12, 12),
    "yihui": (68, 68, 67),
}
"""Site -> its posts, and how many of them have a title and a date; none is rejected."""

INCLUDE = {"finews": ["_posts/**", "old_post/**"]}
"""The one site whose posts do not all lie where its generator looks for them."""


def build_sites(shared: Path, folder: Path) -> Site:
    """Read all of them into one warehouse.

    Args:
        shared: the folder `../shared`.
        folder: where the settings and the warehouse go.
    """
    site = Site(folder)
    text = '[warehouse]\npath = "warehouse/posts.duckdb"\n'
    for name in EXPECTED:
        location = shared / "sites" / name
        text += f'\n[[source]]\nname = "{name}"\nlocation = {json.dumps(str(location))}\n'
        text += f'dialect = "{detect_dialect(location)}"\ninclude = {json.dumps(INCLUDE.get(name, []))}\n'
    site.config.write_text(text, "utf-8")
    site.refresh()
    return site
