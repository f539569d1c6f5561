"""`python -m benchmarks.corpus FOLDER --posts 100000`: generate posts, with an etl.toml that reads them."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import get_args

from benchmarks.corpus.site import Site, Update, Variant, generate, update


def main() -> None:
    """Generate a site, or let an update befall one that was generated with the same values."""
    ask = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--posts", type=int, default=10_000)
    ask.add_argument("--variant", choices=get_args(Variant), default="entropy")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--processes", type=int)
    ask.add_argument("--update", type=int, metavar="NUMBER", help="update the generated site instead")
    for kind in ("overwritten", "moved", "added", "deleted"):
        ask.add_argument(f"--{kind}", type=int, default=0, metavar="N")
    given = ask.parse_args()
    site = Site(given.folder, given.posts, given.variant, given.seed)
    if given.update is not None:
        update(site, Update(given.update, given.overwritten, given.moved, given.added, given.deleted))
        return
    began = time.perf_counter()
    size = generate(site, given.processes)
    print(f"{given.posts:,} posts, {size / 1e6:,.1f} MB, in {time.perf_counter() - began:.1f} s: {site.settings}")


if __name__ == "__main__":
    main()
