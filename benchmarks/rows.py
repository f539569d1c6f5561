"""The rows of RESULTS.md: measurements and their targets."""

from __future__ import annotations

import importlib.util
import resource
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bench import (
    PARTS,
    PYTHON,
    ROOT,
    Bench,
    forget,
    posts_of,
    refresh_of,
    stages_in,
    stages_of,
    switch_insight,
)
from benchmarks.corpus.site import Site, Update, Variant, generate, settle, update
from benchmarks.measure import run, seconds, time_pairs
from benchmarks.results import Result, Target

GIB = 2**30


def full_build(bench: Bench) -> Iterator[Result]:
    """Time full builds of both kinds of text, without Dagster and as the whole command."""
    targets: dict[Variant, Target] = {
        "repetitive": Target(11, "at most 11x the floor"),
        "entropy": Target(13, "at most 13x the floor"),
    }
    for variant, target in targets.items():
        site = bench.site(bench.posts, variant)
        floor = bench.time_beside_floor(site, [PYTHON, "-c", ""], "list").beside
        yield Result(f"list + stat, {variant}", seconds(floor))
        pairs = bench.time_beside_floor(site, stages_of(site), "read", from_scratch=True)
        yield Result(f"the floor: list + stat, read + hash + decode, {variant}", seconds(pairs.beside))
        name = f"full build of {bench.posts:,} posts, {variant}"
        note = f"{bench.bytes_of[site.folder] / bench.posts:,.0f} bytes a post"
        yield Result(
            f"{name}, without Dagster", seconds(pairs.subject), target.words, target.verdict(pairs.ratio), note
        )
        yield Result(f"{name}: stages", _stages(stages_in(bench.printed)), note="of the last of these builds")
        yield _file_size(bench, site)
        whole = bench.time_beside_floor(site, refresh_of(site), "read", from_scratch=True)
        over = statistics.median(whole.subject) - statistics.median(pairs.subject)
        yield Result(
            f"{name}, `etl refresh`", seconds(whole.subject), "", f"{whole.ratio:.2f}x the floor",
            f"{over:.2f} s of it for Dagster",
        )  # fmt: skip
        forget(site)
        peak = run(stages_of(site), ROOT, sampled=True).peak_bytes
        yield Result(f"{name}: peak memory, without Dagster", f"{peak / GIB:.2f} GiB")
        forget(site)
        peak = run(refresh_of(site), ROOT, sampled=True).peak_bytes
        yield Result(f"{name}: peak memory, `etl refresh`", f"{peak / GIB:.2f} GiB")
        forget(site)
        switch_insight(site, PARTS)
        bench.warm(site)
        with_all = run(stages_of(site), ROOT).seconds
        switch_insight(site, [])
        yield Result(f"{name}, without Dagster, with {' and '.join(PARTS)}", seconds([with_all]))


def _stages(times: dict[str, int | str]) -> str:
    return ", ".join(f"{stage} {int(value) / 1000:.2f} s" for stage, value in times.items() if stage != "digest")


def large_build(bench: Bench) -> Iterator[Result]:
    """Compare time per post and memory of a large build with one of the usual size."""
    small, large = bench.site(bench.posts), bench.site(bench.large)

    def warm_both() -> None:
        bench.warm(small)
        bench.warm(large)

    pairs = time_pairs(
        bench.large_builds,
        lambda: bench.time_build(large, stages_of(large)) / large.posts * 1e6,
        lambda: bench.time_build(small, stages_of(small)) / small.posts * 1e6,
        warm_both,
    )
    target = Target(1.25, f"at most 1.25x a post of {bench.posts:,}")
    name = f"full build of {bench.large:,} posts"
    yield Result(
        f"{name}, without Dagster",
        f"{statistics.median(pairs.subject):.0f} µs a post, beside {statistics.median(pairs.beside):.0f}",
        target.words, target.verdict(pairs.ratio), f"pairs of runs: {bench.large_builds}",
    )  # fmt: skip
    each = Target(190, "at most 190 µs a post")
    yield Result(
        name,
        f"{statistics.median(pairs.subject):.0f} µs a post",
        each.words,
        each.verdict(statistics.median(pairs.subject)),
    )
    peaks = []
    for site in (small, large):
        forget(site)
        peaks.append(run(stages_of(site), ROOT, sampled=True).peak_bytes)
    measured = f"{peaks[1] / GIB:.2f} GiB, beside {peaks[0] / GIB:.2f}"
    for target, value in (
        (Target(1.3, f"at most 1.3x that of {bench.posts:,}"), peaks[1] / peaks[0]),
        (Target(1.0, "at most 1.0 GiB"), peaks[1] / GIB),
    ):
        yield Result(f"{name}: peak memory", measured, target.words, target.verdict(value))


def nothing_changed(bench: Bench) -> Iterator[Result]:
    """Compare a refresh with nothing to do with the bare listing."""
    yield from _nothing_changed(bench, bench.posts, bench.runs)


