"""The script of docs/browsing.md copies every table and view of the published file into a SQLite file."""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Site, one_post

from etl_project.database.contract import declared

PAGE = Path(__file__).parents[2] / "docs/browsing.md"


@pytest.mark.built(by=one_post)
def test_the_script_copies_every_table_and_view_into_sqlite(site: Site) -> None:
    [script] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (site.folder / "to_sqlite.py").write_text(script, "utf-8")
    (site.folder / "posts.sqlite").write_bytes(b"the copy of before")
    command = [sys.executable, "to_sqlite.py", "warehouse/posts.duckdb", "posts.sqlite"]
    subprocess.run(command, cwd=site.folder, check=True, timeout=60)
    with closing(sqlite3.connect(site.folder / "posts.sqlite")) as copy:
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
        assert tables == declared().keys()
        count = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in sorted(tables))
        assert copy.execute(count).fetchall() == site.query(count)
        row = copy.execute("SELECT title, tags, is_live, words, published_at FROM articles_full").fetchone()
    ours = site.query("SELECT title, tags, is_live, words, epoch_us(published_at) FROM articles_full")
    at = dt.datetime.fromisoformat(row[4])
    assert ours == [(row[0], json.loads(row[1]), bool(row[2]), row[3], round(at.timestamp() * 1e6))]
