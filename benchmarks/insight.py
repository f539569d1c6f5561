"""What search, stories, terms and links cost, each part of `[insight]` on and off, and what the page costs."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import PARTS, PYTHON, ROOT, Bench, forget, stages_of, switch_insight
from benchmarks.corpus.site import Site, Update, settle, update
from benchmarks.measure import run, seconds
from benchmarks.results import Result, Target

MOST_MICROSECONDS = {"search": 80, "stories": 115, "terms": 48, "links": 12}
"""Part of `[insight]` -> CPU time a post that it may add to a full build."""

_SEARCH = """
import sys, time, duckdb
for _ in range(2):  # the first reads the file into the page cache
    wall, cpu = time.perf_counter(), time.process_time()
    with duckdb.connect(sys.argv[1], read_only=True) as con:
        con.execute("FROM search('市场 增长') LIMIT 20").fetchall()
    print(time.perf_counter() - wall, time.process_time() - cpu)
"""


@dataclass(frozen=True, slots=True)
class Build:
    """A full build without Dagster."""

    microseconds: float
    """CPU time a post, all processes together."""
    published_bytes: float
    """Bytes of the published file, a post."""


def insight(bench: Bench) -> Iterator[Result]:
    """Measure each part on its own and all together beside none, where posts differ and where they resemble each other.

    What resembles each other is compared with each other for stories. Then a search of two words, the page, a
    refresh after a few posts changed. What a part costs a post hardly depends on the posts, and is measured on fewer.
    """
    few = bench.posts * 3 // 10
    site, alike = bench.site(few), bench.site(few, "repetitive")
    yield from _costs(bench, site, [*([part] for part in PARTS), PARTS])
    yield from _costs(bench, alike, [["stories"], PARTS])
    yield from _little_changed(bench, alike)
    bench.drop(site)
    bench.drop(alike)
    usual = bench.site(bench.posts)
    yield from _little_changed(bench, usual)
    yield from _queries(bench, usual)
    yield from _page(bench, usual)
    bench.drop(usual)


def _build(bench: Bench, site: Site, on: list[str]) -> Build:
    switch_insight(site, on)
    forget(site)
    bench.warm(site)
    cpu = run(stages_of(site), ROOT).cpu_seconds
    return Build(cpu / site.posts * 1e6, site.warehouse.stat().st_size / site.posts)


def _costs(bench: Bench, site: Site, choices: list[list[str]]) -> Iterator[Result]:
    """Compare builds with some parts on with one of none, which every round begins with."""
    rounds = [[_build(bench, site, on) for on in ([], *choices)] for _ in range(bench.large_runs)]
    for number, on in enumerate(choices, 1):
        more = statistics.median(builds[number].microseconds - builds[0].microseconds for builds in rounds)
        without, with_it = rounds[-1][0], rounds[-1][number]
        limit = sum(MOST_MICROSECONDS.get(part, 0) for part in on)
        target = Target(limit, f"at most {limit} µs")
        yield Result(
            f"full build of {_posts_of(site)}, CPU time a post: {' and '.join(on)}",
            f"{more:.0f} µs more than {without.microseconds:.0f}", target.words, target.verdict(more),
            f"{with_it.published_bytes - without.published_bytes:,.0f} bytes a post more than "
            f"{without.published_bytes:,.0f}; rounds of builds: {len(rounds)}",
        )  # fmt: skip


def _posts_of(site: Site) -> str:
    return f"{site.posts:,} posts{' that resemble each other' if site.variant == 'repetitive' else ''}"


def _queries(bench: Bench, site: Site) -> Iterator[Result]:
    taken = [
        tuple(map(float, run([PYTHON, "-c", _SEARCH, site.warehouse], ROOT).output.splitlines()[-1].split()))
        for _ in range(bench.runs)
    ]
    name = f"search of two words, {bench.posts:,} posts"
    for what, number, limit in (("wall", 0, 0.4), ("CPU", 1, 0.8)):
        target = Target(limit, f"at most {limit} s")
        values = [row[number] for row in taken]
        yield Result(
            f"{name}, {what}", seconds(values), target.words, target.verdict(statistics.median(values)),
            "opening the file included",
        )  # fmt: skip


def _page(bench: Bench, site: Site) -> Iterator[Result]:
    page = site.folder / "report.html"
    command: list[str | Path] = [PYTHON.with_name("etl"), "report", "--config", site.settings, "--output", page]
    first = run(command, ROOT).cpu_seconds  # bundles the script that draws
    later = [run(command, ROOT).cpu_seconds for _ in range(bench.runs)]
    megabytes = page.stat().st_size / 1e6
    target = Target(1.5, "at most 1.5 MB up to 100,000 posts")
    name = f"the page of {bench.posts:,} posts, `etl report`"
    yield Result(f"{name}, size", f"{megabytes:.2f} MB", target.words, target.verdict(megabytes))
    yield Result(f"{name}, CPU time", seconds(later), note=f"{first:.1f} s the first time")


def _little_changed(bench: Bench, site: Site) -> Iterator[Result]:
    taken: dict[bool, list[float]] = {}
    for is_on in (False, True):
        switch_insight(site, PARTS if is_on else [])
        forget(site)
        bench.build(site)
        taken[is_on] = []
        for number in range(1, bench.runs + 1):
            update(site, Update(number + bench.runs * is_on, overwritten=bench.changed))
            settle()
            bench.warm(site)
            taken[is_on].append(run(stages_of(site), ROOT).seconds)
            bench.stages(site)
    more = statistics.median(taken[True]) - statistics.median(taken[False])
    target = Target(0.7, "at most 0.7 s more than without")
    yield Result(
        f"{bench.changed} of {_posts_of(site)} changed, without Dagster, {' and '.join(PARTS)} on",
        seconds(taken[True]), target.words, target.verdict(more), f"without: {seconds(taken[False])}",
    )  # fmt: skip
