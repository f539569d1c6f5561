"""How much one call of an assistant may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Limits of one call."""

    seconds: float = 10
    """Longest that it may take; a query is interrupted then."""
    grace_seconds: float = 2
    """How much longer, before the process is killed: one step of a query, such as a text of a gigabyte, heeds no
    interrupt."""
    memory_mb: int = 512
    """Memory of DuckDB; nothing is written to disk for want of it."""
    overhead_mb: int = 1024
    """What the process may take above that, for texts that DuckDB does not count."""
    threads: int = 2
    rows: int = 200
    """Most rows of an answer."""
    bytes: int = 100_000
    """Most bytes of an answer, in UTF-8; at least one row is given."""
    cell_characters: int = 4_000
    """Most characters of one text of an answer."""
    query_characters: int = 20_000
    """Longest query."""
