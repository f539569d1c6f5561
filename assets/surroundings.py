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
from etl_project.sources.location import Bucket, Location, Packs, Repository
from etl_project.sources.source import Source

SOURCES, VIEWS = "sources", "views"
"""Groups of the graph."""

_KIND_OF_SCHEME = {"s3": "s3", "gs": "googlecloud", "az": "azure"}

_VIEW = re.compile(r"^CREATE VIEW (\w+) AS\b", re.MULTILINE)


def with_surroundings(
    settings: Settings | None, assets: Sequence[dg.AssetsDefinition]
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Add the sources, which files are listed from, the views, which are published with the tables, and the owners.

    Args:
        settings: name the sources; None where they cannot be used.
        assets: the graph of the tables.
    """
    sources = [_source_spec(source) for source in settings.sources] if settings else []
    keys = [spec.key for spec in sources]

    owners = settings.schedule.owners if settings else ()

    def add_sources(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.merge_attributes(deps=keys if spec.key == dg.AssetKey(FILES) else [], owners=owners)

    return [*(asset.map_asset_specs(add_sources) for asset in assets), *sources, *_view_specs()]


def _source_spec(source: Source) -> dg.AssetSpec:
    return dg.AssetSpec(
        # A name may hold letters that no key may.
        dg.AssetKey(["source", re.sub(r"\W", "_", source.name)]),
        group_name=SOURCES,
        kinds={_kind_of(source.location)},
        description=f"The posts of the source `{source.name}`, a site of the dialect {source.dialect}.",
        metadata={"location": dg.MetadataValue.path(str(source.location))},
    )


def _kind_of(location: Location) -> str:
    """What Dagster shows an icon of."""
    if isinstance(location, Repository):
        return "git"
    bucket = location if isinstance(location, Bucket) else location.bucket if isinstance(location, Packs) else None
    return _KIND_OF_SCHEME.get(bucket.scheme, "objects") if bucket else "folder"


def _view_specs() -> list[dg.AssetSpec]:
    files = {name: file for file in sorted(WAREHOUSE.glob("*.sql")) for name in _VIEW.findall(file.read_text("utf-8"))}
    return [
        dg.AssetSpec(
            view.name,
            deps=["published_file"],
            group_name=VIEWS,
            kinds={"sql", "duckdb"},
            description=escape_html(view.comment),
            metadata=table_metadata(view, files[view.name]),
        )
        for view in contract().values()
        if view.is_view
    ]
