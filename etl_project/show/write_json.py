"""Write the answer of a command as JSON."""

from __future__ import annotations

import datetime as dt
import json
import sys


def write_json(answer: object) -> None:
    """Write a value to standard output in UTF-8, instants in UTC as ISO 8601."""
    text = json.dumps(answer, ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def _plain(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="seconds")
    return str(value)
