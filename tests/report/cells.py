"""Reads the cubes of a page again, as its script does."""

from __future__ import annotations

import base64
import datetime as dt
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from etl_project.report.axes import Axes
from etl_project.report.cubes import Cube


@dataclass(frozen=True)
class Cell:
    source: str
    category: str | None
    """None for what the sum of all categories counts too often."""
    bucket: int
    slot: int
    numbers: tuple[int, ...]

    @property
    def sign(self) -> int:
        """What makes the sum of all cells count every article once."""
        return 1 if self.category else -1


def unpack(data: str) -> Iterator[int]:
    number = shift = 0
    for byte in zlib.decompress(base64.b64decode(data)):
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0


def cells(axes: Axes, cube: Cube) -> list[Cell]:
    numbers = list(unpack(cube.data))
    assert len(numbers) == cube.cells * (cube.measures + 1)
    columns = [numbers[at * cube.cells : (at + 1) * cube.cells] for at in range(cube.measures + 1)]
    found, key = [], 0
    for step, *measured in zip(*columns, strict=True):
        key += step
        rest, slot = divmod(key, cube.slots)
        rest, bucket = divmod(rest, cube.buckets)
        source, category = divmod(rest, len(axes.categories) + 1)
        name = axes.categories[category - 1] if category else None
        found.append(Cell(axes.sources[source], name, bucket, slot, tuple(measured)))
    return found


def day_of(axes: Axes, cell: Cell) -> dt.date | None:
    """Day of a cell of a cube by day."""
    assert axes.first
    return axes.first + dt.timedelta(days=cell.bucket - 1) if cell.bucket else None
