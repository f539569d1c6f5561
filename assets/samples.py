"""Rows to look at on the page of an asset: those a person would ask for first."""

from __future__ import annotations

import dagster as dg

from etl_project.refresh import Refresh
from etl_project.refresh.handed_on import HandedOn
from etl_project.show.page_rows import SAMPLES, first_rows

_CHARACTERS = 100
"""Most characters of a value: a run keeps its rows as long as itself."""


def sample_of(
    name: str, refresh: Refresh | HandedOn, *, is_aggregate: bool = False
) -> dict[str, dg.TableMetadataValue]:
    """Read the rows that the page of a table shows.

    Args:
        name: the table.
        refresh: reads them from its work file.
        is_aggregate: whether it is an aggregate, which is in an order to be read in.

    Returns:
        Metadata: heading -> rows. Empty for a table without rows, and for one that shows none.
    """
    if not (is_aggregate or name in SAMPLES):
        return {}
    heading, query = first_rows(name) if is_aggregate else SAMPLES[name]
    names, found = refresh.select(query)
    rows = [[_shown(value) for value in row] for row in found]
    if not rows:
        return {}
    records = [dg.TableRecord(dict(zip(names, row, strict=True))) for row in rows]
    return {heading: dg.MetadataValue.table(records)}


def _shown(value: object) -> str | int | float | bool:
    """Write a value so that a cell of Dagster's tables can hold it; what is missing is empty."""
    if isinstance(value, bool | int | float):
        return value
    text = "" if value is None else str(value)
    return text if len(text) <= _CHARACTERS else f"{text[: _CHARACTERS - 1]}…"
