"""The Delta table `publications`: each row names a version of every table, and is what publishes them together."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl_project.lake.commits import commit_next, open_table
from etl_project.lake.data_files import LakeFile, write_file
from etl_project.lake.place import Place
from etl_project.lake.tables import WHOLE, LakeTable

if TYPE_CHECKING:
    import polars as pl
    from deltalake import DeltaTable


@dataclass(frozen=True, slots=True)
class Pins:
    """One publication: a version of each table. Whoever reads them all at these versions reads one refresh."""

    n: int
    """Number of the refresh."""
    versions: Mapping[str, int]
    """Table -> its version in Delta Lake."""
    sequence: int
    """Number of the publication, from 1, and version of the table `publications` that its row came with. A compaction
    publishes a refresh once more, under the next number."""
    run_id: str = field(default="", compare=False)
    """Run that published it."""


PUBLICATIONS = LakeTable(
    "publications",
    {
        "n": "BIGINT",
        "table_versions": "VARCHAR",
        "sequence": "BIGINT",
        "run_id": "VARCHAR",
        "published_at": "TIMESTAMP WITH TIME ZONE",
    },
    "One row per publication: the number of the refresh, and a version of every table, as JSON.",
)


def newest_pins(place: Place) -> Pins | None:
    """Read the newest publication; None before the first.

    One file is read, whose statistics say that it has the highest number.

    Raises:
        LakeUnavailable: the store cannot be read.
    """
    files = _files(open_table(place, PUBLICATIONS.folder))
    return _read(place, files[-1][1].path) if files else None


def pins_of(place: Place, sequence: int) -> Pins | None:
    """Read the publication of a number; None where it is not kept.

    Raises:
        LakeUnavailable: the store cannot be read.
    """
    files = dict(_files(open_table(place, PUBLICATIONS.folder)))
    return _read(place, files[sequence].path) if sequence in files else None


def all_pins(place: Place) -> list[Pins]:
    """Read every publication that is kept, the oldest first.

    Raises:
        LakeUnavailable: the store cannot be read.
    """
    return [_read(place, file.path) for _, file in _files(open_table(place, PUBLICATIONS.folder))]


def append_pins(place: Place, pins: Pins, forget_before: int = 0) -> None:
    """Append the row of a publication, right after that which it was based on.

    Args:
        place: where the lake is.
        pins: the publication.
        forget_before: number of the oldest publication that is kept; rows of older ones go in the same commit.

    Raises:
        NotNext: another publication took its number.
        LakeUnavailable: the store cannot be written.
    """
    handle = open_table(place, PUBLICATIONS.folder, pins.sequence - 1)
    file = write_file(place, PUBLICATIONS, WHOLE, _row(pins), pins.run_id)
    assert file, "a publication has a row"
    bound = {"sequence": pins.sequence}
    statistics = {"minValues": bound, "maxValues": bound, "nullCount": {"sequence": 0}}
    old = [file for sequence, file in _files(handle) if sequence < forget_before]
    commit_next(place, PUBLICATIONS, handle, [file], old, n=pins.n, run_id=pins.run_id, statistics=statistics)


def _files(handle: DeltaTable) -> list[tuple[int, LakeFile]]:
    """Number of each publication, by the statistics of its file, and the file: each has one row. The oldest first."""
    import polars as pl

    actions = pl.DataFrame(handle.get_add_actions(flatten=True))
    if actions.is_empty():
        return []
    rows = actions.sort("max.sequence").select("max.sequence", "path", "num_records", "size_bytes").iter_rows()
    return [(sequence, LakeFile(PUBLICATIONS.name, path, WHOLE, count, size)) for sequence, path, count, size in rows]


def _row(pins: Pins) -> pl.DataFrame:
    import polars as pl

    row = (pins.n, json.dumps(dict(pins.versions)), pins.sequence, pins.run_id, dt.datetime.now(dt.UTC))
    return pl.DataFrame([row], schema=list(PUBLICATIONS.columns), orient="row")


def _read(place: Place, path: str) -> Pins:
    import polars as pl

    data = place.get(f"{PUBLICATIONS.folder}/{path}")
    if data is None:
        raise place.fault(FileNotFoundError(f"{PUBLICATIONS.folder}/{path} is missing"))
    n, versions, sequence, run_id = pl.read_parquet(io.BytesIO(data)).row(0)[:4]
    return Pins(n, json.loads(versions), sequence, run_id)
