"""Processes that write posts, and processes that read the published file, until they are told to end."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

_WRITER = """
import json, os, random, select, sys, time
site, share, of, seed, post, posts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:]
chance = random.Random(f"{seed}-{share}")
titles, places, counts, edition = {}, {}, {}, 0
for n in range(share, int(posts), of):
    places[f"2026-{1 + n % 12:02}-{1 + n % 28:02}-{n}.md"] = "_posts"

def text(name):
    global edition
    edition += 1
    titles[name] = f"{name} by writer {share}, edition {edition}"
    return post.replace("TITLE", titles[name]).replace("N", str(edition % 9)).encode()

def replace(name):
    path = f"{site}/{places[name]}/{name}"
    with open(path + ".tmp", "wb") as file:
        file.write(text(name))
    os.replace(path + ".tmp", path)

def truncate_then_write(name):
    data = text(name)
    with open(f"{site}/{places[name]}/{name}", "wb", buffering=0) as file:
        time.sleep(chance.random() * 0.02)
        file.write(data[:len(data) // 2])
        time.sleep(chance.random() * 0.02)
        file.write(data[len(data) // 2:])

def move(name):
    here = places[name]
    places[name] = "old_post" if here == "_posts" else "_posts"
    os.rename(f"{site}/{here}/{name}", f"{site}/{places[name]}/{name}")

def move_by_copying(name):
    here = places[name]
    places[name] = "old_post" if here == "_posts" else "_posts"
    replace(name)
    os.unlink(f"{site}/{here}/{name}")

def add(name):
    name = f"2026-06-{1 + edition % 28:02}-new-{share}-{edition}.md"
    places[name] = "_posts"
    replace(name)

def delete(name):
    os.unlink(f"{site}/{places.pop(name)}/{name}")
    titles.pop(name, None)

ways = {replace: 30, truncate_then_write: 20, move: 20, move_by_copying: 10, add: 3, delete: 2}
while not select.select([sys.stdin], [], [], chance.random() * 0.1)[0]:
    way = chance.choices([*ways], [*ways.values()])[0]
    way(chance.choice(sorted(places)))
    counts[way.__name__] = counts.get(way.__name__, 0) + 1
print(json.dumps({"titles": titles, "posts": sorted(places), "counts": counts}))
"""

POST = """---
title: "TITLE"
date: 2026-02-0N 09:00:00
categories: [news, cN]
tags: [a, tN]
---
# Head

A [link](https://hN.example/) and N words.
"""

_READER = """
import json, select, sys, time, duckdb
TOTALS = {
    "every loaded file is an article or shadowed": "(SELECT count(*) FROM articles) = "
        "(SELECT count(*) FROM post_files WHERE status = 'loaded' AND NOT is_shadowed)",
    "every rejected file says why":
        "(SELECT count(*) FROM post_files WHERE status = 'rejected') = (SELECT count(*) FROM rejected_files)",
    "every article has a body": "(SELECT count(*) FROM article_bodies SEMI JOIN articles USING (article_id)) = "
        "(SELECT count(*) FROM articles)",
    "every article has metrics": "(SELECT count(*) FROM article_metrics SEMI JOIN articles USING (article_id)) = "
        "(SELECT count(*) FROM articles)",
    "days add up": "(SELECT sum(articles) FROM articles_by_date) = "
        "(SELECT count(*) FROM articles_live WHERE published_on IS NOT NULL)",
    "months add up": "(SELECT sum(articles) FROM articles_by_month) = (SELECT sum(articles) FROM articles_by_date)",
    "categories add up": "(SELECT sum(articles) FROM articles_by_category) = "
        "(SELECT count(*) FROM articles_live LEFT JOIN article_categories USING (article_id))",
    "tags add up": "(SELECT sum(articles) FROM articles_by_tag) = "
        "(SELECT count(*) FROM articles_live LEFT JOIN article_tags USING (article_id))",
    "links add up": "(SELECT sum(links + images) FROM links_by_host) = "
        "(SELECT count(*) FROM article_links SEMI JOIN articles_live USING (article_id) WHERE host IS NOT NULL)",
    "every tag has an article and every article's tag is there":
        "(SELECT count(DISTINCT tag_id) FROM article_tags) = (SELECT count(*) FROM tags)",
    "the file is of one refresh":
        "(SELECT max(refresh_id) FROM refreshes) = (SELECT generation FROM internal.generation)",
}
query = "SELECT (SELECT max(refresh_id) FROM refreshes), " + ", ".join(TOTALS.values())
opens, failed, wrong, refreshes = 0, [], [], set()
while not select.select([sys.stdin], [], [], 0.1)[0]:
    opens += 1
    try:
        with duckdb.connect('duckdb:' + sys.argv[1], read_only=True) as con:
            number, *held = con.execute(query).fetchone()
    except Exception as error:
        failed.append(str(error))
        continue
    refreshes.add(number)
    wrong += [f"refresh {number}: {name}" for name, holds in zip(TOTALS, held) if holds is not True]
print(json.dumps({"opens": opens, "failed": failed, "wrong": wrong, "refreshes": len(refreshes)}))
"""


class Working:
    """Processes at work; `end` stops them and returns what each has to tell."""

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self.processes = processes

    def end(self) -> list[dict[str, object]]:
        """Stop them."""
        told = [process.communicate(timeout=60)[0] for process in self.processes]
        assert [process.returncode for process in self.processes] == [0] * len(self.processes)
        return [json.loads(text) for text in told]


def writers(site: str, count: int, seed: str, posts: int) -> contextlib.AbstractContextManager[Working]:
    """Start processes that overwrite, truncate, move, add and delete posts, each its own of those that there are."""
    return _working(_WRITER, [[site, str(n), str(count), seed, POST, str(posts)] for n in range(count)])


def readers(published: str, count: int) -> contextlib.AbstractContextManager[Working]:
    """Start processes that open the published file anew again and again, and compare its totals."""
    return _working(_READER, [[published]] * count)


@contextlib.contextmanager
def _working(program: str, arguments: list[list[str]]) -> Iterator[Working]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for words in arguments
    ]
    try:
        yield Working(processes)
    finally:
        for process in processes:
            process.kill()
            process.wait()
