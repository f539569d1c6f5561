"""The states of a generation: which steps there are, and that no other is taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from conftest import Site, one_post

from etl_project.database.generation import GenerationState, Step, begin_generation, generation, take_step

ROOT = Path(__file__).parents[2]
S = GenerationState

ALLOWED = {
    Step.PASS_TABLE_CHECKS: {S.LOADED: S.TABLES_CHECKED, S.FAILED: S.TABLES_CHECKED},
    Step.BUILD_AGGREGATES: {S.TABLES_CHECKED: S.AGGREGATED},
    Step.REPLACE_SOME_AGGREGATES: {S.AGGREGATED: S.TABLES_CHECKED, S.CHECKED: S.TABLES_CHECKED},
    Step.PASS_AGGREGATE_CHECKS: {S.AGGREGATED: S.CHECKED},
    Step.FAIL_CHECKS: dict.fromkeys(S, S.FAILED),
}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(
            "CREATE SCHEMA internal; CREATE TABLE internal.generation AS "
            "SELECT 7 AS generation, 'loaded' AS state, 'v' AS schema_version"
        )
        yield con


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", GenerationState)
def test_a_step_is_taken_where_it_is_allowed_and_nowhere_else(
    con: duckdb.DuckDBPyConnection, step: Step, state: GenerationState
) -> None:
    con.execute("UPDATE internal.generation SET state = ?", [state])
    take_step(con, step)
    assert generation(con).state is ALLOWED[step].get(state, state)


def test_a_generation_reaches_publication_only_by_every_step_in_order(con: duckdb.DuckDBPyConnection) -> None:
    begin_generation(con, 8)
    assert (generation(con).number, generation(con).state) == (8, S.LOADED)
    for step in (Step.PASS_AGGREGATE_CHECKS, Step.BUILD_AGGREGATES):
        take_step(con, step)
        assert generation(con).state is S.LOADED
    for step in (Step.PASS_TABLE_CHECKS, Step.BUILD_AGGREGATES, Step.PASS_AGGREGATE_CHECKS):
        take_step(con, step)
    assert generation(con).state is S.CHECKED


def test_a_word_of_an_older_version_means_that_everything_after_the_load_is_done_again(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("UPDATE internal.generation SET state = 'sound'")
    assert generation(con).state is S.LOADED


def test_the_states_are_written_in_one_module() -> None:
    states = "|".join(GenerationState)
    wrong = [
        path.relative_to(ROOT).as_posix()
        for package in ("etl_project", "assets")
        for path in (ROOT / package).rglob("*.py")
        if path.name != "generation.py"
        and (
            re.search(rf"state\s*(?:=|==|<>|!=|IN)\s*\(?\s*['\"](?:{states})['\"]", path.read_text("utf-8"))
            or re.search(r"UPDATE internal\.generation SET[^\"]*\bstate\b", path.read_text("utf-8"))
        )
    ]
    assert wrong == []


@pytest.mark.built(by=one_post)
def test_a_published_file_is_checked(site: Site) -> None:
    assert site.query("SELECT generation, state FROM internal.generation") == [(1, "checked")]
