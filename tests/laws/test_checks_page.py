"""The page of checks is what the checks of the code make of it."""

from __future__ import annotations

import runpy
from pathlib import Path

from etl_project.checks.run import CHECKS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_checks_is_made_from_the_checks() -> None:
    made = runpy.run_path(str(DOCS / "make_checks.py"))["make_page"](CHECKS)
    assert (DOCS / "checks.md").read_text("utf-8") == made, "docs/checks.md is outdated: run `make docs`"


def test_every_check_has_an_entry_with_its_sentence_and_its_query() -> None:
    page = (DOCS / "checks.md").read_text("utf-8")
    entries = dict(entry.split("`", 1) for entry in page.split("\n### `")[1:])
    assert [*entries] == list(dict.fromkeys(entries)) and entries.keys() == {check.name for check in CHECKS}
    for check in CHECKS:
        entry = entries[check.name]
        assert check.description in entry and check.message in entry and f"`{check.table}`" in entry
        assert ("blocking" if check.is_blocking else "warning") in entry
        assert " ".join(check.sql.split()) in " ".join(entry.split())
