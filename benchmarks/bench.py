"""The sites that the benchmarks run on, and the commands that they share."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from pathlib import Path

from benchmarks.corpus.site import Site, Variant, generate, settle
from benchmarks.measure import Pairs, run, time_pairs
from etl_project.insight import Insight

PYTHON = Path(sys.executable)
ROOT = Path(__file__).parents[1]

PARTS = [part.name for part in fields(Insight)]
"""Parts of `[insight]`."""


@dataclass(slots=True)
class Bench:
    """Sizes of one benchmark session, and the folder it works in."""

    folder: Path
    posts: int = 100_000
    """Posts of the usual site."""
    large: int = 1_000_000
    """Posts of the large site."""
    repository: int = 200_000
    """Posts of the git repository."""
    peers: int = 20_000
    """Posts of the site on which slow peers are measured."""
    changed: int = 300
    """Posts changed before a refresh."""
    idle_checks: int = 1_000
    """Idle checks for changes."""
    refreshes: int = 96
    """Refreshes a day, one every fifteen minutes: more than the runs that Dagster's records keep."""
    runs: int = 3
    """Runs of which a figure is the median."""
    large_runs: int = 2
    """The same for refreshes of the large site, and for builds with parts of `[insight]`."""
    large_builds: int = 1
    """Pairs of builds of the large and the usual site."""
    bytes_of: dict[Path, int] = field(default_factory=dict)
    """Folder of a site -> bytes of its posts."""
    printed: str = ""
    """What the last timed build printed."""

    def site(self, posts: int, variant: Variant = "entropy") -> Site:
        """Return a site, generated at its first use; its files are not young any more."""
        site = Site(self.folder / f"{variant}-{posts}", posts, variant)
        if site.folder not in self.bytes_of:
            shutil.rmtree(site.folder, ignore_errors=True)
            self.bytes_of[site.folder] = generate(site)
            switch_insight(site, [])
            settle()
        return site

    def build(self, site: Site) -> Site:
        """Build the warehouse of a site, and refresh it once more so that the next refresh has nothing to do."""
        if not site.warehouse.exists():
            self.stages(site)
        self.stages(site)
        return site

    def stages(self, site: Site, *options: str) -> dict[str, int | str]:
        """Refresh without Dagster, untimed. Returns the output of `benchmarks.stages`."""
        return stages_in(run(stages_of(site, *options), ROOT).output)

    def time_build(self, site: Site, command: list[str | Path]) -> float:
        """Remove the warehouse and time the command that builds it. Returns seconds."""
        forget(site)
        ran = run(command, ROOT)
        self.printed = ran.output
        return ran.seconds

    def time_beside_floor(
        self, site: Site, command: list[str | Path], floor: str, runs: int | None = None, *, from_scratch: bool = False
    ) -> Pairs:
        """Time a command and the floor alternately.

        Args:
            site: the site.
            command: the command to time.
            floor: `list` or `read`, as `benchmarks.floor` takes it.
            runs: pairs of runs; `self.runs` by default.
            from_scratch: remove the warehouse before each run of the command.
        """

        def subject() -> float:
            return self.time_build(site, command) if from_scratch else run(command, ROOT).seconds

        return time_pairs(
            runs or self.runs, subject, lambda: run(floor_of(site, floor), ROOT).seconds, lambda: self.warm(site)
        )

    def warm(self, site: Site) -> None:
        """Read every post into the page cache."""
        run(floor_of(site, "read"), ROOT)

    def drop(self, site: Site) -> None:
        """Remove a large site that no further row needs."""
        shutil.rmtree(site.folder, ignore_errors=True)
        self.bytes_of.pop(site.folder, None)


def switch_insight(site: Site, on: Collection[str]) -> None:
    """Switch the named parts of `[insight]` on, and the others off: off is how sites are measured."""
    text = site.settings.read_text("utf-8").partition("\n[insight]\n")[0]
    lines = [f"{part} = {str(part in on).lower()}" for part in PARTS]
    site.settings.write_text("\n".join([text, "[insight]", *lines, ""]), "utf-8")


def posts_of(site: Site) -> Path:
    """Folder of all posts of a site. Only a site of several sources has its warehouse in it."""
    return site.folder if site.variant == "mixed" else site.folder / "finews"


def forget(site: Site) -> None:
    """Remove the warehouse of a site and Dagster's records of it."""
    shutil.rmtree(site.warehouse.parent, ignore_errors=True)


def stages_in(output: str) -> dict[str, int | str]:
    """What `benchmarks.stages` printed."""
    printed: dict[str, int | str] = json.loads(output.splitlines()[-1])
    return printed


def stages_of(site: Site, *options: str) -> list[str | Path]:
    """Command that refreshes without Dagster."""
    return [PYTHON, "-m", "benchmarks.stages", site.settings, *options]


def refresh_of(site: Site) -> list[str | Path]:
    """Command that refreshes as people do."""
    return [PYTHON.with_name("etl"), "refresh", "--config", site.settings]


def floor_of(site: Site, floor: str) -> list[str | Path]:
    """Command of the floor: `list` or `read`."""
    return [PYTHON, "-m", "benchmarks.floor", floor, posts_of(site)]
