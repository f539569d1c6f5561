"""A comparison that asks only of identities which may differ finds what one of all files finds."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import fields

import pytest
from conftest import Site

from etl_project.insight import Insight
from etl_project.refresh import Refresh
from etl_project.scan import compare
from etl_project.scan.clock import Clock
from etl_project.scan.leaving import NOTHING_READ, articles_leaving
from etl_project.scan.preview import count_files
from etl_project.sources import signature

ALL_FILES = """
SELECT source_id, path, article_id, false, true FROM listing
UNION ALL
SELECT source_id, path, article_id, true, false FROM inventory WHERE NOT list_contains($unlisted, source_id)
"""

HOUR_NS = 3_600_000_000_000

BY_NAME = 'dialect = "jekyll"\nidentity = "file_name"\ninclude = ["_posts/**", "old_post/**"]\n'
COMPARED_ONLY = "[insight]\n" + "".join(f"{part.name} = false\n" for part in fields(Insight))
"""What is made of the posts beside is not compared."""

BY_PATH = 'dialect = "jekyll"\nidentity = "path"\ninclude = ["_posts/**", "old_post/**"]\n'


def edit(site: Site, chance: random.Random) -> None:
    """Do something to a few posts: files of one name may be in both folders, and some can never be loaded."""
    for _ in range(chance.randint(1, 3)):
        files = sorted(site.posts.rglob("*.md"))
        path = f"{chance.choice(['_posts', 'old_post'])}/2026-01-02-{chance.randint(0, 3)}.md"
        age = chance.choice([0, 60, 60])
        step = chance.choice(["write", "write", "empty", "touch", "move", "delete"]) if files else "write"
        file = chance.choice(files) if files else site.posts
        if step == "write":
            site.write(path, age=age, body=f"Words {chance.random()}.")
        elif step == "empty":
            site.write(path, b"", age=age)
        elif step == "touch":
            os.utime(file)
        elif step == "move":
            (site.posts / path).parent.mkdir(exist_ok=True)
            file.replace(site.posts / path)
        else:
            file.unlink()


def found(site: Site) -> Mapping[str, object]:
    """All that a plan finds, and what the guard would find were a file gone when it is read."""
    plan = Refresh(site.settings, allow_deletes=True).preview()
    if plan.is_no_op:
        return {"diff": plan.diff}
    con = plan.connection
    tables = {
        name: con.execute(f"FROM ({query}) ORDER BY ALL").fetchall()
        for name, query in {
            "to read": compare.FILES_TO_READ,
            "deleted": "FROM deleted_files",
            "young": "FROM confirmed_young",
        }.items()
    }
    counts = count_files(con)
    first = f"SELECT min(path) FROM ({compare.FILES_TO_READ})"
    con.execute(f"UPDATE listed_files SET is_read = true, known_status = 'gone' WHERE path IN ({first})")
    leaving = articles_leaving(con, plan.sources, NOTHING_READ)
    plan.close()
    return {"diff": plan.diff, "counts": counts, "leaving": leaving, **tables}


def work_and_compare(site: Site, source: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Edit a site at random, and compare all files and those that may differ, before some loads and after others."""
    chance = random.Random(seed)
    site.configure(source=source, extra=COMPARED_ONLY)
    for _ in range(3):
        edit(site, chance)
    assert site.load(allow_deletes=True)
    for step in range(8):
        edit(site, chance)
        # All that was written since is young, or none of it: by the clock alone that went by the speed of the machine.
        monkeypatch.setattr(signature, "YOUNG_NS", chance.choice([0, HOUR_NS]))
        now = Clock.now()  # which of them are young depends on it
        with monkeypatch.context() as patch:
            patch.setattr(Clock, "now", lambda now=now: now)
            found_so = found(site)
            patch.setattr(compare, "_DIFFERING", ALL_FILES)
            assert found_so == found(site), step
        if chance.random() < 0.6:
            site.load(allow_deletes=True)


@pytest.mark.parametrize(("source", "seed"), [(BY_NAME, 20), (BY_PATH, 0)])
def test_what_may_differ_is_all_that_differs(
    site: Site, source: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both histories fail where changed or young files are not asked for, the first also where deleted are."""
    work_and_compare(site, source, seed, monkeypatch)


@pytest.mark.prove("laws")
@pytest.mark.parametrize("source", [BY_NAME, BY_PATH], ids=["by name", "by path"])
@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_done_to_a_site_what_may_differ_is_all_that_differs(
    site: Site, source: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_and_compare(site, source, seed, monkeypatch)


def test_only_identities_that_may_differ_are_compared(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "YOUNG_NS", 0)
    site.configure(source=BY_NAME)
    for n in range(5):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.write("old_post/2026-01-02-1.md")
    site.load()
    site.write("_posts/2026-01-02-1.md", body="Other words.")
    (site.posts / "_posts/2026-01-02-2.md").unlink()
    _, plan = site.plan(allow_deletes=True)
    rows = plan.connection.execute("SELECT path FROM listed_files ORDER BY ALL").fetchall()
    assert rows == [("_posts/2026-01-02-1.md",), ("old_post/2026-01-02-1.md",)]
    assert plan.diff.listed == {"site": 5} and plan.diff.to_read == {"site": 1} and plan.diff.deleted == 1
    plan.close()
