"""What a load did, read from the work file after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from etl_project.database.contract import contract
from etl_project.database.last_plan import Outage
from etl_project.database.sql import count_rows_of_each
from etl_project.engines.engine import NodeWork
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.read_files import FilesRead
from etl_project.refresh.result import TablesLoaded


def counted() -> list[str]:
    """Tables and views whose rows are counted after a load."""
    # The other views are questions: to answer them all takes longer than a small refresh.
    return [*(table.name for table in contract().values() if not table.is_view), "articles_live"]


def describe_load(
    plan: RefreshPlan,
    read: FilesRead,
    number: int,
    tables: Collection[str],
    milliseconds: dict[str, int],
    nodes: Mapping[str, NodeWork],
    outages: Mapping[str, Outage],
) -> TablesLoaded:
    """Tell what a load did, from the work file in use.

    Args:
        plan: the plan that was worked off.
        read: what its files gave.
        number: the generation now.
        tables: what to count the rows of.
        milliseconds: stage -> how long it took.
        nodes: machine -> what it read, where this one did not read all.
        outages: sources that the last plan could not read.
    """
    con = plan.connection
    is_new = number != plan.generation
    changes = con.execute(
        "SELECT change, count(*) FROM article_changes WHERE refresh_id = ? GROUP BY 1 ORDER BY 1",
        [number if is_new else -1],
    ).fetchall()
    return TablesLoaded(
        generation=number,
        is_new=is_new,
        files_read=sum(row.read for row in read.manifest),
        bytes_read=sum(row.bytes_read for row in read.manifest),
        rows=count_rows_of_each(con, tables),
        changes=dict(changes),
        milliseconds=milliseconds,
        unavailable=read.unavailable,
        still_unavailable=frozenset(
            name for name, why in read.unavailable.items() if name in outages and outages[name].reason == why
        ),
        missed=read.missed,
        newly_rejected=read.newly_rejected,
        commits={name: version.commit_id for name, version in read.versions.items() if version.commit_id},
        not_read=sum((Counter(endings) for endings in plan.not_read.values()), Counter()),
        nodes=nodes,
    )
