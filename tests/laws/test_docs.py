"""The manual names every code, limit and setting, with the defaults of the code, and links to what is there."""

from __future__ import annotations

import ast
import dataclasses
import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from prove import SECTIONS

from etl_project.checks.thresholds import Thresholds
from etl_project.dialects import DIALECTS
from etl_project.limits import Limits
from etl_project.reasons import SUGGESTIONS, WARNINGS
from etl_project.sources.source import Source

DOCS = Path(__file__).parents[2] / "docs"
READING = (DOCS / "reading.md").read_text("utf-8")


def section(title: str) -> dict[str, str]:
    """Read the table of a section of the page on reading: first cell, without its backticks -> the rest of the row."""
    text = READING.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE)
    return dict(rows)


def test_every_reason_is_in_the_manual_with_its_remedy() -> None:
    assert section("Reasons of rejections") == SUGGESTIONS


def test_every_warning_is_in_the_manual_with_its_meaning() -> None:
    assert section("Warnings") == WARNINGS


def test_every_limit_is_in_the_manual_with_its_default() -> None:
    written = section("Limits")
    limits = {field.name: getattr(Limits(), field.name) for field in dataclasses.fields(Limits)}
    assert written.keys() == limits.keys()
    for name, default in limits.items():
        assert written[name].split(" ")[0] == (default.isoformat() if isinstance(default, dt.date) else str(default))


def test_every_threshold_of_the_checks_is_in_the_manual_with_its_default() -> None:
    text = (DOCS / "settings.md").read_text("utf-8").partition("\n## `[checks]`\n")[2].partition("\n## ")[0]
    written = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", text, re.MULTILINE)
    assert written == [(name, str(default)) for name, default in dataclasses.asdict(Thresholds()).items()]


def test_what_each_dialect_looks_for_is_in_the_manual() -> None:
    written = section("Front matter")
    for dialect in DIALECTS.values():
        missing = "rejected" if dialect.front_matter_required else "loaded"
        assert written[dialect.name] == f"{', '.join(dialect.header_formats)} | {missing}"


def test_every_key_of_a_source_is_in_the_manual() -> None:
    manual = READING + (DOCS / "settings.md").read_text("utf-8")
    missing = [field.name for field in dataclasses.fields(Source) if field.init and f"`{field.name}`" not in manual]
    # Rules and mentions are tables of their own.
    assert [name for name in missing if f"[[source.{name}]]" not in manual] == []


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_every_link_of_the_manual_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", (DOCS / page).read_text("utf-8")):
        assert (DOCS / target).exists(), target


ROOT = DOCS.parent
PROMISES = re.split(
    r"\n(?=- |#)", (DOCS / "guarantees.md").read_text("utf-8").partition("\n## What is not promised\n")[0]
)


def named_in(promise: str) -> list[str]:
    return re.findall(r"`(tests/[\w/]+\.py::\w+)`", promise)


def proofs() -> dict[str, str]:
    """Read which tests are marked `prove`, one by one or as a whole file: test -> section."""
    found = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        nodes = ast.parse(file.read_text("utf-8")).body
        marks = [node.value for node in nodes if isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node)]
        for node in nodes:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                written = " ".join(ast.unparse(mark) for mark in (*marks, *node.decorator_list))
                if section := re.search(r"mark\.prove\('(\w+)'\)", written):
                    found[f"{file.relative_to(ROOT)}::{node.name}"] = section[1]
    return found


def test_every_promise_names_a_test_that_is_there() -> None:
    assert [promise for promise in PROMISES if promise.startswith("- ") and not named_in(promise)] == []
    promised = [test for promise in PROMISES for test in named_in(promise)]
    assert len(promised) > 20
    assert missing_tests(promised) == []


def missing_tests(names: Iterable[str]) -> list[str]:
    """Those of the tests `path::name` that are not there."""
    return [
        f"{path}::{name}"
        for path, name in (test.split("::") for test in names)
        if not (ROOT / path).is_file() or f"\ndef {name}(" not in (ROOT / path).read_text("utf-8")
    ]


def test_every_never_of_the_page_of_boundaries_names_a_test_of_its_own() -> None:
    page = (DOCS / "security.md").read_text("utf-8").partition("\n## What is not kept secret\n")[0]
    boundaries = [named_in(text) for text in re.split(r"\n(?=- |#)", page) if text.startswith("- Never ")]
    assert len(boundaries) == page.count("\n- ") > 10, "each boundary is a never"
    told = [test for tests in boundaries for test in tests]
    assert missing_tests(told) == []
    of_others = [{test for other in boundaries if other is not tests for test in other} for tests in boundaries]
    assert all(set(tests) - others for tests, others in zip(boundaries, of_others, strict=True))


def test_every_proof_is_named_with_a_twin_that_every_change_runs() -> None:
    marked = proofs()
    named = [set(named_in(promise)) for promise in PROMISES]
    with_twin = {test for tests in named if tests - marked.keys() for test in tests}
    assert sorted(marked.keys() - with_twin) == []
    assert set(marked.values()) == set(SECTIONS), "every section has a proof, and every proof is of a section"


def test_the_manual_names_every_section_of_proofs() -> None:
    told = (DOCS / "guarantees.md").read_text("utf-8").partition("\n## ")[0]
    assert [section for section in SECTIONS if not re.search(rf"\b{section}`", told)] == []
