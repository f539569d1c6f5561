"""The rules of the house: which way imports point, what rooms are called, what a wheel holds."""

from __future__ import annotations

import importlib
import itertools
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("etl_project", "assets", "warehouse")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def ruff(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251", *arguments]
    return subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True, check=False)


def test_only_definitions_and_the_check_of_cron_import_dagster_and_assets() -> None:
    checked = ruff("etl_project", "assets", "warehouse")
    assert checked.returncode == 0, checked.stdout
    banned = PROJECT["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    assert set(banned) == {"dagster", "assets"}
    allowed = [name for name, rules in PROJECT["tool"]["ruff"]["lint"]["per-file-ignores"].items() if "TID251" in rules]
    # Only Dagster knows which cron expressions it runs; it is asked where an expression is not a plain one.
    asked = ["etl_project/definitions.py", "etl_project/settings/cron.py"]
    assert [name for name in allowed if name.startswith("etl_project")] == asked


@pytest.mark.parametrize("line", ["import dagster as dg", "from dagster import job", "from assets.run import run_job"])
def test_the_rule_on_imports_bites(line: str) -> None:
    assert ruff("--stdin-filename", "etl_project/refresh/refresh.py", "-", given=f"{line}\n").returncode == 1
    assert ruff("--stdin-filename", "etl_project/definitions.py", "-", given=f"{line}\n").returncode == 0


def test_the_stages_of_a_refresh_import_neither_dagster_nor_assets() -> None:
    code = """
import sys
import etl_project.refresh.refresh, etl_project.engines.local, etl_project.database.publish, etl_project.extract.posts
print(sorted({name.partition('.')[0] for name in sys.modules} & {'dagster', 'assets', 'typer', 'rich'}))
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_a_look_imports_what_lists_and_compares_and_not_what_reads() -> None:
    code = """
import sys
import etl_project.refresh.refresh
heavy = {'dagster', 'duckdb', 'polars', 'yaml', 'pyromark', 'frontmatter', 'py3langid', 'loky', 'selectolax'}
print(sorted({name.partition('.')[0] for name in sys.modules} & heavy))
later = ('checks.run', 'extract.', 'load.', 'related.', 'scan.compare', 'refresh.planner', 'sources.git.command')
spared = tuple(f'etl_project.{name}' for name in later)
light = ('site', 'site.config_names', 'site.site_fingerprint')
found = (name for name in sys.modules if name.startswith(spared))
print(sorted(name for name in found if name.removeprefix('etl_project.extract.') not in light))
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n[]\n"


def test_what_workers_import_is_little() -> None:
    code = """
import sys
import etl_project.engines.stage
heavy = {'dagster', 'assets', 'typer', 'rich', 'pydantic', 'duckdb', 'numpy', 'pyarrow'}
print(sorted({name.partition('.')[0] for name in sys.modules} & heavy))
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_no_room_is_named_for_what_does_not_belong_anywhere() -> None:
    nameless = {"util", "utils", "helper", "helpers", "common", "base", "manager", "managers", "misc"}
    paths = [path.relative_to(ROOT).with_suffix("").as_posix() for path in MODULES]
    assert [path for path in paths if nameless & set(path.replace("/", "_").split("_"))] == []


def test_no_room_is_much_larger_than_four_hundred_lines() -> None:
    lines = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8").count("\n") for path in MODULES}
    assert {path: count for path, count in lines.items() if count > 420} == {}


def test_no_two_files_of_tests_share_a_name_for_pytest_collects_one_of_them() -> None:
    names = sorted(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, other in itertools.pairwise(names) if name == other] == []


def test_every_module_begins_with_what_it_is_for() -> None:
    silent = [path.name for path in MODULES if not path.read_text("utf-8").startswith(('"""', 'r"""'))]
    assert silent == []


def test_the_project_is_not_to_be_uploaded() -> None:
    assert "Private :: Do Not Upload" in PROJECT["project"]["classifiers"]
    assert PROJECT["project"]["license"] == "MIT" and (ROOT / "LICENSE").is_file()


def test_the_lock_pins_by_hash_and_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = [line for line in lock.split("\n") if line and line[0].isalnum()]
    assert len(pinned) > 50 and all("==" in line for line in pinned)
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock and "index-url" not in lock


def test_a_wheel_holds_what_a_refresh_needs_and_nothing_that_was_built(tmp_path: Path) -> None:
    house = tmp_path / "house"
    for room in ROOMS:
        shutil.copytree(ROOT / room, house / room, ignore=shutil.ignore_patterns(".*", "*.duckdb*", "__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / file, house)
    for built in ("posts.duckdb", "posts.previous.duckdb", "posts.duckdb.wal", ".work/posts.duckdb", ".dagster/a.db"):
        (house / "warehouse" / built).parent.mkdir(exist_ok=True)
        (house / "warehouse" / built).write_bytes(b"built")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=house, capture_output=True, check=True,
    )  # fmt: skip
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    needed = {path.relative_to(ROOT).as_posix() for path in MODULES}
    needed |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "warehouse").rglob("*.sql")}
    needed |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "etl_project/report/page").iterdir()}
    needed |= {"etl_project/database/internal.sql", "etl_project/py.typed", "assets/dagster.yaml"}
    assert needed - names == set()
    assert {name.split("/")[0] for name in names} == {*ROOMS, "etl_project-0.1.0.dist-info"}
    assert [name for name in names if "duckdb" in name or ".work" in name or ".dagster" in name] == []


def operators(parsed: Any) -> Iterator[tuple[str, Any]]:
    """Every operator of a parsed regular expression, with what it applies to."""
    if isinstance(parsed, re._parser.SubPattern):
        for operator, argument in parsed:
            yield str(operator), argument
            yield from operators(argument)
    elif isinstance(parsed, tuple | list):
        for part in parsed:
            yield from operators(part)


def branches_in_possessive(pattern: re.Pattern[str]) -> bool:
    parsed = re._parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    inside = (dict(operators(argument)) for operator, argument in operators(parsed) if operator == "POSSESSIVE_REPEAT")
    return any(found.keys() & {"BRANCH", "MAX_REPEAT", "MIN_REPEAT"} for found in inside)


def test_no_pattern_repeats_possessively_what_branches() -> None:
    """Python before 3.11.5, such as that of Debian 12, matches it wrong (python/cpython#106052)."""
    assert branches_in_possessive(re.compile("x(?:a|bc)*+c"))
    assert not branches_in_possessive(re.compile("(?:[ab]*+c)*+"))
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in MODULES)
    patterns = [
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str)
    ]
    assert len(patterns) > 50
    assert [pattern.pattern for pattern in patterns if branches_in_possessive(pattern)] == []
