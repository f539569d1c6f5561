"""How long stages take."""

from __future__ import annotations

import time

BEGAN = time.time()
"""When this module was imported, in seconds since 1970: the command `etl` does that first, some 10 ms after its process
began. The system tells that instant by when it booted, which it knows to the second only."""


def milliseconds_since(began: float) -> int:
    """Whole milliseconds since `time.perf_counter()` gave an instant."""
    return round((time.perf_counter() - began) * 1000)
