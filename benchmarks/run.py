"""`make bench`: measure everything in one sitting and write benchmarks/RESULTS.md wholly.

`python -m benchmarks.run --quick` proves the harness on small sizes; it and `--only ROWS` print instead of writing.
With `--keep` the figures of those rows take the place of their last ones in RESULTS.md.
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
from benchmarks.measure import CommandFailed
from benchmarks.peers import peers
from benchmarks.results import Result, Section, load, render, save
from benchmarks.rows import SECTIONS

RESULTS = Path(__file__).with_name("RESULTS.md")
FIGURES = Path(__file__).with_name("figures.json")
"""What RESULTS.md is made of."""

ALL: dict[str, tuple[str, Callable[[Bench], Iterator[Result]]]] = {
    **SECTIONS,
    "records": ("Dagster's records", records),
    "peers": ("Other programs, the same posts", peers),
    "hostile": ("Posts made to hurt", hostile_rows),
}


def main() -> None:
    """Measure the rows that are asked for."""
    ask = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    ask.add_argument("--quick", action="store_true", help="small sizes: does the harness work?")
    ask.add_argument("--only", nargs="+", choices=ALL, default=list(ALL), metavar="ROWS", help=" ".join(ALL))
    ask.add_argument("--runs", type=int, help="runs of which a figure is the median; 5 by default")
    ask.add_argument("--large-runs", type=int, help="the same of the largest site; 2 by default")
    ask.add_argument("--folder", type=Path, default=Path(__file__).with_name(".work"), help="where posts are made")
    ask.add_argument(
        "--keep", action="store_true", help="put what is measured into RESULTS.md; what its other sections say stays"
    )
    ask.add_argument("--remark", default="", help="what else is to be known of these figures")
    given = ask.parse_args()
    bench = Bench(given.folder.absolute())
    if given.quick:
        bench = Bench(bench.folder, 2_000, 6_000, repository=1_000, peers=500, changed=30, runs=2, large_runs=1)
        bench.looks, bench.refreshes = 20, 5
    bench.runs = given.runs or bench.runs
    bench.large_runs = given.large_runs or bench.large_runs
    is_kept = not given.quick and (given.keep or set(given.only) == set(ALL))
    sections = load(FIGURES) if given.keep else {}
    python = platform.python_version()
    runs = f"{bench.runs} runs where a row says no other number."
    when = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, commit {_commit()}, Python {python}, {runs} {given.remark}".strip()
    shutil.rmtree(bench.folder, ignore_errors=True)
    bench.folder.mkdir(parents=True)
    try:
        for name in (name for name in ALL if name in given.only):
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

    # The figures themselves are written while the next are measured.
    others = git("status", "--porcelain", "--", ":!benchmarks/figures.json", ":!benchmarks/RESULTS.md")
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if others else "")


if __name__ == "__main__":
    main()
