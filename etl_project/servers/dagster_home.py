"""Where Dagster keeps its own state: made ready without importing Dagster."""

from __future__ import annotations

import shutil
from pathlib import Path

from etl_project.settings import Settings

TEMPLATE = Path(__file__).parents[2] / "assets" / "dagster.yaml"


def prepare_home(settings: Settings) -> Path:
    """Make the folder of Dagster's own state, with settings of ours where it has none.

    Returns:
        The folder, absolute, as Dagster asks for.
    """
    home = settings.dagster_home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        shutil.copyfile(TEMPLATE, home / "dagster.yaml")
    return home
