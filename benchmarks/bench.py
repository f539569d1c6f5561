"""The sites that rows are measured on, and the commands that every row runs."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.corpus.site import Site, Variant, generate, settle
from benchmarks.measure import Pairs, paired, run

PYTHON = Path(sys.executable)
ROOT = Path(__file__).parents[1]


@dataclass(slots=True)
class Bench:
    """Sizes of one sitting, and the folder it works in."""

    folder: Path
    posts: int = 100_000
    large: int = 1_000_000
    repository: int = 200_000
    peers: int = 20_000
    changed: int = 300
    looks: int = 1_000
    refreshes: int = 288
    """As many as a day of five-minute ones has."""
    runs: int = 5
    large_runs: int = 2
    bytes_of: dict[Path, int] = field(default_factory=dict)
    """Folder of a site -> bytes of its posts."""

    def site(self, posts: int, variant: Variant = "entropy") -> Site:
        """Give a site, generated at its first use; its files are not young any more."""
        site = Site(self.folder / f"{variant}-{posts}", posts, variant)
        if site.folder not in self.bytes_of:
            shutil.rmtree(site.folder, ignore_errors=True)
            self.bytes_of[site.folder] = generate(site)
            settle()
        return site

    def built(self, site: Site) -> Site:
        """Give a site whose warehouse is built, and to which nothing has happened since."""
        if not site.warehouse.exists():
            self.stages(site)
        self.stages(site)
        return site

    def stages(self, site: Site, *options: str) -> dict[str, int | str]:
        """Refresh without Dagster, untimed. Returns what `benchmarks.stages` prints."""
        printed: dict[str, int | str] = json.loads(run(stages_of(site, *options), ROOT).output.splitlines()[-1])
        return printed

    def timed_build(self, site: Site, command: list[str | Path]) -> float:
        """Seconds of a build of everything from nothing."""
        forget(site)
        return run(command, ROOT).seconds

    def beside_floor(
        self, site: Site, command: list[str | Path], what: str, runs: int | None = None, *, anew: bool = False
    ) -> Pairs:
        """Time a command and the floor `what` (list or read) by turns. `anew`: the warehouse is removed before each."""

        def subject() -> float:
            return self.timed_build(site, command) if anew else run(command, ROOT).seconds

        return paired(
            runs or self.runs, subject, lambda: run(floor_of(site, what), ROOT).seconds, lambda: self.warm(site)
        )

    def warm(self, site: Site) -> None:
        """Read every post into the page cache."""
        run(floor_of(site, "read"), ROOT)

    def drop(self, site: Site) -> None:
        """Remove a large site as soon as no row needs it."""
        shutil.rmtree(site.folder, ignore_errors=True)
        self.bytes_of.pop(site.folder, None)


def posts_of(site: Site) -> Path:
    """Folder of all posts of a site, its warehouse not in it where there is one source."""
    return site.folder if site.variant == "mixed" else site.folder / "finews"


def forget(site: Site) -> None:
    """Remove the warehouse of a site, and what Dagster recorded of it."""
    shutil.rmtree(site.warehouse.parent, ignore_errors=True)


def stages_of(site: Site, *options: str) -> list[str | Path]:
    """Command of a refresh without Dagster."""
    return [PYTHON, "-m", "benchmarks.stages", site.settings, *options]


def refresh_of(site: Site) -> list[str | Path]:
    """Command of a refresh as people run it."""
    return [PYTHON.with_name("etl"), "refresh", "--config", site.settings]


def floor_of(site: Site, what: str) -> list[str | Path]:
    """Command of the floor: list or read."""
    return [PYTHON, "-m", "benchmarks.floor", what, posts_of(site)]
