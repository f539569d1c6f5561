"""Dagster metadata of a table: its columns, and a link to the SQL that creates it."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import dagster as dg

from assets.markdown import escape_html
from etl_project.database.contract import OBSERVED, OBSERVED_SQL, SCHEMA_SQL, Table

COLUMNS = "dagster/column_schema"


def table_metadata(table: Table, file: Path | None = None) -> dict[str, object]:
    """Describe a table of the contract.

    Args:
        table: the table; its columns are shown with type, comment and whether they may be NULL.
        file: SQL file that creates it; the link names its line. By default the one of the contract that does.

    Returns:
        Metadata of an asset: the table's name, its column schema and the code reference.
    """
    file = file or (OBSERVED_SQL if table.name in OBSERVED else SCHEMA_SQL)
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            escape_html(column.comment),
            dg.TableColumnConstraints(nullable=column.is_nullable),
        )
        for column in table.columns
    ]
    before = re.split(rf"CREATE (?:OR REPLACE )?(?:TABLE|VIEW) {table.name}\b", file.read_text("utf-8"), maxsplit=1)[0]
    with silence_code_reference_warning():
        created = dg.LocalFileCodeReference(file_path=str(file), line_number=before.count("\n") + 1, label=file.name)
        code = dg.CodeReferencesMetadataValue(code_references=[created])
    return {
        "dagster/table_name": f"posts.main.{table.name}",
        "ask it with": f'etl sql "FROM {table.name} LIMIT 5"',
        COLUMNS: dg.MetadataValue.table_schema(dg.TableSchema(columns)),
        "dagster/code_references": code,
    }


def silence_code_reference_warning() -> warnings.catch_warnings[None]:
    """Silence Dagster's BetaWarning about code references."""
    return warnings.catch_warnings(action="ignore", category=dg.BetaWarning)
