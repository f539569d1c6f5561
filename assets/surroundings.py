"""What lies before and behind the tables, as external assets: the sources that are read, and the views of the file."""

from __future__ import annotations

import re
from collections.abc import Sequence

import dagster as dg

from assets.columns import table_metadata
from assets.markdown import escape_html
from assets.tables import FILES
from etl_project.database.contract import WAREHOUSE, contract
from etl_project.settings import Settings

SOURCES, VIEWS = "sources", "views"
"""Groups of the graph."""

_VIEWS_SQL = WAREHOUSE / "views.sql"


def with_surroundings(
    settings: Settings | None, assets: Sequence[dg.AssetsDefinition]
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Add the sources, which files are listed from, the views, which are published with the tables, and the owners.

    Args:
        settings: name the sources; None where they cannot be used.
        assets: the graph of the tables.
    """
    sources = (
        [_source_spec(source.name, str(source.location), source.dialect) for source in settings.sources]
        if settings
        else []
    )
    keys = [spec.key for spec in sources]

    owners = settings.schedule.owners if settings else ()

    def add_sources(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.merge_attributes(deps=keys if spec.key == dg.AssetKey(FILES) else [], owners=owners)

    return [*(asset.map_asset_specs(add_sources) for asset in assets), *sources, *_view_specs()]


def _source_spec(name: str, location: str, dialect: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        # A name may hold letters that no key may.
        dg.AssetKey(["source", re.sub(r"\W", "_", name)]),
        group_name=SOURCES,
        kinds={"folder" if "://" not in location else "git"},
        description=f"The posts of the source `{name}`, a site of the dialect {dialect}.",
        metadata={"location": dg.MetadataValue.path(location)},
    )


def _view_specs() -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            view.name,
            deps=["published_file"],
            group_name=VIEWS,
            kinds={"sql", "duckdb"},
            description=escape_html(view.comment),
            metadata=table_metadata(view, _VIEWS_SQL),
        )
        for view in contract().values()
        if view.is_view
    ]
