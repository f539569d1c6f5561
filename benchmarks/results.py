"""One measured figure with its target, and RESULTS.md made of them."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil

NOTES = Path(__file__).with_name("NOTES.md")
"""What people write beside the figures; it closes RESULTS.md as it is."""

_LIBRARIES = ("duckdb", "polars", "dagster", "pyarrow", "pyromark", "selectolax")


_METHOD = """\
A figure is the median of {runs} runs with the smallest and the largest in brackets: the wall clock of the whole
command, start of Python included. Before each run the posts are read into the page cache. A ratio is the median over
pairs of runs, one of the subject and one of the floor, taken by turns. Memory is the largest sum of `Pss` of
/proc/PID/smaps_rollup over all processes of the command, sampled every 50 ms in a run that is not timed. Seconds do not
carry over to other machines; ratios do."""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table."""

    what: str
    measured: str
    target: str = ""
    verdict: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What must be reached: a value at most `limit`."""

    limit: float
    words: str
    """The target as the table says it: `at most 6x the floor`."""

    def verdict(self, value: float) -> str:
        """Say whether a value reaches the target, and if not by how much it misses."""
        if value <= self.limit:
            return f"reached: {value:.2f} of {self.limit:g}"
        return f"**missed by {value / self.limit - 1:.0%}**: {value:.2f} instead of {self.limit:g}"


def machine() -> str:
    """Describe the machine and the versions that were measured."""
    memory = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}; {versions}."
    )


def render(sections: dict[str, list[Result]], commit: str, runs: int, quick: bool) -> str:
    """Write the whole of RESULTS.md.

    Args:
        sections: heading -> its lines.
        commit: what was measured.
        runs: pairs each figure is the median of, unless its line says otherwise.
        quick: the sizes were small ones, which prove the harness and nothing else.
    """
    lines = ["# Measured", ""]
    if quick:
        lines += ["**A quick run on small sizes: it shows that the harness works. The figures mean nothing.**", ""]
    lines += [
        f"`make bench` on {dt.datetime.now(dt.UTC):%Y-%m-%d}, commit {commit}: {machine()}",
        "",
        _METHOD.format(runs=runs),
        "",
    ]
    for heading, results in sections.items():
        lines += [f"## {heading}", ""]
        with_target = any(result.target for result in results)
        lines.append("| what | measured | target | result | |" if with_target else "| what | measured | |")
        lines.append("|---|---|---|---|---|" if with_target else "|---|---|---|")
        for result in results:
            cells = [result.what, result.measured, result.note]
            if with_target:
                cells[2:2] = [result.target, result.verdict]
            lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines) + "\n" + NOTES.read_text("utf-8")
