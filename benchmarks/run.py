"""`make bench`: measure on up to 200,000 posts, and write benchmarks/RESULTS.md; `make bench ALL=1`: everything.

`python -m benchmarks.run --quick` tests the harness on small sizes. `--quick` and `--only ROWS` print their results
instead of writing them. With `--keep` the new figures of those rows replace their old ones in RESULTS.md; else it has
the rows of this session only, all of one commit.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bench import ROOT, Bench
from benchmarks.growth import records
from benchmarks.hostile import hostile_rows
from benchmarks.insight import insight
from benchmarks.measure import CommandFailed
from benchmarks.peers import peers
from benchmarks.real_sites import real_sites
from benchmarks.results import Result, Section, load, render, save
from benchmarks.rows import SECTIONS

RESULTS = Path(__file__).with_name("RESULTS.md")
FIGURES = Path(__file__).with_name("figures.json")
"""The figures from which RESULTS.md is written."""

ALL: dict[str, tuple[str, Callable[[Bench], Iterator[Result]]]] = {
    **SECTIONS,
    "insight": ("Search, stories, terms, links and the page", insight),
    "sites": ("Real sites", real_sites),
    "records": ("Dagster's records", records),
    "peers": ("Other programs, the same posts", peers),
    "hostile": ("Posts made to hurt", hostile_rows),
}

LONG = frozenset({"large", "queries", "idle-large", "changed-large", "peers"})
"""Rows that most changes do not call for: those of a million posts, and of slow programs that others wrote."""


def main() -> None:
    """Measure the rows named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="test the harness on small sizes")
    parser.add_argument("--all", action="store_true", help="also the rows of a million posts and of other programs")
    parser.add_argument("--only", nargs="+", choices=ALL, metavar="ROWS", help=" ".join(ALL))
    parser.add_argument("--runs", type=int, help="runs of which a figure is the median; 3 by default")
    parser.add_argument("--large-runs", type=int, help="the same for refreshes of the large site; 2 by default")
    parser.add_argument(
        "--folder", type=Path, default=Path(__file__).with_name(".work"), help="folder in which posts are generated"
    )
    parser.add_argument(
        "--keep", action="store_true", help="write the figures into RESULTS.md and keep its other sections"
    )
    parser.add_argument("--remark", default="", help="remark that is written beside these figures")
    options = parser.parse_args()
    bench = Bench(options.folder.absolute())
    if options.quick:
        bench = Bench(bench.folder, 2_000, 6_000, repository=1_000, peers=500, changed=30, runs=2, large_runs=1)
        bench.idle_checks, bench.refreshes = 20, 5
    bench.runs = options.runs or bench.runs
    bench.large_runs = options.large_runs or bench.large_runs
    chosen = options.only or [name for name in ALL if options.all or name not in LONG]
    is_kept = not options.quick and (options.keep or not options.only)
    sections = load(FIGURES) if options.keep else {}
    python = platform.python_version()
    runs = f"{bench.runs} runs unless a row names another number."
    when = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, commit {_commit()}, Python {python}, {runs} {options.remark}".strip()
    shutil.rmtree(bench.folder, ignore_errors=True)
    bench.folder.mkdir(parents=True)
    try:
        for name in (name for name in ALL if name in chosen):
            heading, measure = ALL[name]
            began = time.perf_counter()
            results: list[Result] = []
            try:
                for result in measure(bench):
                    results.append(result)
                    print(f"{result.what}: {result.measured}  {result.verdict}  {result.note}", flush=True)
            except CommandFailed as failed:
                results.append(Result("the rest of these rows", "not measured", note=str(failed)))
                print(failed, file=sys.stderr, flush=True)
            print(f"-- {name}: {time.perf_counter() - began:.0f} s", flush=True)
            sections[name] = Section(heading, when, results)
            if is_kept:
                save(sections, FIGURES)
                RESULTS.write_text(render([sections[name] for name in ALL if name in sections]), "utf-8")
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    # The figures themselves do not count: they are written while the next ones are measured.
    changes = git("status", "--porcelain", "--", ":!benchmarks/figures.json", ":!benchmarks/RESULTS.md")
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if changes else "")


if __name__ == "__main__":
    main()
