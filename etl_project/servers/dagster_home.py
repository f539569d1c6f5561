"""Prepare the folder of Dagster's records without importing Dagster."""

from __future__ import annotations

import shutil
from pathlib import Path

from etl_project.settings import Settings

TEMPLATE = Path(__file__).parents[2] / "assets" / "dagster.yaml"


def prepare_home(settings: Settings) -> Path:
    """Create the folder of Dagster's records, and copy our dagster.yaml into it if it has none.

    Returns:
        The folder as an absolute path, which Dagster requires.

    Raises:
        OSError: the folder or the file cannot be written.
    """
    home = settings.dagster_home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        shutil.copyfile(TEMPLATE, home / "dagster.yaml")
    return home
