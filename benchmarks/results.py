"""A measured figure with its target, and the RESULTS.md that is written from all figures."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

NOTES = Path(__file__).with_name("NOTES.md")
"""Hand-written notes on the figures, appended to RESULTS.md unchanged."""

_LIBRARIES = ("duckdb", "polars", "dagster", "pyromark", "selectolax")


_METHOD = """\
A figure is the median of some runs with the smallest and the largest in brackets: the wall clock of the whole command,
start of Python included. Before each run the posts are read into the page cache. A ratio is the median over
pairs of runs, one of the subject and one of the floor, taken by turns. Memory is the largest sum of `Pss` of
/proc/PID/smaps_rollup over all processes of the command, sampled every 50 ms in a run that is not timed; of other
programs that are run once, in that run. Seconds do not carry over to other machines; ratios do."""


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
    """A target: a value of at most `limit`."""

    limit: float
    words: str
    """The target as it is written in the table: `at most 6x the floor`."""

    def verdict(self, value: float) -> str:
        """Describe whether a value reaches the target, and by how much it misses it."""
        if value <= self.limit:
            return f"reached: {value:.2f} of {self.limit:g}"
        return f"**missed by {value / self.limit - 1:.0%}**: {value:.2f} instead of {self.limit:g}"


def machine() -> str:
    """Describe the machine and the versions of the libraries."""
    memory = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]}; {versions}."
    )


@dataclass(frozen=True, slots=True)
class Section:
    """Results measured in one go, under one heading."""

    heading: str
    when: str
    """Day, commit, Python, the number of runs of which a figure is the median, and remarks."""
    results: list[Result]


def load(file: Path) -> dict[str, Section]:
    """Read the sections that `save` wrote: name -> section. Empty if there is no file."""
    if not file.exists():
        return {}
    sections = json.loads(file.read_text("utf-8"))
    return {
        name: Section(entry["heading"], entry["when"], [Result(**result) for result in entry["results"]])
        for name, entry in sections.items()
    }


def save(sections: dict[str, Section], file: Path) -> None:
    """Write the sections to a file, so that one of them can be measured again and the others kept."""
    entries = {name: dataclasses.asdict(section) for name, section in sections.items()}
    file.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", "utf-8")


def render(sections: Iterable[Section]) -> str:
    """Render the text of RESULTS.md from the measured sections."""
    lines = ["# Measured", "", f"`make bench` on {machine()}", "", _METHOD, ""]
    for section in sections:
        lines += [f"## {section.heading}", "", section.when, ""]
        with_target = any(result.target for result in section.results)
        lines.append("| what | measured | target | result | |" if with_target else "| what | measured | |")
        lines.append("|---|---|---|---|---|" if with_target else "|---|---|---|")
        for result in section.results:
            cells = [result.what, result.measured, result.note]
            if with_target:
                cells[2:2] = [result.target, result.verdict]
            lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines) + "\n" + NOTES.read_text("utf-8")