def nothing_changed_large(bench: Bench) -> Iterator[Result]:
    """Compare a refresh with nothing to do with the bare listing, on the large site."""
    yield from _nothing_changed(bench, bench.large, bench.large_runs)


def _nothing_changed(bench: Bench, posts: int, runs: int) -> Iterator[Result]:
    site = bench.build(bench.site(posts))
    target = Target(1.6, "at most 1.6x list + stat")
    for name, command in (("`etl refresh`", refresh_of(site)), ("without Dagster", stages_of(site))):
        pairs = bench.time_beside_floor(site, command, "list", runs)
        yield Result(
            f"nothing changed, {posts:,} files, {name}", seconds(pairs.subject), target.words,
            target.verdict(pairs.ratio), f"list + stat {seconds(pairs.beside)}; {runs} runs",
        )  # fmt: skip


def little_changed(bench: Bench) -> Iterator[Result]:
    """Time refreshes after a few posts changed, beside refreshes with nothing to do."""
    limits = {"without Dagster": 1.6, "`etl refresh`": 2.0}
    yield from _little_changed(bench, bench.site(bench.posts), bench.runs, limits)


def little_changed_large(bench: Bench) -> Iterator[Result]:
    """The same of the large site, as the whole command."""
    site = bench.site(bench.large)
    yield from _little_changed(bench, site, bench.large_runs, {"`etl refresh`": 5.0})


def _little_changed(bench: Bench, site: Site, runs: int, limits: dict[str, float]) -> Iterator[Result]:
    bench.build(site)
    several = bench.changed // 10
    number = 0
    for name, limit in limits.items():
        command = stages_of(site) if name == "without Dagster" else refresh_of(site)
        changed, idle, written = [], [], []
        for _ in range(runs):
            number += 1
            update(site, Update(number, bench.changed - 3 * several, several, several, several))
            settle()
            bench.warm(site)
            before = _bytes_written()
            changed.append(run(command, ROOT).seconds)
            written.append(_bytes_written() - before)
            bench.stages(site)
            bench.warm(site)
            idle.append(run(command, ROOT).seconds)
        more = statistics.median(a - b for a, b in zip(changed, idle, strict=True))
        target = Target(limit, f"nothing-changed time + at most {limit:g} s")
        yield Result(
            f"{bench.changed} of {site.posts:,} changed, {name}", seconds(changed), target.words, target.verdict(more),
            f"nothing changed {seconds(idle)}; {statistics.median(written) / 1e6:,.0f} MB written; "
            f"{'with' if _can_clone(site) else 'without'} reflink",
        )  # fmt: skip
    bench.drop(site)


def _can_clone(site: Site) -> bool:
    """Whether files there can be copied without copying their bytes."""
    copy = site.folder / "clone"
    done = subprocess.run(["cp", "--reflink=always", site.settings, copy], capture_output=True, check=False).returncode
    copy.unlink(missing_ok=True)
    return done == 0


def _bytes_written() -> int:
    """Bytes that ended child processes of this one had written to disk."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock * 512


def _file_size(bench: Bench, site: Site) -> Result:
    """Compare the published file of a fresh build, which is there, with the bytes of the posts."""
    size, posts = site.warehouse.stat().st_size, bench.bytes_of[site.folder]
    target = Target(1.1, "at most 1.1x the posts") if site.variant == "entropy" else None
    return Result(
        f"published file, fresh build, {site.variant}", f"{size / 1e6:.1f} MB for {posts / 1e6:.1f} MB of posts",
        target.words if target else "", target.verdict(size / posts) if target else f"{size / posts:.2f}x",
    )  # fmt: skip


_QUERY = """
import sys, time, duckdb
from etl_project.show.questions import find_question
question = find_question(sys.argv[2], None)
for _ in range(2):  # the first reads the file into the page cache
    began = time.perf_counter()
    with duckdb.connect(sys.argv[1], read_only=True) as con:
        con.execute(question.sql, question.values([])).fetchall()
    print(time.perf_counter() - began)
"""


def queries(bench: Bench) -> Iterator[Result]:
    """Time each query that comes with the warehouse, opening the file included."""
    site = bench.build(bench.site(bench.large))
    target = Target(0.3, "at most 0.3 s")
    for path in sorted((ROOT / "warehouse" / "queries").glob("*.sql")):
        taken = [
            float(run([PYTHON, "-c", _QUERY, site.warehouse, path.stem], ROOT).output.splitlines()[-1])
            for _ in range(bench.runs)
        ]
        yield Result(
            f"{path.name}, {bench.large:,} posts", seconds(taken), target.words,
            target.verdict(statistics.median(taken)),
        )  # fmt: skip


_TICK = """
import os, sys, time
os.environ["ETL_CONFIG"] = sys.argv[1]
import dagster as dg
from assets.automation import evaluate_tick
from etl_project.settings import read_settings
with dg.DagsterInstance.ephemeral() as instance:
    for _ in range(3):
        began = time.perf_counter()
        answer = evaluate_tick(instance, read_settings())
        print(time.perf_counter() - began)
