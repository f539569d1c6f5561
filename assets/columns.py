"""Tables of the contract in, the metadata Dagster shows of them out."""

from __future__ import annotations

import dagster as dg

from etl_project.load.contract import Table


def column_schema(table: Table) -> dict[str, dg.TableMetadataValue | dg.TableSchemaMetadataValue]:
    """Describe the columns of a table: name, type, comment, and whether they may be NULL."""
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            column.comment,
            dg.TableColumnConstraints(nullable=column.is_nullable),
        )
        for column in table.columns
    ]
    return {"dagster/column_schema": dg.MetadataValue.table_schema(dg.TableSchema(columns))}
