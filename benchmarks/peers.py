"""Compare with other programs that read the same posts, each at a size it can handle.

`make bench-peers` installs the ones from package registries below benchmarks/.peers. Hugo and Jekyll come from the
package manager of the system (`apt-get install --no-install-recommends hugo jekyll`). A program that is not installed
is named in the results and skipped.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import ROOT, Bench, posts_of, stages_of
from benchmarks.corpus.site import Site
from benchmarks.measure import CommandFailed, run, seconds
from benchmarks.results import Result, Target

HOME = Path(__file__).with_name(".peers")
_PYTHON = HOME / "python" / "bin" / "python"
_MDDB = HOME / "npm" / "node_modules" / "mddb"

_MDDB_SCRIPT = """
const { MarkdownDB } = await import(process.argv[2]);
const db = new MarkdownDB({ client: "sqlite3", connection: { filename: process.argv[4] } });
await (await db.init()).indexFolder({ folderPath: process.argv[3] });
console.log((await db.getFiles()).length);
process.exit(0);
"""

_PANDAS_SCRIPT = """
import pathlib, sqlite3, sys
import frontmatter, pandas
rows = []
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.md")):
    post = frontmatter.load(path)
    rows.append({"path": str(path), "body": post.content, **{k: str(v) for k, v in post.metadata.items()}})
with sqlite3.connect(sys.argv[2]) as con:
    pandas.DataFrame(rows).to_sql("posts", con, index=False)
