"""One measured figure with its target, and RESULTS.md made of them."""

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
"""What people write beside the figures; it closes RESULTS.md as it is."""

_LIBRARIES = ("duckdb", "polars", "dagster", "pyromark", "selectolax")


_METHOD = """\
A figure is the median of some runs with the smallest and the largest in brackets: the wall clock of the whole command,
start of Python included. Before each run the posts are read into the page cache. A ratio is the median over
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
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]}; {versions}."
    )


@dataclass(frozen=True, slots=True)
class Section:
    """What was measured in one go, under one heading."""

    heading: str
    when: str
    """Day, commit, Python, how many runs a figure is the median of, and what else is to be known."""
    results: list[Result]


def load(file: Path) -> dict[str, Section]:
    """Read the sections that `save` wrote: name -> section; none where there is no file."""
    if not file.exists():
        return {}
    sections = json.loads(file.read_text("utf-8"))
    return {
        name: Section(said["heading"], said["when"], [Result(**result) for result in said["results"]])
        for name, said in sections.items()
    }


def save(sections: dict[str, Section], file: Path) -> None:
    """Write sections down, so that one of them can be measured anew beside the others."""
    said = {name: dataclasses.asdict(section) for name, section in sections.items()}
    file.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", "utf-8")


def render(sections: Iterable[Section]) -> str:
    """Write the whole of RESULTS.md, from what was measured."""
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
