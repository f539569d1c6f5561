"""What reads posts is imported while a plan compares, and the two never import the same at once."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys

import pytest
from conftest import Site

from etl_project.engines import worker

_PROGRAM = """
import json, sys
from importlib import import_module
from etl_project.engines import local, worker
from etl_project.refresh import Refresh
from etl_project.refresh.in_order import take_stages
from etl_project.refresh.outcome import Outcome
from etl_project.settings import read_settings
known = []
def import_none():
    for name in worker._BOTH_NEED:
        import_module(name)
    known.append(set(sys.modules))
worker.import_beside = import_none
def run_batch(batch):
    known.append(set(sys.modules))
    import etl_project.engines.stage
    print(json.dumps([sorted(known[1] - known[0]), sorted(set(sys.modules) - known[0])]))
    sys.exit()
local.run_batch = run_batch
work = Refresh(read_settings())
work.work.lock.acquire("a test")
take_stages(work, work.plan(), Outcome())
"""


def test_the_plan_imports_nothing_that_is_imported_beside_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python raises an error where two threads import a package and one of its modules and wait for each other."""
    monkeypatch.setenv("ETL_CONFIG", str(site.config))
    site.write("_posts/2026-03-01-three.md", title="Three")
    site.refresh()
    (last := site.plan()[0]).work.last_plan.write(1, dt.datetime.now(dt.UTC), {}, young_confirmed=True)
    assert last.plan().is_no_op
    site.write("_posts/2026-03-02-four.md", title="Four")
    ran = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    by_plan, by_both = (set(names) for names in json.loads(ran.stdout))
    alone = "import json, sys, etl_project.engines.stage; print(json.dumps(sorted(sys.modules)))"
    beside = set(json.loads(subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True).stdout))
    assert "etl_project.engines.stage" in by_both - by_plan, "it is imported for the first post"
    assert by_plan & beside <= set(), sorted(by_plan & beside)


def test_where_there_is_no_thread_or_no_module_whoever_reads_meets_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "etl_project.engines.stage", None)
    worker._import_quietly()

    def no_thread(*given: object, **named: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", no_thread)
    worker.import_beside()
