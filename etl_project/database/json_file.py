"""Small JSON files beside the work file, replaced whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_json(file: Path) -> dict[str, Any]:
    """Read a JSON object; empty where there is none, or none that can be read."""
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Replace a JSON file.

    Raises:
        OSError: it is as it was.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = unfinished_of(file)
    unfinished.write_text(json.dumps(content, ensure_ascii=False), "utf-8", "backslashreplace")
    unfinished.replace(file)


def unfinished_of(file: Path) -> Path:
    """Where the next content of a JSON file is written before it takes its place."""
    return file.with_suffix(".tmp")
