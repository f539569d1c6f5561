"""Which cron expressions are settings: those that Dagster runs."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from test_settings import GOOD, refused, written

from etl_project.settings import read_settings
from etl_project.settings.cron import is_plain


def cron_settings(cron: str) -> str:
    return f"[schedule]\ncron = {json.dumps(cron)}\n\n" + GOOD


@pytest.mark.parametrize(
    "cron",
    [
        "61 * * * *", "0 24 * * *", "*/0 * * * *", "* * * * foo", "0 0 30 2 *", "0 0 31 2 *", "0 0 31 4 *",
        "0 0 31 4,6,9,11 *", "0 0 0 * *", "0 0 1 13 *", "0 0 * * 8", "-1 * * * *", "1,,2 * * * *", "* * * * * *",
        "* * * *", "@reboot", "@every 5m", "TZ=UTC 0 3 * * *", "", "1.5 * * * *",
    ],
)  # fmt: skip
def test_a_cron_that_dagster_does_not_run_is_named_with_its_line(tmp_path: Path, cron: str) -> None:
    assert f"line 2: {cron!r} is no cron expression" in refused(tmp_path, cron_settings(cron))


@pytest.mark.parametrize(
    ("cron", "normal"),
    [
        ("0  3 * * *", "0 3 * * *"), (" 0\t3 * * * ", "0 3 * * *"), ("@daily", "@daily"), ("@HOURLY", "@HOURLY"),
        ("0 0 L * *", "0 0 L * *"), ("0 0 * * 5#3", "0 0 * * 5#3"), ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 31 * *", "0 0 31 * *"), ("0 22-4 * * MON-FRI", "0 22-4 * * MON-FRI"), ("0 3 * * 7", "0 3 * * 7"),
    ],
)  # fmt: skip
def test_a_cron_that_dagster_runs_is_taken(tmp_path: Path, cron: str, normal: str) -> None:
    assert read_settings(written(tmp_path, cron_settings(cron))).schedule.cron == normal


def test_what_is_taken_without_asking_dagster_is_taken_by_dagster_too() -> None:
    from dagster._utils.schedules import is_valid_cron_string

    fields = (["*", "*/15", "59", "0-59/7", "1,2,3-9"], ["*", "23"], ["*", "28", "1-28/3"], ["*", "jan-dec", "12"])
    weekdays = ["*", "6", "sun", "mon-fri", "0,sat"]
    crons = [" ".join(parts) for parts in itertools.product(*fields, weekdays)]
    assert all(map(is_plain, crons)) and all(map(is_valid_cron_string, crons))
    for odd in ("60 * * * *", "0 0 29 * *", "9-1 * * * *", "*/60 * * * *", "0 0 * * 7", "5/10 * * * *", "0 0 * foo *"):
        assert not is_plain(odd)
