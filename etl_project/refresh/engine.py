"""Chooses who runs the batches of a refresh."""

from __future__ import annotations

from etl_project.engines.engine import Engine
from etl_project.engines.local import LocalEngine
from etl_project.settings import Settings


def engine_of(settings: Settings) -> Engine:
    """Make the engine that the settings name; nothing is started yet."""
    engine = settings.engine
    if engine.kind == "local":
        return LocalEngine()
    # Imported where it is asked for, as is Ray.
    from etl_project.engines.ray import RayEngine
    from etl_project.scan.fingerprint import code_version

    return RayEngine(engine.address, engine.in_flight, code_version)
