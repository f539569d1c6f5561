"""A fixture for modules whose posts are fewer than are read by columns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from etl_project.extract.columns import bodies


@pytest.fixture(autouse=True, scope="module")
def _few_bodies_are_enough() -> Iterator[None]:
    """Read by columns however few the bodies are, as the tests want to see what comes of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies, "FEWEST_CHARACTERS", 0)
        yield
