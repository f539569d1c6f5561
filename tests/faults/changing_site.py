"""A site that people and scripts work on, and what can be told of its warehouse from another process."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conftest import Site

from etl_project.database.contract import OBSERVED, contract
from etl_project.load.aggregates import aggregates

BY_NAME = (
    'dialect = "jekyll"\ntime_zone = "Asia/Shanghai"\ninclude = ["_posts/**", "old_post/**"]\nidentity = "file_name"\n'
)
BODY = "A [link](https://h{n}.example/) and some words, 港湾小报第 {n} 期。\n\n## Part {n}\n\n" + "Word and word. " * 60

Digests = dict[str, tuple[int, str]]
"""Table -> (rows, sum of their hashes)."""


def write_posts(site: Site, count: int, *, begin: int = 0, edition: int = 0, age: float = 60) -> None:
    """Write posts of which every one has its own title, day, tags and links."""
    for n in range(begin, begin + count):
        site.write(
            f"_posts/{name_of(n)}", title=f"Title {n}.{edition}", date=f"2026-{1 + n % 12:02}-{1 + n % 28:02} 09:00:00",
            categories="news" if n % 3 else "[news, sea]", tags=f"t{n % 40} t{n % 7}", body=BODY.format(n=n), age=age,
        )  # fmt: skip


def name_of(n: int) -> str:
    return f"2026-{1 + n % 12:02}-{1 + n % 28:02}-{n}.md"


class ChangingSite:
    """Posts that are added, overwritten, moved and deleted, a twentieth of them at a time."""

    def __init__(self, site: Site, posts: int, chance: random.Random) -> None:
        self.site = site
        self.chance = chance
        self.written = posts
        self.some = max(2, posts // 20)
        self.edition = 0
        write_posts(site, posts)

    def change(self) -> None:
        """Do some of everything, so that every refresh has work of every kind."""
        self.edition += 1
        some = self.some
        write_posts(self.site, some, begin=self.written, edition=self.edition, age=0)
        self.written += some
        live = sorted((self.site.posts / "_posts").iterdir())
        self.chance.shuffle(live)
        for file in live[:some]:
            write_posts(self.site, 1, begin=int(file.stem.rpartition("-")[2]), edition=self.edition, age=0)
        archive = self.site.posts / "old_post"
        archive.mkdir(exist_ok=True)
        for file in live[some : some + some // 2]:
            file.rename(archive / file.name)
        for file in [*live[-some // 2 :], *sorted(archive.iterdir())[: some // 2]]:
            file.unlink()


_LOOK = """
import json, sys, duckdb
names = json.loads(sys.argv[2])
for _ in sys.stdin:
    try:
        with duckdb.connect('duckdb:' + sys.argv[1], read_only=True) as con:
            told = {n: con.execute(f"SELECT count(*), coalesce(sum(hash(t)::HUGEINT), 0)::VARCHAR FROM {n} AS t")
                    .fetchone() for n in names}
    except Exception as error:
        told = str(error)
    print(json.dumps(told), flush=True)
"""


class Outsider:
    """Another process, which opens the published file anew whenever it is asked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def digests(self) -> Digests:
        """Rows and hash of every table that is a function of the posts."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("look\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        assert isinstance(told, dict), f"the published file does not open: {told}"
        return {name: tuple(rows) for name, rows in told.items()}


@contextmanager
def outsider(published: Path) -> Iterator[Outsider]:
    """Start a process that can tell what the published file holds."""
    names = json.dumps([name for name in (*contract(), *aggregates()) if name not in OBSERVED])
    with subprocess.Popen(
        [sys.executable, "-c", _LOOK, str(published), names], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Outsider(process)
        finally:
            process.kill()


def files_beside(site: Site) -> set[str]:
    """Names in the folder of the published file and in the work folder, Dagster's own records apart."""
    folder = site.published.parent
    return {f"{path.relative_to(folder)}" for path in (*folder.iterdir(), *(folder / ".work").iterdir())} - {".dagster"}


AT_REST = {
    "posts.duckdb", "posts.previous.duckdb", ".work", ".work/posts.duckdb", ".work/posts.lock",
    ".work/posts.last_plan.json", ".work/posts.alerts.json",
    ".work/posts.published.json", ".work/posts.warnings.json",
}  # fmt: skip
"""All that a refresh may leave behind, however the one before it ended."""


def assert_equals_a_fresh_build(site: Site, folder: Path) -> None:
    """Compare every row of every derived table with those of one full build of the same posts from nothing."""
    fresh = Site(folder)
    fresh.folder.mkdir(parents=True)
    text = site.config.read_text("utf-8").replace('location = "site"', f'location = "{site.posts}"')
    fresh.config.write_text(text, "utf-8")
    ours, expected = site.derived(), fresh.built()
    for table in expected:
        assert ours[table] == expected[table], table
