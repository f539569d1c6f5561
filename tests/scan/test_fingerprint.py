"""The fingerprint of the code that decides the rows of a post: all of it, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Site, one_post

from etl_project.scan import fingerprint
from etl_project.scan.fingerprint import OTHER_IMPORTS, READING_CODE, code_version

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "etl_project"

IMPORTED_BY_WORKERS = """
import sys
import etl_project.engines.stage
print(*sorted(
    sys.modules[name].__file__ for name in sys.modules if name.startswith("etl_project.") and sys.modules[name].__file__
))
"""


def files_of(names: tuple[str, ...]) -> set[str]:
    paths = {
        path for name in names for path in ((PACKAGE / name).rglob("*.py") if "." not in name else [PACKAGE / name])
    }
    assert all(path.is_file() for path in paths)
    return {path.relative_to(PACKAGE).as_posix() for path in paths}


def test_the_fingerprint_covers_what_reading_code_imports() -> None:
    ended = subprocess.run([sys.executable, "-c", IMPORTED_BY_WORKERS], capture_output=True, text=True, check=True)
    imported = {Path(name).relative_to(PACKAGE).as_posix() for name in ended.stdout.split()}
    imported = {name for name in imported if not name.endswith("__init__.py")}
    read, other = files_of(READING_CODE), files_of(OTHER_IMPORTS)
    assert imported - read == other, "a module that reads posts is missing in READING_CODE"
    # Parsers that only some posts need are imported by these.
    assert {name for name in read - imported if not name.startswith("extract/") and "__init__" not in name} == set()


def test_code_that_lists_and_compares_is_not_part_of_it() -> None:
    assert [
        name for name in files_of(READING_CODE) if name.startswith(("scan/", "database/", "load/", "refresh/"))
    ] == []


@pytest.mark.built(by=one_post)
@pytest.mark.parametrize(("name", "reads"), [("scan/compare.py", False), ("extract/dates.py", True)])
def test_only_a_change_of_reading_code_makes_every_post_be_read_again(
    site: Site, monkeypatch: pytest.MonkeyPatch, name: str, reads: bool
) -> None:
    read_bytes = Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: read_bytes(path) + (b"# changed" if path == PACKAGE / name else b"")
    )
    code_version.cache_clear()
    try:
        _, plan = site.plan()
        plan.close()
        assert plan.reasons == (["settings or code of site changed"] if reads else [])
    finally:
        monkeypatch.undo()
        fingerprint.code_version.cache_clear()
