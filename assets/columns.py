"""Tables of the contract in, the facts Dagster shows of them out: their columns, and the SQL that makes them."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import dagster as dg

from etl_project.database.contract import SCHEMA_SQL, Table

COLUMNS = "dagster/column_schema"


def table_facts(table: Table, file: Path = SCHEMA_SQL) -> dict[str, object]:
    """Describe a table.

    Args:
        table: its columns are shown with type, comment and whether they may be NULL.
        file: SQL file that creates it; it is linked to, with the line.
    """
    columns = [
        dg.TableColumn(column.name, column.type, column.comment, dg.TableColumnConstraints(nullable=column.is_nullable))
        for column in table.columns
    ]
    before = re.split(rf"CREATE (?:OR REPLACE )?TABLE {table.name}\b", file.read_text("utf-8"), maxsplit=1)[0]
    with about_code():
        created = dg.LocalFileCodeReference(file_path=str(file), line_number=before.count("\n") + 1, label=file.name)
        code = dg.CodeReferencesMetadataValue(code_references=[created])
    return {
        "dagster/table_name": table.name,
        COLUMNS: dg.MetadataValue.table_schema(dg.TableSchema(columns)),
        "dagster/code_references": code,
    }


def about_code() -> warnings.catch_warnings[None]:
    """Keep Dagster's word that code references may change from people who can do nothing about it."""
    return warnings.catch_warnings(action="ignore", category=dg.BetaWarning)
