"""The order of the rooms: code imports from rooms above it in the list, never from one below, and in no circle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ORDER = (
    "warehouse", "errors", "insight", "limits", "reasons", "timing", "utf8_mode", "dated_names", "file_starts",
    "forking", "dialect", "dialects", "sources", "extract", "transform", "engines", "database", "scan", "related",
    "load", "checks", "settings", "refresh", "lake", "alerts", "servers", "show", "assistants", "report", "init",
    "assets", "definitions", "cli",
)  # fmt: skip
"""Every room, the lowest floor first: a folder or a single file of etl_project, and the two packages beside it."""

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("etl_project", "assets", "warehouse")
    for path in (ROOT / package).rglob("*.py")
}


def room_of(module: str) -> str:
    return module.removeprefix("etl_project.").partition(".")[0]


def imported(tree: ast.AST, modules: set[str]) -> set[str]:
    """Modules that code imports anywhere: within functions, and for the type checker alone, too."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & modules
            names |= submodules or {str(node.module)}
    return names & modules


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """Module -> what it imports. Read by these tests and not by all who collect them: it takes a second."""
    return {
        module: imported(ast.parse(path.read_text("utf-8")), set(MODULES)) - {module}
        for module, path in MODULES.items()
    }


def arrows_up(imports: dict[str, set[str]]) -> list[str]:
    floor = {room: number for number, room in enumerate(ORDER)}
    return [
        f"{module} imports {other}"
        for module, others in sorted(imports.items())
        for other in sorted(others)
        if "etl_project" not in (module, other) and floor[room_of(other)] > floor[room_of(module)]
    ]


def circle(imports: dict[str, set[str]]) -> list[str]:
    """Modules that are left when those that import nothing that is left are taken out again and again."""
    left = dict(imports)
    while ready := [module for module, others in left.items() if not others & left.keys()]:
        for module in ready:
            del left[module]
    return sorted(left)


def test_every_room_has_its_floor() -> None:
    assert {room_of(module) for module in MODULES} - {"etl_project"} == set(ORDER)


def test_no_import_points_to_a_room_below(imports: dict[str, set[str]]) -> None:
    assert arrows_up(imports) == []


def test_no_modules_import_each_other_in_a_circle(imports: dict[str, set[str]]) -> None:
    assert circle(imports) == []


def test_the_rule_bites() -> None:
    code = "def f():\n    from etl_project.refresh import plan\nif TYPE_CHECKING:\n    from etl_project import cli\n"
    found = imported(ast.parse(code), set(MODULES))
    assert found == {"etl_project.refresh.plan", "etl_project.cli"}
    assert arrows_up({"etl_project.scan.compare": found}) != [] and arrows_up({"etl_project.cli": found}) == []
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]
