"""Choose the place of a new warehouse, so that no two settings files of a folder name the same one."""

from __future__ import annotations

import contextlib
import itertools
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

from etl_project.settings.tables import expand

_USUAL = "warehouse/posts.duckdb"


def free_warehouse(output: Path, name: str) -> str:
    """Choose a published file that no other settings file beside a new one names.

    Two settings that share a warehouse would each want to delete the posts of the other at every refresh. One in a
    folder of its own shares no records of Dagster either, which are beside the published file.

    Args:
        output: the new settings file, an absolute path.
        name: name of its source.

    Returns:
        The path to write, relative to the folder of the settings file.
    """
    taken = set(_named_beside(output))
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    for path in itertools.chain([_USUAL], (f"warehouse/{name}/posts.duckdb" for name in names)):
        if os.path.realpath(output.parent / path) not in taken:
            return path
    raise AssertionError("not reached: numbers do not end")


def _named_beside(output: Path) -> Iterator[str]:
    """Published files that other settings files of the folder name, their links followed."""
    for file in sorted(output.parent.glob("*.toml")):
        if file.name == output.name:
            continue
        try:
            settings = tomllib.loads(file.read_text("utf-8-sig"))
        except (OSError, ValueError, RecursionError):
            continue  # no settings file that could be refreshed by
        if "source" not in settings:
            continue
        table = settings.get("warehouse")
        path = table.get("path", _USUAL) if isinstance(table, dict) else _USUAL
        with contextlib.suppress(TypeError, ValueError):  # no path, which settings are told when they are read
            yield os.path.realpath(output.parent / expand(Path(path)))