print(len(rows))
"""

_SQLITE_SCRIPT = """
import pathlib, sys
from markdown_to_sqlite.cli import cli
cli([sys.argv[2], "posts", *map(str, pathlib.Path(sys.argv[1]).rglob("*.md"))])
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program to compare with."""

    name: str
    version: str
    does: str
    """The part of a refresh that it does."""
    command: list[str | Path]
    runs: int
    target: Target | None = None
    """Target for the time of our full build as a share of the time of the peer."""


def find_peers(site: Site, scratch: Path, bench: Bench, *, is_large: bool) -> tuple[list[Peer], list[str]]:
    """Find the peers to be measured on a site.

    Args:
        site: the site whose posts they read.
        scratch: folder for their output.
        bench: sizes of the session.
        is_large: only peers that can handle a large site.

    Returns:
        The installed peers, and the names of those that are not installed.
    """
    posts = posts_of(site)
    found: list[Peer] = []
    absent: list[str] = []
    hugo_site = scratch / "hugo"
    hugo_site.mkdir(parents=True, exist_ok=True)
    mount = f'baseURL = "https://news.example/"\n[[module.mounts]]\nsource = "{posts}"\ntarget = "content"\n'
    (hugo_site / "config.toml").write_text(mount, "utf-8")
    if shutil.which("hugo"):
        version = _version("hugo", "version")
        hugo: list[str | Path] = ["hugo", "list", "all", "--source", hugo_site]
        target = None if is_large else Target(0.6, "at most 0.6 of its time")
        runs = 1 if is_large else bench.runs
        found.append(Peer("`hugo list all`", version, "front matter only", hugo, runs, target))
    else:
        absent.append("hugo")
    if is_large:
        return found, absent
    if shutil.which("jekyll"):
        command: list[str | Path] = ["jekyll", "build", "--quiet", "--disable-disk-cache", "--source", posts]
        command += ["--destination", scratch / "jekyll"]
        found.append(Peer("`jekyll build`", _version("jekyll", "--version"), "pages without layout", command, 1))
    else:
        absent.append("jekyll")
    if _MDDB.exists() and shutil.which("node"):
        script = scratch / "mddb.mjs"
        script.write_text(_MDDB_SCRIPT, "utf-8")
        version = str(json.loads((_MDDB / "package.json").read_text("utf-8"))["version"])
        entry = _MDDB / "dist" / "src" / "index.js"
        command = ["node", script, entry, posts, scratch / "mddb.db"]
        fiftieth = Target(1 / 50, "at least 50x as fast")
        found.append(Peer("mddb", version, "front matter, links, SQLite", command, 1, fiftieth))
    else:
        absent.append("mddb")
    if _PYTHON.exists():
        command = [_PYTHON, "-c", _SQLITE_SCRIPT, posts, scratch / "markdown.db"]
        version_ = _package_version("markdown-to-sqlite")
        found.append(Peer("markdown-to-sqlite", version_, "front matter, HTML, SQLite", command, 1))
        command = [_PYTHON, "-c", _PANDAS_SCRIPT, posts, scratch / "pandas.db"]
        version_ = f"{_package_version('python-frontmatter')} + {_package_version('pandas')}"
        found.append(Peer("`frontmatter` + pandas", version_, "front matter and body, SQLite", command, 1))
    else:
        absent += ["markdown-to-sqlite", "`frontmatter` + pandas"]
    return found, absent


def _version(*command: str) -> str:
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    match = re.search(r"\d+(\.\d+)+", output)
    return match[0] if match else "of unknown version"


def _package_version(name: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    return subprocess.run([_PYTHON, "-c", code], capture_output=True, text=True, check=False).stdout.strip()


def peers(bench: Bench) -> Iterator[Result]:
    """Time every peer beside our full build of the same posts, whose front matter every peer can read."""
    for posts, is_large in ((bench.peers, False), (bench.posts, True)):
        site = bench.site(posts, "clean")
        scratch = bench.folder / f"peers-{posts}"
        found, absent = find_peers(site, scratch, bench, is_large=is_large)
        for peer in found:
            ours, theirs = [], []
            try:
                for _ in range(peer.runs):
                    bench.warm(site)
                    ours.append(bench.time_build(site, stages_of(site)))
                    bench.warm(site)
                    _remove_output(scratch)
                    ran = run(peer.command, ROOT, sampled=peer.runs == 1)
                    theirs.append(ran.seconds)
                if peer.runs > 1:
                    _remove_output(scratch)
                    ran = run(peer.command, ROOT, sampled=True)
            except CommandFailed as failed:
                yield Result(f"{peer.name} {peer.version}, {posts:,} posts", "stopped", note=str(failed))
                continue
            share = statistics.median(ours) / statistics.median(theirs)
            yield Result(
                f"{peer.name} {peer.version}, {posts:,} posts", seconds(theirs),
                peer.target.words if peer.target else "",
                (f"{'reached' if share <= peer.target.limit else '**missed**'}: " if peer.target else "")
                + f"{1 / share:.1f}x our time",
                f"{peer.does}; {ran.peak_bytes / 2**30:.2f} GiB; our full build {seconds(ours)}",
            )  # fmt: skip
        for name in absent:
            yield Result(f"{name}, {posts:,} posts", "not installed")
        shutil.rmtree(scratch, ignore_errors=True)
        bench.drop(site)


def _remove_output(scratch: Path) -> None:
    """Remove the output of a peer, so that each of its runs starts from scratch."""
    for path in (*scratch.glob("*.db"), *scratch.glob("jekyll"), *scratch.glob("hugo/*")):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix != ".toml":
            path.unlink()


def install() -> None:
    """Install the peers that come from package registries, below benchmarks/.peers."""
    HOME.mkdir(exist_ok=True)
    subprocess.run(["python3", "-m", "venv", HOME / "python"], check=True)
    packages = ["markdown-to-sqlite", "python-frontmatter", "pandas"]
    subprocess.run([_PYTHON, "-m", "pip", "install", "--quiet", *packages], check=True)
    npm = HOME / "npm"
    npm.mkdir(exist_ok=True)
    (npm / "package.json").write_text('{"private": true}\n', "utf-8")
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "mddb"], cwd=npm, check=True)
    # npm no longer runs the scripts of packages by itself, and a script builds the native part of this one.
    subprocess.run(["npm", "rebuild", "sqlite3", "--foreground-scripts"], cwd=npm, check=True)


if __name__ == "__main__":
    install()
