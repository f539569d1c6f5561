"""Where and when a refresh runs makes no difference to its tables."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys

from changing_site import write_posts
from conftest import Site

BUILDS = """
import gc, json, os, sys, time
from pathlib import Path
import duckdb
from etl_project.load.aggregates import aggregates
from etl_project.database.contract import OBSERVED, contract
from etl_project.refresh.refresh import Refresh
from etl_project.settings import read_settings
from etl_project.engines import stage
from etl_project.extract.body.language import detect_language

detect_language("Words and other words of a language, " * 20)  # what every fork would load again

def build():
    refresh = Refresh(read_settings(Path(sys.argv[1])), full=True)
    refresh.load_tables(refresh.plan())
    refresh.build_aggregates()
    with refresh.work.opened(read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        names = [name for name in (*contract(), *aggregates()) if name not in OBSERVED]
        rows = {n: con.execute(f"SELECT t::VARCHAR FROM {n} AS t ORDER BY 1").fetchall() for n in names}
    print(json.dumps([time.tzname[0], duckdb.sql("SELECT current_setting('TimeZone')").fetchall()[0][0], rows]))

gc.freeze()
for zone in sys.argv[2:]:
    if (pid := os.fork()) == 0:
        os.environ["TZ"] = zone
        time.tzset()
        build()
        sys.exit()
    assert os.waitpid(pid, 0)[1] == 0
"""
"""One full build under each zone, in forks of a process that has imported everything and asked for no zone yet."""

AMERICA = 'dialect = "jekyll"\ntime_zone = "America/New_York"\ninclude = ["_posts/**"]\n'


def test_the_zone_of_the_machine_changes_no_table(site: Site) -> None:
    write_posts(site, 6)
    site.write("_posts/2026-03-08-date-alone.md", date="2026-03-08")
    zones = {"Asia/Shanghai": "CST", "America/New_York": "EST", "Pacific/Apia": "+13"}
    ended = subprocess.run(
        [sys.executable, "-c", BUILDS, str(site.config), *zones],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert {of_duckdb: of_python for of_python, of_duckdb, _ in told} == zones, "each build was under its zone"
    tables = [rows for _, _, rows in told]
    assert tables[0]["articles"] and tables[0] == tables[1] == tables[2]


def test_days_on_which_clocks_are_set_forward_and_back_are_one_day_each(site: Site) -> None:
    site.configure(AMERICA)
    site.write("_posts/2026-03-07-before.md", date="2026-03-07 12:00:00")
    site.write("_posts/2026-03-08-gap.md", date="2026-03-08 02:30:00")
    site.write("_posts/2026-03-08-late.md", date="2026-03-08 23:59:59")
    site.write("_posts/2026-11-01-fold.md", date="2026-11-01 01:30:00")
    site.write("_posts/2026-11-01-written.md", date="2026-11-01 01:30:00 -0500")
    site.refresh()  # its checks hold: days and instants agree
    days = site.query("SELECT published_on, articles FROM articles_by_date WHERE articles > 0 ORDER BY 1")
    assert days == [(dt.date(2026, 3, 7), 1), (dt.date(2026, 3, 8), 2), (dt.date(2026, 11, 1), 2)]
    written = site.column("SELECT epoch(published_at)::BIGINT FROM articles WHERE path LIKE '%written%'")
    assert written == [int(dt.datetime(2026, 11, 1, 6, 30, tzinfo=dt.UTC).timestamp())]
    site.refresh(full=True)
    assert site.query("SELECT published_on, articles FROM articles_by_date WHERE articles > 0 ORDER BY 1") == days
