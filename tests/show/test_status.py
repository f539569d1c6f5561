"""`etl status`: what stands, and what cannot be read."""

from __future__ import annotations

import datetime as dt
import io

from conftest import Site, rewrite_last_plan
from rich.console import Console

from etl_project.database.last_plan import Outage
from etl_project.database.work_file import WorkFile
from etl_project.show.status import show_status


def status(site: Site) -> str:
    """What is printed, in one line."""
    printed = io.StringIO()
    show_status(site.settings, Console(file=printed, width=500, markup=False, highlight=False))
    return " ".join(printed.getvalue().split())


def test_a_source_that_cannot_be_read_is_named_with_its_reason_and_since_when(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    note = site.folder / "other/note.md"
    note.parent.mkdir()
    site.configure(extra='[[source]]\nname = "other"\nlocation = "other"\n')
    site.refresh()
    assert "could not be read" not in status(site)
    hidden = site.posts.rename(site.folder / "hidden")
    note.write_text("# Note\n\nText")
    assert site.refresh(), "with work to do in another source"
    work = WorkFile(site.published)
    why, since = work.last_plan.outages()["site"]
    long_ago = (dt.datetime.fromisoformat(since) - dt.timedelta(hours=2)).isoformat()
    rewrite_last_plan(work, outages={"site": Outage(why, long_ago)})
    said = (
        f"The source site could not be read, first 2 hours ago: there is no folder {site.posts}. Its articles are kept "
        "as they were. Bring it back or correct its location, then: etl refresh"
    )
    assert said in status(site)
    assert site.refresh() is None, "without work to do"
    assert said in status(site)
    note.write_text("# Another note\n\nText")
    assert site.refresh(sources=["other"]), "without looking at it"
    assert said in status(site)
    hidden.rename(site.posts)
    site.refresh()
    assert "could not be read" not in status(site)
