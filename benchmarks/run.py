"""`make bench`: measure everything in one sitting and write benchmarks/RESULTS.md wholly.

`python -m benchmarks.run --quick` proves the harness on small sizes; it and `--only ROWS` print instead of writing.
"""

from __future__ import annotations

import argparse
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
from benchmarks.results import Result, render
from benchmarks.rows import SECTIONS

RESULTS = Path(__file__).with_name("RESULTS.md")

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
    ask.add_argument("--folder", type=Path, default=Path(__file__).with_name(".work"), help="where posts are made")
    ask.add_argument("--output", type=Path, help="write the results here")
    given = ask.parse_args()
    bench = Bench(given.folder.absolute())
    if given.quick:
        bench = Bench(bench.folder, 2_000, 6_000, repository=1_000, peers=500, changed=30, runs=2, large_runs=1)
        bench.looks, bench.refreshes = 20, 5
    bench.runs = given.runs or bench.runs
    everything = not given.quick and set(given.only) == set(ALL)
    output = given.output or (RESULTS if everything else None)
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    done: dict[str, list[Result]] = {}
    shutil.rmtree(bench.folder, ignore_errors=True)
    bench.folder.mkdir(parents=True)
    try:
        for name in (name for name in ALL if name in given.only):
            heading, measure = ALL[name]
            began = time.perf_counter()
            done[heading] = []
            try:
                for result in measure(bench):
                    done[heading].append(result)
                    print(f"{result.what}: {result.measured}  {result.verdict}  {result.note}", flush=True)
            except CommandFailed as failed:
                done[heading].append(Result("the rest of these rows", "not measured", note=str(failed)))
                print(failed, file=sys.stderr, flush=True)
            print(f"-- {name}: {time.perf_counter() - began:.0f} s", flush=True)
            if output:
                output.write_text(render(done, commit, bench.runs, given.quick), "utf-8")
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
