"""Column lineage and source code links, added only for the web server because they take half a second to compute."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import dagster as dg

from assets.columns import COLUMNS, silence_code_reference_warning
from etl_project.load.aggregates import aggregates
from etl_project.load.lineage import Origin, column_origins


@functools.cache
def with_origins(*assets: dg.AssetsDefinition) -> tuple[dg.AssetsDefinition, ...]:
    """Add a link to its function to every asset, and the lineage of its columns to every aggregate.

    Kept for the process: Dagster asks for the definitions six times in one `dg launch`.
    """
    origins = column_origins(aggregates())

    def add_lineage(spec: dg.AssetSpec) -> dg.AssetSpec:
        columns = origins.get(spec.key.to_user_string())
        return spec if columns is None else spec.merge_attributes(metadata=_lineage(spec, columns))

    with silence_code_reference_warning():
        linked = dg.with_source_code_references([asset.map_asset_specs(add_lineage) for asset in assets])
    return tuple(asset for asset in linked if isinstance(asset, dg.AssetsDefinition))


def _lineage(spec: dg.AssetSpec, origins: Mapping[str, list[Origin]]) -> dict[str, object]:
    """Column lineage as Dagster metadata, and in the comments of the columns: its open-source pages show only those."""
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            f"{column.description} ← {', '.join(f'{table}.{name}' for table, name in origins[column.name])}",
            column.constraints,
        )
        for column in spec.metadata[COLUMNS].schema.columns
    ]
    deps = {
        column: [dg.TableColumnDep(dg.AssetKey(table), name) for table, name in column_origins]
        for column, column_origins in origins.items()
    }
    return {
        COLUMNS: dg.MetadataValue.table_schema(dg.TableSchema(columns)),
        "dagster/column_lineage": dg.MetadataValue.column_lineage(dg.TableColumnLineage(deps)),
    }
