"""The warehouse of the sixteen real sites, built once."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Site
from real_sites import build_sites


@pytest.fixture(scope="session")
def sites(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """For tests that change nothing."""
    return build_sites(shared, tmp_path_factory.mktemp("sites"))
