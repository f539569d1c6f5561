"""Attaches the file that a load writes: the work file, or a new one beside it."""

from __future__ import annotations

from pathlib import Path

from etl_project.database.previous import REPLACED_FILE, attach_empty_previous, attach_previous
from etl_project.database.template import template_file
from etl_project.database.work_file import WorkFile
from etl_project.load.carry_over import carry_over
from etl_project.load.rename import rename_sources
from etl_project.refresh.plan import RefreshPlan
from etl_project.scan.inventory import create_inventory_view


def attach_target(plan: RefreshPlan, work: WorkFile) -> Path:
    """Attach the file to write, in use; tables that are built anew go to a file beside the work file.

    Args:
        plan: what there is to do.
        work: the work file.

    Returns:
        The file.

    Raises:
        duckdb.Error, OSError: it cannot be opened or made.
    """
    con = plan.connection
    work.detach(con)
    if plan.renames:
        work.attach(con)
        rename_sources(con, plan.renames)
        work.detach(con)
    if not plan.is_rebuild:
        if plan.is_from_nothing:
            attach_empty_previous(con)
        work.attach(con)
        return work.path
    attach_previous(con, work)
    # The guard asks while files are read, and by then the name `work` is that of the new file.
    create_inventory_view(con, plan.inventory, REPLACED_FILE, {}, is_doubled=plan.is_doubled)
    target = work.attach_new(con, template_file())
    carry_over(con)
    return target
