"""Which warnings stand since earlier refreshes: a JSON file beside the work file, written as a refresh is published.

Lost or damaged, every warning is news once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from etl_project.checks.check import Check, CheckResult, Value
from etl_project.database.json_file import read_json, write_json

Standing = Mapping[str, Mapping[str, int]]
"""Check -> fact that it warns of -> number of the refresh that was the first to be published with it."""


def fact_of(check: Check, row: Mapping[str, Value]) -> str | None:
    """What a violating row says that is the same at the next refresh; None where it is about one refresh only."""
    return json.dumps([row[name] for name in check.fact], ensure_ascii=False) if check.fact else None


def read_standing(file: Path) -> Standing:
    """Read which warnings the last published refresh had."""
    return {
        check: {fact: since for fact, since in facts.items() if isinstance(since, int)}
        for check, facts in read_json(file).items()
        if isinstance(facts, dict)
    }


def write_standing(file: Path, results: Iterable[CheckResult], refresh: int) -> None:
    """Write which warnings a refresh has, once it is published.

    Args:
        file: the file.
        results: of the checks that ran; what others had stays.
        refresh: number of the refresh.

    Raises:
        OSError: the file is as it was.
    """
    before = read_standing(file)
    now = dict(before)
    for result in results:
        now.pop(result.check.name, None)
        if result.facts:
            now[result.check.name] = {fact: refresh if since is None else since for fact, since in result.facts.items()}
    if now != before:
        write_json(file, now)
