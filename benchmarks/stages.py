"""Run one refresh without Dagster: `python -m benchmarks.stages ETL_TOML [--processes N] [--digest]`.

Prints one line of JSON: milliseconds of each stage, named as
in the table `refreshes`, and with --digest a digest of the derived tables.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

# First: it has Python look for garbage as seldom as the command does. What a refresh with nothing to do does not need
# is imported later, as there.
import etl_project.cli  # noqa: F401
from etl_project.engines.local import LocalEngine
from etl_project.refresh import Refresh
from etl_project.settings import read_settings


def refresh(settings: Path, processes: int | None = None) -> dict[str, int]:
    """Refresh a warehouse.

    Args:
        settings: the settings file.
        processes: number of worker processes; by default as many as a refresh takes.

    Returns:
        Stage -> milliseconds; if there was nothing to do, only those of `list`, and `idle`: 1.

    Raises:
        RuntimeError: a check failed.
    """
    work = Refresh(read_settings(settings))
    if processes:
        work.engine = LocalEngine(processes)
    work.work.stays_attached = True
    work.work.lock.acquire("benchmark")
    try:
        plan = work.plan()
        if plan.is_no_op:
            return {"list": plan.milliseconds, "idle": 1}
        from etl_project.refresh.in_order import take_stages
        from etl_project.refresh.outcome import Outcome

        outcome = Outcome()
        take_stages(work, plan, outcome)
        if outcome.tables is None or outcome.published is None:
            raise RuntimeError(f"checks failed: {', '.join(result.check.name for result in outcome.failed)}")
        seconds = work.stages.seconds
        return outcome.tables.milliseconds | {
            "checks": round(seconds["check"] * 1000),
            "aggregates": round((seconds["relate"] + seconds["aggregate"]) * 1000),
            "publish": outcome.published.milliseconds,
        }
    finally:
        work.work.close()
        work.work.lock.release()


def derived_digest(published: Path) -> str:
    """Digest of the rows of every derived table and aggregate, independent of their order."""
    import duckdb

    from etl_project.database.contract import OBSERVED, contract
    from etl_project.load.aggregates import aggregates

    with duckdb.connect(str(published), read_only=True) as con:
        parts = []
        tables = {table.name for table in contract().values() if not table.is_view}
        for table in sorted((tables - set(OBSERVED)) | set(aggregates())):
            row = con.execute(f"SELECT count(*), sum(hash(t)) FROM {table} AS t").fetchone()
            parts.append(f"{table}={row}")
    return "; ".join(parts)


def main() -> None:
    """Refresh with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    parser.add_argument("settings", type=Path)
    parser.add_argument("--processes", type=int)
    parser.add_argument("--digest", action="store_true")
    options = parser.parse_args()
    result: dict[str, object] = dict(refresh(options.settings, options.processes))
    if options.digest:
        result["digest"] = derived_digest(read_settings(options.settings).warehouse.path)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
