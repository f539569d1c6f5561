"""Makes the file of the present schema version in this folder: a published file, copied without its free space.

Run it when the schema has changed, with the last file of a version that was never released removed:

    .venv/bin/python tests/database/earlier/make.py

The warehouse holds three posts as two refreshes saw them: one was edited and one deleted in between.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
POST = "---\ntitle: {title}\ndate: 2024-0{n}-01 08:00:00\ntags: [a]\ncategories: [news]\n---\nHello [x](https://example.org/{n})\n"
SETTINGS = (
    '[warehouse]\npath = "wh/posts.duckdb"\nhistory = true\n\n'
    '[[source]]\nname = "s"\nlocation = "site"\ndialect = "jekyll"\n'
)


def write_post(folder: Path, n: int, title: str, age: float) -> None:
    file = folder / f"2024-0{n}-01-p{n}.md"
    file.write_text(POST.format(title=title, n=n), "utf-8")
    then = file.stat().st_mtime - age
    os.utime(file, (then, then))


def build(folder: Path) -> Path:
    posts = folder / "site/_posts"
    posts.mkdir(parents=True)
    settings = folder / "etl.toml"
    settings.write_text(SETTINGS, "utf-8")
    command = [str(Path(sys.executable).with_name("etl")), "refresh", "--config", str(settings)]
    for n in (1, 2, 3):
        write_post(posts, n, f"Post {n}", 120)
    subprocess.run(command, check=True)
    write_post(posts, 1, "Post 1 edited", 60)
    (posts / "2024-03-01-p3.md").unlink()
    subprocess.run([*command, "--allow-deletes"], check=True)
    return folder / "wh/posts.duckdb"


def pack(published: Path, target_folder: Path) -> Path:
    """Write a published file as `<schema version>.duckdb.gz`."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        small = Path(folder, "small.duckdb")
        con.execute(f"ATTACH '{published}' AS whole (READ_ONLY)")
        con.execute(f"ATTACH '{small}' AS small (STORAGE_VERSION 'v1.2.0', BLOCK_SIZE 16384)")
        con.execute("COPY FROM DATABASE whole TO small")
        (version,) = con.execute("SELECT schema_version FROM small.internal.generation").fetchall()[0]
        con.execute("DETACH small")
        packed = target_folder / f"{version}.duckdb.gz"
        packed.write_bytes(gzip.compress(small.read_bytes(), mtime=0))
        return packed


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(pack(build(Path(folder)), HERE))
