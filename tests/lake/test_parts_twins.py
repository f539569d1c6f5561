"""A lake refreshed part by part has the rows of a warehouse of one file, whatever happens to the posts."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

pytest.importorskip("deltalake", reason="needs the extra lake")

from conftest import Site
from part_twins import PARTS, Twins, run_stages

from etl_project.checks import run as checks_run
from etl_project.checks.check import Check
from etl_project.refresh.guard import RefreshStopped

HISTORIES = int(os.environ.get("ETL_LAKE_HISTORIES", "12"))
REFRESHES = int(os.environ.get("ETL_LAKE_REFRESHES", "10"))

WORDS = ("rain", "snow", "fog", "wind", "sun", "hail", "storm", "frost")
CATEGORIES = ("news", "News", "x/y", "[NEWS, z]")


def text_of(random_: random.Random) -> str:
    """A post: some are rejected, some tell the same story, some are to come."""
    kind = random_.random()
    if kind < 0.06:
        return "---\n- a list\n---\n"
    if kind < 0.2:
        return "---\ntitle: Same\ntags: [A]\n---\n\nThe same story, told once more to everybody who reads.\n"
    date = random_.choice(["2026-01-02 03:04:05 +0800", "2026-05-05", "2098-01-01"])
    tags, author = random_.choice(["one two", "One", "ONE two", "zwei"]), random_.choice(["Ann", "ann"])
    link = f"[x](2026-01-0{random_.randrange(1, 9)}-p{random_.randrange(20)}.md)"
    return (
        f"---\ntitle: {random_.choice(WORDS)}\ndate: {date}\ncategories: {random_.choice(CATEGORIES)}\n"
        f"tags: {tags}\nauthor: {author}\n---\n\n{' '.join(random_.choices(WORDS, k=12))} {link}\n"
    )


def path_of(random_: random.Random) -> str:
    folder = random_.choice(["_posts", "_posts", "old_post"])
    return f"{folder}/2026-01-0{random_.randrange(1, 9)}-p{random_.randrange(20)}.md"


def change_something(site: Site, random_: random.Random) -> None:
    """Write, edit, delete, move, copy, or copy and delete a post."""
    files = sorted(site.posts.rglob("*.md"))
    what = random_.choice(["write", "edit", "delete", "move", "move", "copy", "copy and delete"])
    file, target = random_.choice(files), site.posts / path_of(random_)
    target.parent.mkdir(exist_ok=True)
    if what == "write":
        site.write(path_of(random_), text_of(random_))
    elif what == "edit":
        site.write(str(file.relative_to(site.posts)), text_of(random_))
    elif what == "delete" and len(files) > 10:
        file.unlink()
    elif what == "move":
        file.rename(target)
    elif file != target:
        shutil.copyfile(file, target)
        os.utime(target, (target.stat().st_mtime - 60,) * 2)
        if what == "copy and delete":
            file.unlink()


def run_history(
    folder: Path, seed: int, *, posts: int, refreshes: int, identity: str, more: str = "", parts: int = PARTS
) -> None:
    """Refresh both twins after random changes, and compare every table each time."""
    random_ = random.Random(seed)
    site = Site(folder)
    site.configure(
        'dialect = "jekyll"\ntime_zone = "Asia/Shanghai"\ninclude = ["_posts/**", "old_post/**"]\n'
        f'identity = "{identity}"\n{more}',
        "[limits]\ndeletes_share = 1.0\n",
    )
    text = site.config.read_text("utf-8").replace("[warehouse]\n", "[warehouse]\nhistory = true\n")
    site.config.write_text(text, "utf-8")
    for _ in range(posts):
        site.write(path_of(random_), text_of(random_))
    twins = Twins(site, parts)
    for number in range(refreshes):
        for _ in range(random_.randrange(2, 8) if number else 0):
            change_something(site, random_)
        twins.refresh()
        twins.assert_equal()
        twins.seconds += 10


def test_a_lake_has_the_rows_of_one_file_after_random_changes(tmp_path: Path) -> None:
    run_history(tmp_path, 2, posts=30, refreshes=2, identity="file_name", more='on_missing = "keep"\n', parts=2)


def test_a_guard_stops_before_any_part_writes_and_a_failed_check_commits_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [site.write(f"_posts/2026-01-0{n + 1}-p{n}.md", body=f"Text number {n}.") for n in range(5)]
    twins = Twins(site, parts=2)
    run_stages(twins.lake_refresh())
    pins, written = twins.lake.pins(), sorted(twins.location.rglob("*.parquet"))
    contents = [file.read_bytes() for file in files]
    for file in files[:4]:
        file.unlink()
    with pytest.raises(RefreshStopped, match="4 of the 5 posts"):
        run_stages(twins.lake_refresh())
    assert sorted(twins.location.rglob("*.parquet")) == written
    for file, content in zip(files[1:], contents[1:], strict=True):
        file.write_bytes(content)
    impossible = Check(
        "nothing_is_deleted", "tables", "article_changes", "No post is deleted.",
        "SELECT article_id FROM article_changes WHERE change = 'deleted'",
    )  # fmt: skip
    monkeypatch.setattr(checks_run, "CHECKS", (*checks_run.CHECKS, impossible))
    with pytest.raises(AssertionError, match="nothing_is_deleted"):
        run_stages(twins.lake_refresh())
    assert twins.lake.pins() == pins
    assert sorted(twins.location.rglob("*.parquet")) != written, "what was written is there, and nobody reads it"
    with twins.lake.connect(pins, ["articles"]) as con:
        assert con.execute("SELECT count(*) FROM articles").fetchall() == [(5,)]


@pytest.mark.prove("lake")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10, 10 + HISTORIES))
def test_a_lake_has_the_rows_of_one_file_after_long_random_histories(tmp_path: Path, seed: int) -> None:
    identity, more = ("path", "") if seed % 2 else ("file_name", 'on_missing = "keep"\n')
    run_history(tmp_path, seed, posts=60, refreshes=REFRESHES, identity=identity, more=more)
