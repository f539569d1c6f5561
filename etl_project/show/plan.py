"""What a refresh would do, for people: `etl refresh --plan`."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from etl_project.database.generation import GenerationState
from etl_project.refresh.due import describe_not_due
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.result import describe_outage
from etl_project.scan.preview import FileCounts, count_files
from etl_project.show.console import call, count_of, print_table, safe
from etl_project.sources.place import LookCost

_COLUMNS = {
    "files": "listed",
    "new": "new",
    "changed": "changed",
    "moved (likely)": "moved",
    "gone": "deleted",
    "read again": "read_again",
}
"""Heading -> field of `FileCounts`."""


def show_plan(plan: RefreshPlan, options: str, console: Console) -> None:
    """Print what a refresh would do, why, and what the guard says to it.

    Args:
        plan: the plan; its temporary tables are read, and it is still to be closed.
        options: options that the refresh would be called with, each with a space before it.
        console: the console to print to.
    """
    if plan.is_no_op:
        where = " in what could be read" if plan.diff.unavailable else ""
        console.print(f"Nothing to do{where}: no file, setting or definition has changed since the last refresh.")
    else:
        console.print(safe(f"To do: {'; '.join(plan.reasons)}."))
    if plan.diff.listed or plan.opened:
        print_table(_file_table(plan), console)
    for pinned in plan.sources:
        if cost := pinned.place.look_cost:
            console.print(safe(_describe_cost(pinned.name, cost, plan.diff.to_read.get(pinned.name, 0))))
    if not plan.is_no_op:
        console.print(f"\nBuilt anew: {_what_is_built(plan)}.")
    for name, articles in plan.diff.leaving.items():
        console.print(safe(f"Leaving: {articles.leaving:,} of the {articles.total:,} posts of the source {name}."))
    if plan.opened and plan.generation and not plan.knows_signatures:
        console.print("Which files changed or moved is known only when they are read.")
    if plan.guard:
        console.print(safe(f"The guard would stop this refresh: {plan.guard}", "red"))
    for sentence in describe_not_due(plan.not_due):
        console.print(safe(sentence, "dim"))
    for name, reason in plan.diff.unavailable.items():
        console.print(safe(describe_outage(name, reason), "red"))
    if not (plan.is_no_op or plan.guard):
        console.print(f"\nNothing was changed. To do it: {call(f'refresh{options}')}", style="dim")


def _file_table(plan: RefreshPlan) -> Table:
    counts = count_files(plan.opened, knows_signatures=plan.knows_signatures) if plan.opened else {}
    table = Table(header_style="bold", show_edge=False)
    table.add_column("source")
    for heading in _COLUMNS:
        table.add_column(heading, justify="right")
    for name in sorted({*plan.diff.listed, *counts}):
        files = counts.get(name) or FileCounts(listed=plan.diff.listed.get(name, 0))
        table.add_row(safe(name), *(f"{getattr(files, field):,}" for field in _COLUMNS.values()))
    return table


def _describe_cost(source: str, cost: LookCost, to_read: int) -> str:
    """Say how many requests a plan sends to a store, and how many more reading would."""
    settings = f" and {count_of(cost.gets, 'GET')} for the settings of the site" if cost.gets else ""
    if cost.inventory_gets:
        settings = f" and {count_of(cost.inventory_gets, 'GET')} for the inventory{settings}"
    if cost.has_packs:
        lists = count_of(cost.lists, "LIST")
        return f"Requests: a look at the source {source} takes {lists}, and 1 GET for each pack that changed."
    reading = f"reading what changed takes {count_of(to_read, 'GET')} more" if to_read else "nothing is to be read"
    return f"Requests: a look at the source {source} takes {count_of(cost.lists, 'LIST')}{settings}; {reading}."


def _what_is_built(plan: RefreshPlan) -> str:
    if plan.is_from_nothing:
        return "every table and every aggregate"
    if plan.is_changed:
        return "the rows of the articles of these files, the aggregates that count them, the published file"
    if plan.state is GenerationState.CHECKED:
        return "the published file"
    return "nothing; the refresh goes on where the last one stopped"
