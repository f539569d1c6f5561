"""`[engine] columns`: the same tables with it and without, in one process and two, and no post is read anew for it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from benchmarks.corpus.site import Site, generate
from benchmarks.stages import derived_digest
from etl_project.engines import local
from etl_project.engines.local import LocalEngine
from etl_project.refresh import Refresh
from etl_project.refresh.in_order import take_stages
from etl_project.refresh.outcome import Outcome
from etl_project.settings import read_settings


def refresh(site: Site, processes: int, *, columns: bool) -> bool:
    """Refresh in so many processes. Returns whether there was something to do."""
    text = site.settings.read_text("utf-8").partition("\n[engine]")[0]
    site.settings.write_text(f"{text}\n[engine]\ncolumns = {str(columns).lower()}\n", "utf-8")
    work = Refresh(read_settings(site.settings), engine=LocalEngine(processes))
    plan = work.plan()
    if plan.is_no_op:
        return False
    work.work.stays_attached = True
    outcome = Outcome()
    take_stages(work, plan, outcome)
    assert not outcome.failed
    work.work.close()
    return True


def test_the_tables_are_the_same_with_columns_and_without_in_one_process_and_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "IN_PROCESS_BYTES", 1)
    site = Site(tmp_path, 700, "entropy")
    generate(site, processes=1)
    digests = set()
    for processes, columns in ((1, True), (1, False), (2, True), (2, False)):
        for file in (*site.warehouse.parent.glob("*.duckdb"), *(site.warehouse.parent / ".work").glob("*")):
            file.unlink()
        assert refresh(site, processes, columns=columns)
        with duckdb.connect(str(site.warehouse), read_only=True) as con:
            assert con.execute("SELECT count(*) > 600 FROM articles").fetchone() == (True,)
        digests.add(derived_digest(site.warehouse))
    assert len(digests) == 1
    assert not refresh(site, 1, columns=True)
