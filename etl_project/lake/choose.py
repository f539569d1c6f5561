"""Chooses between the refresh of a file and that of a lake; what a lake needs is imported only for one."""

from __future__ import annotations

from etl_project.refresh import Refresh
from etl_project.settings import Settings


def refresh_class(settings: Settings) -> type[Refresh]:
    """The refresh of the kind of warehouse that the settings name.

    That of a lake raises LakeUnavailable as it is made, where the lake cannot be opened.
    """
    if settings.warehouse.kind == "file":
        return Refresh
    from etl_project.lake.driver import LakeRefresh

    return LakeRefresh
