"""Time full builds of real sites, each repeated to the same number of posts, in the dialect it is detected as."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import PARTS, PYTHON, ROOT, Bench
from benchmarks.corpus.site import settle
from benchmarks.measure import run
from benchmarks.results import Result
from etl_project.dialects import DIALECTS, detect_dialect, is_post

SITES = ROOT.parent / "shared" / "sites"


def real_sites(bench: Bench) -> Iterator[Result]:
    """Measure the CPU time a post of each site below `../shared/sites`."""
    folders = sorted(folder for folder in SITES.iterdir() if folder.is_dir()) if SITES.is_dir() else []
    if not folders:
        yield Result("posts of real sites", "not there", note="they lie in ../shared/sites")
        return
    total = posts = 0.0
    for folder in folders:
        site = bench.folder / "real" / folder.name
        read = repeat_posts(folder, site / "posts", bench.peers // len(folders))
        settings = write_settings(folder, site)
        settle()
        ran = run([PYTHON, "-m", "benchmarks.stages", settings], ROOT)
        times = json.loads(ran.output.splitlines()[-1])
        total, posts = total + ran.cpu_seconds, posts + read
        size = sum(path.stat().st_size for path in (site / "posts").rglob("*") if path.is_file()) / read
        yield Result(
            f"full build of {folder.name}, repeated to {read:,} posts",
            f"{ran.cpu_seconds / read * 1e6:,.0f} µs CPU a post",
            note=f"{size:,.0f} bytes a post, its other files included; {times['extract'] / 1000:.2f} s of reading, "
            f"{ran.seconds:.2f} s in all",
        )  # fmt: skip
        shutil.rmtree(site)
    yield Result(f"full builds of all {len(folders)} sites", f"{total / posts * 1e6:,.0f} µs CPU a post")


def repeat_posts(folder: Path, target: Path, posts: int) -> int:
    """Copy a site with each of its posts several times, under other names beside it.

    Args:
        folder: the site.
        target: the copy; it is made.
        posts: how many posts it is to have at least.

    Returns:
        How many it has.
    """
    shutil.copytree(folder, target)
    dialect = DIALECTS[detect_dialect(folder)]
    originals = [path for path in sorted(target.rglob("*")) if path.is_file() and is_post(dialect, path.name)]
    copies = -(-posts // len(originals))
    for path in originals:
        stem, dot, ending = path.name.partition(".")
        for number in range(1, copies):
            path.with_name(f"{stem}-copy-{number}{dot}{ending}").write_bytes(path.read_bytes())
    return copies * len(originals)


def write_settings(folder: Path, site: Path) -> Path:
    """Write the settings of a copied site, `[insight]` off. Returns their path."""
    include = '["_posts/**", "old_post/**"]' if folder.name == "finews" else "[]"
    off = "".join(f"{part} = false\n" for part in PARTS)
    settings = site / "etl.toml"
    settings.write_text(
        f'[warehouse]\npath = "warehouse/posts.duckdb"\n\n[insight]\n{off}\n[[source]]\nname = "{folder.name}"\n'
        f'location = "posts"\ndialect = "{detect_dialect(folder)}"\ninclude = {include}\n',
        "utf-8",
    )
    return settings
