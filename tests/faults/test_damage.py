"""Files of the warehouse that are lost or damaged between two refreshes."""

from __future__ import annotations

import pytest
from changing_site import write_posts
from conftest import Site


@pytest.mark.parametrize("missing", ["work folder", "work file", "published file"])
def test_what_is_lost_or_damaged_of_the_warehouse_is_made_again(site: Site, missing: str) -> None:
    write_posts(site, 6)
    site.refresh()
    before = site.derived()
    work = site.published.parent / ".work"
    if missing == "work folder":
        for file in work.iterdir():
            file.unlink()
        work.rmdir()
    else:
        damaged = work / "posts.duckdb" if missing == "work file" else site.published
        damaged.chmod(0o644)
        damaged.write_bytes(damaged.read_bytes()[:5000])
    site.refresh()
    assert site.derived() == before
    assert site.refresh() is None
