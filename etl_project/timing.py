"""How long stages take."""

from __future__ import annotations

import time


def milliseconds_since(began: float) -> int:
    """Whole milliseconds since `time.perf_counter()` gave an instant."""
    return round((time.perf_counter() - began) * 1000)
