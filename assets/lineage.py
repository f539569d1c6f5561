"""What takes time to find out and only people look at: the lineage of columns, the line of each function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import dagster as dg

from assets.columns import COLUMNS, about_code
from etl_project.load.aggregates import aggregates
from etl_project.load.lineage import Origin, column_origins


def with_origins(assets: Iterable[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """Add to every asset the function that makes it, and to every aggregate the origins of its columns."""
    origins = column_origins(aggregates())

    def completed(spec: dg.AssetSpec) -> dg.AssetSpec:
        columns = origins.get(spec.key.to_user_string())
        return spec if columns is None else spec.merge_attributes(metadata=_lineage(spec, columns))

    with about_code():
        found = dg.with_source_code_references([one.map_asset_specs(completed) for one in assets])
    return [one for one in found if isinstance(one, dg.AssetsDefinition)]


def _lineage(spec: dg.AssetSpec, origins: Mapping[str, list[Origin]]) -> dict[str, object]:
    """The origins as Dagster keeps them, and in the comments of the columns, where its open-source pages show them."""
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
        column: [dg.TableColumnDep(dg.AssetKey(table), name) for table, name in found]
        for column, found in origins.items()
    }
    return {
        COLUMNS: dg.MetadataValue.table_schema(dg.TableSchema(columns)),
        "dagster/column_lineage": dg.MetadataValue.column_lineage(dg.TableColumnLineage(deps)),
    }