assert isinstance(answer, dg.SkipReason), answer
"""

_DEFINITIONS = """
import os, sys
os.environ["ETL_CONFIG"] = sys.argv[1]
from etl_project.definitions import defs
assert defs().resolve_all_job_defs()
"""


def start_up(bench: Bench) -> Iterator[Result]:
    """Time the start of commands and of the Dagster definitions."""
    site = bench.build(bench.site(bench.posts))
    etl = PYTHON.with_name("etl")
    one = [run([etl, "sql", "select 1", "--config", site.settings], ROOT).seconds for _ in range(bench.runs)]
    target = Target(0.3, "at most 0.3 s")
    yield Result('`etl sql "select 1"`', seconds(one), target.words, target.verdict(statistics.median(one)))
    status = [run([etl, "status", "--config", site.settings], ROOT).seconds for _ in range(bench.runs)]
    target = Target(0.35, "at most 0.35 s")
    yield Result("`etl status`", seconds(status), target.words, target.verdict(statistics.median(status)))
    loading = [run([PYTHON, "-c", "import etl_project.definitions"], ROOT).seconds for _ in range(bench.runs)]
    yield Result("import of the Dagster definitions", seconds(loading))
    wired = [run([PYTHON, "-c", _DEFINITIONS, site.settings], ROOT).seconds for _ in range(bench.runs)]
    yield Result(
        "loading of the Dagster definitions", seconds(wired), note="import, wiring, and lineage read from the SQL"
    )
    checked = [run([PYTHON.with_name("dg"), "check", "defs"], ROOT).seconds for _ in range(bench.runs)]
    yield Result("`dg check defs`", seconds(checked))
    bench.warm(site)
    ticks = [float(line) for line in run([PYTHON, "-c", _TICK, site.settings], ROOT).output.splitlines()[-3:]]
    yield Result(f"idle tick of the schedule, {bench.posts:,} files", seconds(ticks), note="in a warm code server")


def repository(bench: Bench) -> Iterator[Result]:
    """Time a git source: nothing changed, and a commit of a few posts."""
    if importlib.util.find_spec("etl_project.sources.git") is None:
        yield Result("git source", "not there yet")
        return
    site = Site(bench.folder / "repository", bench.repository)
    generate(site)
    work = posts_of(site)
    text = site.settings.read_text("utf-8")
    site.settings.write_text(text.replace('location = "finews"', f'location = "git+{work}"'), "utf-8")
    _git(work, "init", "--quiet", "--initial-branch", "main")
    _commit(work)
    bench.stages(site)
    changed, idle = [], []
    for number in range(1, bench.runs + 1):
        update(site, Update(number, overwritten=bench.changed))
        _commit(work)
        changed.append(run(stages_of(site), ROOT).seconds)
        idle.append(run(stages_of(site), ROOT).seconds)
    yield Result(f"git source of {site.posts:,} posts, nothing changed", seconds(idle))
    yield Result(f"git source of {site.posts:,} posts, a commit of {bench.changed}", seconds(changed))
    shutil.rmtree(site.folder)


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def _commit(folder: Path) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "posts")


def mixed_dialects(bench: Bench) -> Iterator[Result]:
    """Time a full build of eight sources of seven dialects."""
    site = bench.site(bench.posts, "mixed")
    pairs = bench.time_beside_floor(site, stages_of(site), "read", from_scratch=True)
    yield Result(
        f"full build of {bench.posts:,} posts, eight sources of seven dialects, without Dagster",
        seconds(pairs.subject), "", f"{pairs.ratio:.2f}x the floor",
        f"{bench.bytes_of[site.folder] / bench.posts:,.0f} bytes a post",
    )  # fmt: skip
    bench.drop(site)


def same_rows(bench: Bench) -> Iterator[Result]:
    """Compare the tables of builds that were run differently, row for row."""
    for variant in ("entropy", "mixed"):
        site = bench.site(bench.peers, variant)
        digests = {}
        for processes in ("1", "2", "5"):
            forget(site)
            digests[processes] = bench.stages(site, "--processes", processes, "--digest")["digest"]
        same = len(set(digests.values())) == 1
        yield Result(
            f"rows of all derived tables with 1, 2 and 5 processes, {bench.peers:,} posts, {variant}",
            "the same" if same else "different", "the same", "reached" if same else "**missed**",
        )  # fmt: skip


SECTIONS: dict[str, tuple[str, Callable[[Bench], Iterator[Result]]]] = {
    "full": ("Full build", full_build),
    "start": ("Start-up", start_up),
    "large": ("Full build, large", large_build),
    "queries": ("Queries", queries),
    "idle-large": ("Nothing changed, large", nothing_changed_large),
    "changed-large": ("Little changed, large", little_changed_large),
    "idle": ("Nothing changed", nothing_changed),
    "changed": ("Little changed", little_changed),
    "mixed": ("Mixed dialects", mixed_dialects),
    "git": ("Git", repository),
    "same": ("The same rows", same_rows),
}
"""Name for --only -> (heading, function that measures), in the order in which they run."""
