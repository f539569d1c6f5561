"""`etl refresh`: brings the warehouse up to date with the posts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from etl_project.cli.application import Config, Sources, app, err, examples, out
from etl_project.cli.process import OWN_PROCESS
from etl_project.errors import DONE, FAILED, INTERRUPTED, SOURCE_MISSING, WORK_TO_DO
from etl_project.show.console import safe, shown_path
from etl_project.show.error_sentence import describe_error, is_interrupt

if TYPE_CHECKING:
    from etl_project.alerts.alerts import Alerts
    from etl_project.cli.beside import Ran
    from etl_project.cli.recorder import Recorder
    from etl_project.refresh import Refresh
    from etl_project.refresh.plan import RefreshPlan
    from etl_project.refresh.request import Request
    from etl_project.show.progress_lines import Display


@app.command(
    epilog=examples(
        "etl refresh",
        "etl refresh --plan                # what it would do; changes nothing",
        "etl refresh --source my-site      # leave the other sources as they are",
        "etl refresh --verify              # trust no time stamp: hash every file again",
    )
)
def refresh(
    context: typer.Context,
    config: Config = None,
    full: Annotated[bool, typer.Option("--full", help="Read every post again and build every table anew.")] = False,
    allow_deletes: Annotated[
        bool, typer.Option("--allow-deletes", help="Go on although more posts left than the guard allows.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Hash every file again, also those that look unchanged.")
    ] = False,
    source: Sources = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only tell what a refresh would do: exit 5 where there is something.")
    ] = False,
) -> None:
    """Bring the warehouse up to date with the posts."""
    from etl_project.alerts.alerts import Alerts
    from etl_project.cli.forked_recorder import recorder_of
    from etl_project.lake.choose import refresh_class
    from etl_project.settings import read_settings

    settings = read_settings(config)
    work = refresh_class(settings)(
        settings, full=full, allow_deletes=allow_deletes, verify=verify, sources=source or ()
    )
    is_debug = bool(context.find_root().params.get("debug"))
    work.work.stays_attached = True
    recorder = None if plan else recorder_of(work, may_fork=context.obj is OWN_PROCESS)
    work.work.lock.acquire("etl refresh --plan" if plan else "etl refresh")
    try:
        code = (
            _refresh(work, recorder, Alerts(work.settings.alerts, work.work, _warn), is_debug=is_debug)
            if recorder
            else _preview(work)
        )
    finally:
        work.engine.close()
        work.work.close()
        work.work.lock.release()
    raise typer.Exit(code)


def _warn(reason: str) -> None:
    err.print(safe(reason, "yellow"))


def _preview(work: Refresh) -> int:
    from etl_project.show.plan import show_plan

    plan = work.preview()
    try:
        show_plan(plan, _options(work.ask, len(work.settings.sources)), out)
    finally:
        plan.close()
    if plan.guard:
        return FAILED
    if plan.diff.unavailable:
        return SOURCE_MISSING
    return DONE if plan.is_no_op else WORK_TO_DO


def _options(ask: Request, sources: int) -> str:
    """Options of `etl refresh` that ask for this."""
    asked = {"--full": ask.full, "--allow-deletes": ask.allow_deletes, "--verify": ask.verify}
    named = [f" --source {source.name}" for source in ask.sources] if len(ask.sources) < sources else []
    return "".join([*(f" {option}" for option, is_asked in asked.items() if is_asked), *named])


def _refresh(work: Refresh, recorder: Recorder, alerts: Alerts, *, is_debug: bool) -> int:
    from etl_project.show.progress import progress

    began = time.time()
    try:
        alerts.report_interrupted_refresh()
        with progress(out) as display:
            work.stages.listener = display.enter
            plan = _plan(work, recorder)
            if not plan.is_no_op:
                return _run(work, plan, recorder, alerts, display, began, is_debug=is_debug)
        _say_no_op(work, plan)
        alerts.report_success(plan.generation, plan.diff.listed, plan.diff.unavailable)
        return SOURCE_MISSING if plan.diff.unavailable else DONE
    except BaseException as error:
        if is_interrupt(error):
            alerts.note_interrupt()
        else:
            alerts.report_failure(describe_error(error).text)
        raise


def _plan(work: Refresh, recorder: Recorder) -> RefreshPlan:
    """Make the plan; what records the refresh begins as soon as it is sure that there will be one."""
    work.differs = recorder.begin
    is_left = True
    try:
        plan = work.plan()
        is_left = plan.is_no_op
        return plan
    finally:
        if is_left:
            recorder.leave()


def _say_no_op(work: Refresh, plan: RefreshPlan) -> None:
    from etl_project.refresh.due import describe_not_due
    from etl_project.refresh.result import describe_outage

    listed = sum(plan.diff.listed.values())
    looked = f"there is no file, as at refresh {plan.generation}"
    if listed:
        looked = "the only file has not changed" if listed == 1 else f"none of the {listed:,} files changed"
        looked += f" since refresh {plan.generation}"
    unread = len(plan.diff.unavailable)
    but = f", but for {'a source' if unread == 1 else f'{unread:,} sources'} that could not be read" if unread else ""
    state = f"up to date{but}"
    if unread and not plan.diff.listed.keys() - plan.diff.unavailable.keys():
        looked = "the only source could not be read" if unread == 1 else f"none of the {unread:,} sources could be read"
        state = f"as refresh {plan.generation} left it"
    out.print(
        safe(
            f"Nothing to do: {looked}{_verified_in_words(plan, listed) if work.ask.verify and listed else ''}. "
            f"{shown_path(work.settings.warehouse.path)} is {state} ({plan.milliseconds / 1000:.2f} s)."
        )
    )
    for sentence in describe_not_due(plan.not_due):
        out.print(safe(sentence, "dim"))
    for source, words in plan.passed_over().items():
        err.print(safe(f"Warning: the source {source} has no post: {words}", "yellow"))
    for source, reason in plan.diff.unavailable.items():
        err.print(safe(describe_outage(source, reason), "red"))


def _verified_in_words(plan: RefreshPlan, listed: int) -> str:
    """What a verification did: git names posts by their content, so that there is nothing to find out."""
    in_git = [pinned.place.knows_content for pinned in plan.sources]
    if in_git and all(in_git):
        if listed == 1:
            return "; git names it by its content, so that it was not hashed again"
        return "; git names them by their content, so that none was hashed again"
    return ", hashed again" if listed == 1 else f", each {'but those in git ' if any(in_git) else ''}hashed again"


def _run(
    work: Refresh,
    plan: RefreshPlan,
    recorder: Recorder,
    alerts: Alerts,
    display: Display,
    began: float,
    *,
    is_debug: bool,
) -> int:
    """Work a plan off and print how that ended.

    Args:
        work: the refresh.
        plan: what there is to do.
        recorder: records the refresh in Dagster.
        alerts: what is to be told of the outcome.
        display: what a person sees meanwhile.
        began: when the refresh began, in seconds since 1970.
        is_debug: print the trace of a failure.
    """
    out.print(safe(f"To do: {'; '.join(plan.reasons)}."))
    display.expect(sum(plan.diff.to_read.values()))
    work.warm(plan)
    # Only a refresh with work to do pays for what records it.
    from etl_project.cli.beside import run_beside
    from etl_project.show.summary import show_failure

    ran = run_beside(work, plan, recorder, alerts, display.report)
    display.close()
    if ran.is_interrupted and not ran.published:
        raise KeyboardInterrupt
    if is_debug and ran.trace:
        err.print(safe(ran.trace))
    if ran.failure:
        is_published = ran.published is not None and ran.published.is_new
        show_failure(ran.failure, ran.failed, work.settings.warehouse.path, ran.run_id, err, is_published=is_published)
    elif ran.published:
        _show(work, ran, began)
    if ran.unrecorded:
        _warn(f"Warning: there is no full record of this refresh in Dagster. {ran.unrecorded}")
    if ran.failure:
        return FAILED
    if ran.is_interrupted:
        return INTERRUPTED
    return SOURCE_MISSING if ran.tables and ran.tables.unavailable else DONE


def _show(work: Refresh, ran: Ran, began: float) -> None:
    """Print what a refresh did and where its time went; a second plan may have found nothing to do any more."""
    from etl_project.show.news import findings_of
    from etl_project.show.summary import show_next, show_summary
    from etl_project.timing import BEGAN

    if not (ran.tables and ran.published):
        out.print("Nothing is left to do.")
        return
    spent = {"start": began - BEGAN, **{str(name): seconds for name, seconds in work.stages.seconds.items()}}
    total = time.time() - BEGAN
    before = work.work.previous
    found = ran.found or findings_of(ran.published, before)  # an interruption may have come first
    show_summary(ran.tables, ran.published, ran.aggregates, ran.checks, ran.reported, spent, total, found, before, out)
    show_next(ran.tables, out)
