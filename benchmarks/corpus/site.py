"""A folder of generated posts with its etl.toml, and the updates that befall it."""

from __future__ import annotations

import concurrent.futures
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.corpus import dialects, finews
from benchmarks.corpus.vocabulary import vocabulary

Variant = Literal["entropy", "repetitive", "clean", "mixed"]
"""entropy: finews-shaped, drawn word by word; repetitive: paragraphs from a dozen; clean: entropy without awkward front
matter, for tools that stop at one bad file; mixed: a finews-shaped source and one of each other dialect."""

_ARCHIVED = 5 / 6
"""Share of the posts that scripts have moved to old_post."""

_FINEWS = """
[[source]]
name = "finews"
location = "finews"
dialect = "jekyll"
url = "https://news.example"
language = "zh"
time_zone = "Asia/Shanghai"
encodings = ["utf-8", "gb18030"]
include = ["_posts/**", "old_post/**"]
identity = "file_name"

[[source.rules]]
column = "medium"
selector = "p.em_media"
pattern = '（文章来源：(.+)）'

[[source.rules]]
column = "original_url"
selector = "p"
pattern = '<>|((?:https?|javascript):\\S*)'

[[source.rules]]
selector = "p"
pattern = '返回.+新闻\\s*｜?\\s*返回首页'

[[source.mentions]]
kind = "stock"
selector = "[data-code]"
key = 'data-code~(?:K )?(?:[0-9]+,)?((?!BK[0-9])[0-9A-Z._]+)(?:\\|.*)?'

[[source.mentions]]
kind = "board"
selector = "[data-code]"
key = 'data-code~(?:K )?(?:90,)?(BK[0-9]+)(?:\\|.*)?'
"""


@dataclass(frozen=True, slots=True)
class Site:
    """What is to be generated: the same values give the same bytes."""

    folder: Path
    posts: int
    variant: Variant = "entropy"
    seed: int = 1

    @property
    def settings(self) -> Path:
        """The etl.toml of the site."""
        return self.folder / "etl.toml"

    @property
    def warehouse(self) -> Path:
        """The published file that its etl.toml names."""
        return self.folder / "warehouse" / "posts.duckdb"


def generate(site: Site, processes: int | None = None) -> int:
    """Write every post of a site, and its etl.toml.

    Args:
        site: what to generate; its folder must not hold posts of another one.
        processes: as many as there are cores by default; the bytes are the same.

    Returns:
        Bytes of the posts.
    """
    processes = processes or os.cpu_count() or 1
    vocabulary()  # before the processes part, so that it is made once
    for folder in ("finews/_posts", "finews/old_post"):
        (site.folder / folder).mkdir(parents=True, exist_ok=True)
    (site.folder / "finews" / "_config.yml").write_text("title: news\nurl: https://news.example\n", "utf-8")
    site.settings.write_text(_settings(site), "utf-8")
    step = max(1, min(5_000, site.posts // processes + 1))
    ranges = [(site, start, min(start + step, site.posts)) for start in range(0, site.posts, step)]
    if processes == 1 or len(ranges) == 1:
        return sum(map(_write, ranges))
    with concurrent.futures.ProcessPoolExecutor(processes) as pool:
        return sum(pool.map(_write, ranges))


def _settings(site: Site) -> str:
    text = '[warehouse]\npath = "warehouse/posts.duckdb"\n' + _FINEWS
    if site.variant == "mixed":
        for name, (dialect, _) in dialects.SITES.items():
            text += f'\n[[source]]\nname = "{name}"\nlocation = "{name}"\ndialect = "{dialect}"\n'
            text += 'language = "zh"\ntime_zone = "Asia/Shanghai"\n'
    return text


def _write(part: tuple[Site, int, int]) -> int:
    """Write the posts of a range. Returns their bytes."""
    site, start, end = part
    size = 0
    made: set[str] = set()
    for index in range(start, end):
        path, content = render(site, index)
        full = os.path.join(site.folder, path)
        folder = os.path.dirname(full)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        with open(full, "wb", buffering=0) as file:
            size += file.write(content)
    return size


def render(site: Site, index: int, version: int = 0) -> tuple[str, bytes]:
    """Write one post in memory: its path below the folder of the site, and its bytes.

    Args:
        site: the site.
        index: number of the post; later posts are younger.
        version: 0 as generated; an update writes the same path with another text.
    """
    rng = random.Random(f"{site.seed}:{index}:{version}")
    if site.variant == "mixed":
        names = ("finews", *dialects.SITES)
        name = names[index % len(names)]
        if name != "finews":
            path, text = dialects.post(rng, name, index, site.posts)
            return f"{name}/{path}", text.encode()
    folder = "old_post" if index < site.posts * _ARCHIVED else "_posts"
    content = finews.post(
        rng, index, site.posts, repetitive=site.variant == "repetitive", awkward=site.variant != "clean"
    )
    return f"finews/{folder}/{finews.name_of(index, site.posts)}", content


@dataclass(frozen=True, slots=True)
class Update:
    """What happens to the finews-shaped posts of a site between two refreshes."""

    number: int
    """Seed of the update, from 1; each number adds posts of its own."""
    overwritten: int = 0
    moved: int = 0
    """Posts that go from _posts to old_post or back, their bytes unchanged."""
    added: int = 0
    deleted: int = 0


def update(site: Site, what: Update) -> None:
    """Let an update befall a generated site; the same update of the same files gives the same files.

    Raises:
        ValueError: the site has fewer posts than are to be changed.
    """
    rng = random.Random(f"{site.seed}:update:{what.number}")
    order = iter(rng.sample(range(site.posts), site.posts))
    for count, change in ((what.overwritten, _overwrite), (what.moved, _move), (what.deleted, _delete)):
        left = count
        while left:
            index = next(order, None)
            if index is None:
                raise ValueError(f"the site has only {site.posts:,} posts: they do not last for the update")
            place = _find(site, index)
            if place is not None:
                change(site, index, place, what.number)
                left -= 1
    for added in range(what.added):
        path, content = render(site, site.posts + what.number * 100_000 + added)
        (site.folder / path).write_bytes(content)


def _find(site: Site, index: int) -> Path | None:
    """Where a post lies now; None where it is gone, or not of the finews-shaped source."""
    name = finews.name_of(index, site.posts)
    places = (site.folder / "finews" / folder / name for folder in ("_posts", "old_post"))
    return next((place for place in places if place.exists()), None)


def _overwrite(site: Site, index: int, place: Path, number: int) -> None:
    place.write_bytes(render(site, index, version=number)[1])


def _move(site: Site, index: int, place: Path, number: int) -> None:
    other = "old_post" if place.parent.name == "_posts" else "_posts"
    place.rename(place.parents[1] / other / place.name)


def _delete(site: Site, index: int, place: Path, number: int) -> None:
    place.unlink()


def settle() -> None:
    """Wait until no file is young any more: one written in the last three seconds is looked at again."""
    time.sleep(3.2)
