"""What the last plan wrote down: kept through upgrades, and a damaged file counts as none."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from etl_project.database.last_plan import LastPlanFile, NoOpFingerprint, Outage

NOW = dt.datetime(2026, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
NO_OP = NoOpFingerprint("a", {"site": 3}, 5, None)


@pytest.fixture
def file(tmp_path: Path) -> LastPlanFile:
    return LastPlanFile(tmp_path / "posts.last_plan.json")


def rewrite(file: LastPlanFile, **values: Any) -> None:
    file.path.write_text(json.dumps({**json.loads(file.path.read_text("utf-8")), **values}), "utf-8")


def test_what_is_written_is_read(file: LastPlanFile) -> None:
    assert file.read() is None and file.outages() == {} and file.complete_at() is None
    file.write(7, NOW, {"site": "gone"}, young_confirmed=True, no_op=NO_OP, listing="b")
    last = file.read()
    assert last and (last.generation, last.young_confirmed, last.no_op, last.listing) == (7, True, NO_OP, "b")
    assert file.planned_at() == file.complete_at() == NOW


def test_an_outage_keeps_its_beginning_and_what_a_plan_skips_keeps_its_outage(file: LastPlanFile) -> None:
    file.write(1, NOW, {"a": "gone", "b": "gone"})
    later = NOW + dt.timedelta(hours=1)
    file.write(1, later, {"a": "still gone"}, skipped=["b"])
    since = NOW.isoformat()
    assert file.outages() == {"a": Outage("still gone", since), "b": Outage("gone", since)}
    assert file.planned_at() == later and file.complete_at() == NOW
    file.write(1, later, {})
    assert file.outages() == {} and file.complete_at() == later


def test_outages_of_a_version_before_are_read_once(file: LastPlanFile) -> None:
    older = file.path.with_name("posts.last_look.json")
    long_ago = "2026-01-01T00:00:00+00:00"
    content = {"generation": 3, "looked_at": NOW.isoformat(), "is_settled": True, "quiet": {"basis": "x"}}
    older.write_text(json.dumps({**content, "unavailable": {"a": ["gone", long_ago]}}), "utf-8")
    last = file.read()
    assert last and last.generation == 3 and last.no_op is None
    assert file.outages() == {"a": Outage("gone", long_ago)}
    file.write(3, NOW, {"a": "gone"})
    assert file.outages() == {"a": Outage("gone", long_ago)} and not older.exists()


@pytest.mark.parametrize(
    "damage",
    [
        {"planned_at": "never"}, {"planned_at": None}, {"generation": "x"},
        {"outages": {"a": ["gone", "never"]}}, {"outages": {"a": ["gone"]}}, {"outages": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_file_is_as_none(file: LastPlanFile, damage: dict[str, Any]) -> None:
    file.write(7, NOW, {"site": "gone"})
    rewrite(file, **damage)
    assert file.read() is None and file.outages() == {} and file.complete_at() is None
    file.write(8, NOW, {})
    assert file.read()


def test_a_fingerprint_of_another_version_costs_only_itself(file: LastPlanFile) -> None:
    file.write(7, NOW, {"site": "gone"}, no_op=NO_OP)
    rewrite(file, no_op={**asdict(NO_OP), "more": 1})
    last = file.read()
    assert last and last.no_op is None and file.outages() == {"site": Outage("gone", NOW.isoformat())}
