"""Removes entries of the log of a Delta table that no version needs any more that can be asked for."""

from __future__ import annotations

from etl_project.lake.commits import log_entries, open_table
from etl_project.lake.place import Place, StoredObject

MOST_ENTRIES = 100
"""Entries before the oldest kept version from which on a checkpoint replaces them."""


def clean_log(place: Place, folder: str, oldest: int) -> list[StoredObject]:
    """Remove entries of a log that only versions before the oldest kept one need.

    A reader of a version takes the last checkpoint before it and the entries after that: a checkpoint at the oldest
    kept version makes all before it needless. https://github.com/delta-io/delta/blob/master/PROTOCOL.md#checkpoints

    Args:
        place: where the lake is.
        folder: folder of the table.
        oldest: the oldest version that is kept.

    Returns:
        What was removed.

    Raises:
        LakeUnavailable: the store fails; the log is whole.
    """
    before = [entry for version, entry in log_entries(place, folder) if version < oldest]
    if len(before) < MOST_ENTRIES:
        return []
    open_table(place, folder, oldest).create_checkpoint()
    place.delete([entry.path for entry in before])
    return before
