"""Which part of a lake an article belongs to: decided by its id alone, the same for ever and on every machine."""

from __future__ import annotations


def part_of(column: str, parts: int) -> str:
    """Write the SQL of the part of an article: the first 32 bits of the MD5 of its id, modulo the number of parts.

    DuckDB's own `hash` may be another function in its next version, and would scatter the articles anew.

    Args:
        column: SQL of the id.
        parts: number of parts, a power of two.
    """
    return f"(('0x' || md5({column})[:8])::UINTEGER % {parts})::INTEGER"
