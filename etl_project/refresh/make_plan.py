"""Makes the plan of a refresh: finds out quietly that there is nothing to do, or has the sources compared.

A plan changes nothing but the record of the last plan. `Refresh.load_tables` works it off.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from etl_project.database.generation import GenerationState
from etl_project.database.last_plan import LastPlan, NoOpFingerprint
from etl_project.database.work_file import WorkFile
from etl_project.refresh.due import leave_out_not_due, looked_at
from etl_project.refresh.guard import refuse_garbled_names
from etl_project.refresh.pin import PinnedSources, pin_sources, walk_sources
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.request import Request
from etl_project.refresh.unchanged import digest_inputs
from etl_project.scan.clock import Clock
from etl_project.scan.diff import Diff
from etl_project.scan.inventory import PRESENT_VERSION
from etl_project.settings import Settings
from etl_project.sources.access import close_readers
from etl_project.timing import milliseconds_since


def make_plan(settings: Settings, work: WorkFile, ask: Request, differs: Callable[[int], None]) -> RefreshPlan:
    """List the sources, compare them with the inventory, and tell what there is to do.

    Args:
        settings: the settings.
        work: the work file; the caller holds its lock.
        ask: what is asked of the refresh.
        differs: called before the listing is compared, where it differs from that of the last plan: with 0, or, where
            all posts of a source will be read, with the bytes of them all. It may come twice.

    Raises:
        SettingsError: a source was never there.
        RefreshStopped: the guard: too many posts are about to leave; every table is to be built anew and a source
            cannot be read.
    """
    refuse_garbled_names(settings)
    began, clock = time.perf_counter(), Clock.now()
    work.let_go()
    if not ask.is_dry_run:
        work.sweep()
    last = work.last_plan.read()
    ask, not_due = leave_out_not_due(ask, settings, last if work.path.exists() else None, clock.as_of)
    try:
        pinned = walk = None
        is_ordinary = not (ask.full or ask.verify or len(ask.sources) < len(settings.sources))
        if last and (last.listing or last.no_op) and is_ordinary:
            pinned = pin_sources(settings.sources, settings.limits, settings.insight)
            walk = walk_sources(pinned.sources)
            if not (pinned.unavailable or walk.unavailable):
                if walk.digest != last.listing:
                    differs(0)
                elif (no_op := last.no_op) and no_op.matches(
                    digest_inputs(settings, pinned.versions, work), clock.as_of_us
                ):
                    if not ask.is_dry_run:
                        looked = looked_at(settings, walk.listings.keys(), clock.as_of)
                        work.last_plan.write_again(last, clock.as_of, looked)
                    return _no_op_plan(last, no_op, pinned, clock, began)
        # Most checks for changes end above: what compares is imported by those that do not.
        from etl_project.refresh.planner import Planner

        if ask.is_dry_run:
            file, is_present_version = work.usable_file()
        else:
            is_present_version, file = work.restore(), work.path if work.path.exists() else None
        con = work.connect()
        try:
            planner = Planner(settings, work, ask, con, clock, last, file, is_present_version, not_due)
            plan = planner.plan(began, pinned, walk, differs)
        except BaseException:
            # An open connection would keep the next plan of this process out of the work file.
            con.close()
            work.close()
            raise
        if plan.is_no_op:
            work.detach(con)
            con.close()
        return plan
    finally:
        close_readers()


def _no_op_plan(
    last: LastPlan, no_op: NoOpFingerprint, pinned: PinnedSources, clock: Clock, began: float
) -> RefreshPlan:
    """The plan of a refresh that matches the fingerprint of the last plan: nothing to do."""
    return RefreshPlan(
        clock=clock,
        reasons=[],
        state=GenerationState.CHECKED,
        generation=last.generation,
        diff=Diff(listed=no_op.files),
        milliseconds=milliseconds_since(began),
        sources=pinned.sources,
        versions=pinned.versions,
        known=pinned.versions,
        inventory=PRESENT_VERSION,
    )
