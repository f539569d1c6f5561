"""Chooses between the refresh of a file and that of a lake; what a lake needs is imported only for one."""

from __future__ import annotations

from collections.abc import Collection

from etl_project.engines.engine import Engine
from etl_project.refresh import Refresh
from etl_project.settings import Settings


def open_refresh(
    settings: Settings,
    *,
    full: bool = False,
    allow_deletes: bool = False,
    verify: bool = False,
    sources: Collection[str] = (),
    engine: Engine | None = None,
) -> Refresh:
    """Prepare a refresh of the warehouse that the settings name; the options are those of `Refresh`.

    Raises:
        SettingsError: there is no source of such a name.
        LakeUnavailable: the lake cannot be opened.
    """
    kind = Refresh
    if settings.warehouse.kind == "lake":
        from etl_project.lake.driver import LakeRefresh

        kind = LakeRefresh
    return kind(settings, full=full, allow_deletes=allow_deletes, verify=verify, sources=sources, engine=engine)
