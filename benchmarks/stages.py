"""One refresh without Dagster: `python -m benchmarks.stages ETL_TOML [--processes N] [--digest]`.

The same stages, in the same order, as the job `refresh`. Prints one line of JSON: milliseconds of each stage, as the
table `refreshes` has them, and a digest of the derived tables where it is asked for.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import duckdb

from etl_project.database.contract import OBSERVED, contract
from etl_project.engines.local import LocalEngine
from etl_project.load.aggregates import aggregates
from etl_project.refresh.refresh import Refresh
from etl_project.settings import read_settings


def refresh(settings: Path, processes: int | None = None) -> dict[str, int]:
    """Refresh a warehouse. Returns stage -> milliseconds; `idle` instead of the rest where nothing was to do.

    Raises:
        RuntimeError: a check failed.
    """
    work = Refresh(read_settings(settings))
    if processes:
        work.engine = LocalEngine(processes)
    work.work.lock.acquire("benchmark")
    try:
        look = work.look()
        if look.is_idle:
            return {"list": look.list_milliseconds, "idle": 1}
        loaded = work.load_tables(look)
        times = dict(loaded.milliseconds)
        began = time.perf_counter()
        results = work.run_checks("tables")
        times["checks"] = _since(began)
        began = time.perf_counter()
        work.build_aggregates()
        times["aggregates"] = _since(began)
        began = time.perf_counter()
        results += work.run_checks("aggregates")
        times["checks"] += _since(began)
        failed = [result.check.name for result in results if result.check.is_blocking and not result.passed]
        if failed:
            raise RuntimeError(f"checks failed: {', '.join(failed)}")
        times["publish"] = work.publish().milliseconds
        return times
    finally:
        work.work.lock.release()


def derived_digest(published: Path) -> str:
    """Digest of the rows of every derived table and aggregate, whatever their order."""
    with duckdb.connect(str(published), read_only=True) as con:
        parts = []
        tables = {table.name for table in contract().values() if not table.is_view}
        for table in sorted((tables - set(OBSERVED)) | set(aggregates())):
            row = con.execute(f"SELECT count(*), sum(hash(t)) FROM {table} AS t").fetchone()
            parts.append(f"{table}={row}")
    return "; ".join(parts)


def _since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)


def main() -> None:
    """Refresh as the command line says."""
    ask = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    ask.add_argument("settings", type=Path)
    ask.add_argument("--processes", type=int)
    ask.add_argument("--digest", action="store_true")
    given = ask.parse_args()
    result: dict[str, object] = dict(refresh(given.settings, given.processes))
    if given.digest:
        result["digest"] = derived_digest(read_settings(given.settings).warehouse.path)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
