"""The frame of rows: list columns are built at once, and hold what Polars would build of each list."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_project.extract.frames import frame

_SCHEMA = pl.Schema(
    {"name": pl.String(), "texts": pl.List(pl.String), "others": pl.List(pl.String), "numbers": pl.List(pl.Int32)}
)
_TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=3)
_ROW = st.tuples(st.text(max_size=3), _TEXTS, _TEXTS, st.lists(st.integers(-(2**31), 2**31 - 1), max_size=3))


@given(st.lists(_ROW, max_size=8))
def test_a_frame_holds_the_rows_it_was_made_of(rows: list[tuple[object, ...]]) -> None:
    made = frame(rows, _SCHEMA)
    assert made.schema == _SCHEMA
    assert made.rows() == rows


def test_lists_of_equal_lengths_keep_their_own_items() -> None:
    rows = [("a", ["x", "y"], ["1", "2"], []), ("b", [], [], []), ("c", ["z"], ["3"], [7])]
    assert frame(rows, _SCHEMA).rows() == rows


def test_a_value_of_another_type_is_an_error_and_never_null() -> None:
    with pytest.raises(TypeError):
        frame([("a", [1], [], [])], _SCHEMA)
