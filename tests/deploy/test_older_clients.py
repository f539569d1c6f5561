"""The published file in a Python that has DuckDB alone, and in DuckDB of years ago: the same answers to everything."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import Site

from etl_project.database.contract import contract, macros
from etl_project.load.aggregates import aggregates
from etl_project.show.questions import find_question, list_files

ASK = """
import json, sys
import duckdb

settings = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
answers = {}
with duckdb.connect(sys.argv[1], read_only=True, config=settings) as con:
    con.execute("SET TimeZone = 'UTC'")
    for name, (query, values) in json.load(sys.stdin).items():
        rows = con.execute(f"SELECT to_json(t)::VARCHAR FROM ({query}) AS t ORDER BY 1", values)
        answers[name] = [row[0] for row in rows.fetchall()]
print(json.dumps({"version": duckdb.__version__, "answers": answers}))
"""

CALLS = {
    "articles_as_of": "(TIMESTAMPTZ '2100-01-01 00:00:00+00')",
    "compare": "('2000-01-01', '2019-12-31', '2020-01-01', '2099-12-31')",
    "related": "('site:_posts/one.md')",
    "search": "('灯塔 ferry')",
    "search_hits": "('ferries A1')",
    "top_tags": "('2000-01-01', '2099-12-31')",
}
"""Macro that stands for a table -> its arguments."""

RISING = "Storm over the harbour, 风暴"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with hits, a story told twice, a link that leads nowhere, and a term that rises in this week."""
    site = Site(tmp_path_factory.mktemp("clients"))
    site.configure()
    today = dt.datetime.now(ZoneInfo("Asia/Shanghai")).date()
    for number in range(72):
        day = today if number < 24 else today - dt.timedelta(weeks=number % 6 + 1)
        title = f"Ferry {number} {RISING if number < 12 else '灯塔'}"
        site.write(
            f"_posts/{number}.md", title=f'"{title}"', date=f"{day}", tags=f"sea t{number % 5}",
            body=f"The ferry A{number % 3} calls at pier {number}. [more](/news/2020/01/02/gone.html)",
        )  # fmt: skip
    story = "The harbour office said that the ferry to the far island sails again in the first days of the month. " * 5
    for name in ("one", "two"):
        site.write(f"_posts/{name}.md", title="Sails again", date="2020-01-02", body=story)
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        site.refresh()
    return site


def queries() -> dict[str, tuple[str, dict[str, Any]]]:
    """What is asked: every table and view, every macro that stands for a table, and every question."""
    names = [name for name in contract() if not name.startswith("internal.")] + [*aggregates()]
    found: dict[str, tuple[str, dict[str, Any]]] = {name: (f"FROM {name}", {}) for name in names}
    found |= {f"{name}()": (f"FROM {name}{arguments}", {}) for name, arguments in CALLS.items()}
    for name in list_files(None):
        question = find_question(name, None)
        found[f"@{name}"] = (question.sql.strip().rstrip(";"), question.values(()))
    return found


def ask(site: Site, *python: str | Path) -> dict[str, Any]:
    """Ask everything of the published file in another Python."""
    ran = subprocess.run(
        [*python, site.published], input=json.dumps(queries()), capture_output=True, text=True, timeout=240, check=False
    )
    assert ran.returncode == 0, ran.stderr
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


@pytest.fixture(scope="module")
def answered(asked: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What this DuckDB answers, in a Python that has no other package."""
    alone = tmp_path_factory.mktemp("packages")
    for package in ("duckdb", "_duckdb"):
        for found in Path(sysconfig.get_path("purelib")).glob(f"{package}*"):
            (alone / found.name).symlink_to(found)
    answers: dict[str, list[str]] = ask(
        asked, sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(alone)!r})\n{ASK}"
    )["answers"]
    return answers


def test_a_python_with_duckdb_alone_answers_everything(answered: dict[str, list[str]]) -> None:
    assert {name for name, macro in macros().items() if macro.is_table} == CALLS.keys()
    some = ("search()", "search_hits()", "stories", "story_pairs", "trending_terms", "broken_links", "@told_again")
    assert all(answered[name] for name in some)
    assert any('"storm"' in row and '"is_rising":true' in row for row in answered["trending_terms"])


@pytest.mark.prove("clients")
@pytest.mark.parametrize("version", ["1.2.2", "1.4.4"])
def test_an_older_duckdb_answers_everything_the_same(asked: Site, answered: dict[str, list[str]], version: str) -> None:
    python = Path(os.environ.get("ETL_DUCKDB_CLIENTS", ".prove/duckdb")) / version / "bin/python"
    if not python.exists():
        pytest.skip(f"needs DuckDB {version} in an environment of its own, as `.ci/run clients` makes them")
    older = ask(asked, python, "-I", "-c", ASK)
    assert older["version"] == version
    assert {name for name, rows in answered.items() if older["answers"][name] != rows} == set()
