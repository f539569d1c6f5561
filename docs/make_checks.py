"""Writes docs/checks.md from the checks of the code: run it with `make docs`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from etl_project.checks.check import Check
from etl_project.checks.run import CHECKS

PAGE = Path(__file__).with_name("checks.md")

_INTRODUCTION = """\
<!-- Written by `make docs` from `etl_project.checks.run.CHECKS`. Change the checks, not this page. -->

# Checks

Every refresh asks these questions before it publishes. Each is an SQL query of the rows that violate a sentence: no
rows, and the check passes. A generation that violates a **blocking** check is not published, and the published file
stays as it was. A **warning** stops nothing: it is printed by `etl refresh` and `etl status`, and shown on the page of
its table in Dagster. [settings.md](settings.md#checks) has the thresholds of warnings, which the queries read by
`getvariable`, as they read the instant of the refresh (`as_of`).

Rows that no refresh wrote do not change. So where little was read of 10,000 files or more, blocking checks cover only
the rows that the refresh may have written: those of the files that were read or deleted and of their articles, terms
and relations, and the aggregates that were built anew. Each finds among them whatever the refresh did wrong. All rows
are checked of fewer files, at every build from nothing, with `--full` and `--verify`, after a refresh that failed, was
cut off or was not finished, when a source was renamed or more than a quarter of the files were read, and at the first
refresh of a day (UTC). The summary of a refresh, `etl status` and the page of `published_file` in Dagster say which
rows were checked.

A refresh runs the queries on its work file. Those of blocking checks also run on a published file as they are: copy one
to ask it yourself. Those of warnings need their variables first, such as `SET VARIABLE rejected_share = 0.05`. A new
check is declared in one place: [CONTRIBUTING.md](../CONTRIBUTING.md#add-a-check) shows how.
"""

_SECTIONS = {
    ("tables", True): "Blocking checks of the tables",
    ("tables", False): "Warnings about the tables",
    ("related", True): "Blocking checks of relations",
    ("aggregates", True): "Blocking checks of the aggregates",
    ("aggregates", False): "Warnings about the aggregates",
}
"""Stage and whether its checks block -> heading, in the order in which they run."""


def make_page(checks: Iterable[Check]) -> str:
    """Write the page of checks as Markdown: a section for each stage and kind, an entry for each check."""
    parts = [_INTRODUCTION]
    by_section: dict[tuple[str, bool], list[Check]] = {section: [] for section in _SECTIONS}
    for check in checks:
        by_section[check.stage, check.is_blocking].append(check)
    for section, members in by_section.items():
        if members:
            parts += [f"## {_SECTIONS[section]}\n", *map(_entry, members)]
    return "\n".join(parts)


def _entry(check: Check) -> str:
    kind = "blocking" if check.is_blocking else "warning"
    message = f"\nMessage: `{check.message}`\n" if check.message else ""
    message += f"\nWhat to do: {check.remedy}\n" if check.remedy else ""
    return (
        f"### `{check.name}`\n\n{check.description}\n{message}\n"
        f"Table `{check.table}`, stage {check.stage}, {kind}.\n\n"
        f"<details><summary>SQL</summary>\n\n```sql\n{_without_indent(check.whole_sql)}\n```\n\n</details>\n"
    )


def _without_indent(sql: str) -> str:
    """Take the indent of the first line off all lines that have it; the query of a law, inserted later, has none."""
    lines = sql.strip("\n").rstrip().splitlines()
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return "\n".join(line.removeprefix(indent) for line in lines)


if __name__ == "__main__":
    PAGE.write_text(make_page(CHECKS), "utf-8")
