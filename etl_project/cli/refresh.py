"""`etl refresh`: brings the warehouse up to date with the posts."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Annotated

import typer

from etl_project.cli.app import Config, app, err, out
from etl_project.errors import DONE, FAILED, SOURCE_MISSING, WORK_TO_DO
from etl_project.show.console import safe
from etl_project.show.error_sentence import describe_error, is_interrupt

if TYPE_CHECKING:
    from etl_project.alerts.alerts import Alerts
    from etl_project.refresh import Refresh
    from etl_project.refresh.plan import RefreshPlan
    from etl_project.refresh.request import Request


@app.command()
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
    source: Annotated[
        list[str] | None,
        typer.Option(help="Only this source; may be given several times. The others stay as they are."),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only tell what a refresh would do: exit 5 where there is something.")
    ] = False,
) -> None:
    """Bring the warehouse up to date with the posts."""
    from etl_project.alerts.alerts import Alerts
    from etl_project.refresh import Refresh
    from etl_project.settings import read_settings

    work = Refresh(read_settings(config), full=full, allow_deletes=allow_deletes, verify=verify, sources=source or ())
    is_debug = bool(context.find_root().params.get("debug"))
    work.work.lock.acquire("etl refresh --plan" if plan else "etl refresh")
    try:
        code = (
            _preview(work)
            if plan
            else _refresh(work, Alerts(work.settings.alerts, work.work, _warn), is_debug=is_debug)
        )
    finally:
        work.engine.close()
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


def _refresh(work: Refresh, alerts: Alerts, *, is_debug: bool) -> int:
    try:
        alerts.report_interrupted_refresh()
        plan = work.plan()
        if not plan.is_no_op:
            return _run(work, plan, is_debug=is_debug)
        _say_no_op(work, plan)
        alerts.report_success(plan.generation, plan.diff.listed, plan.diff.unavailable)
        return SOURCE_MISSING if plan.diff.unavailable else DONE
    except BaseException as error:
        if not is_interrupt(error):
            alerts.report_failure(describe_error(error).text)
        raise


def _say_no_op(work: Refresh, plan: RefreshPlan) -> None:
    from etl_project.refresh.result import describe_outage

    listed = sum(plan.diff.listed.values())
    out.print(
        f"Nothing to do: none of the {listed:,} files changed since refresh {plan.generation}"
        f"{_verified_in_words(plan) if work.ask.verify else ''}. "
        f"{work.settings.warehouse.path} is up to date ({plan.milliseconds / 1000:.2f} s)."
    )
    for source, reason in plan.diff.unavailable.items():
        err.print(describe_outage(source, reason), style="red")


def _verified_in_words(plan: RefreshPlan) -> str:
    """What a verification did: git names posts by their content, so that there is nothing to find out."""
    in_git = [pinned.place.knows_content for pinned in plan.sources]
    if in_git and all(in_git):
        return "; git names them by their content, so that none was hashed again"
    return f", each {'but those in git ' if any(in_git) else ''}hashed again"


def _run(work: Refresh, plan: RefreshPlan, *, is_debug: bool) -> int:
    from etl_project.refresh.disk_full import tell_full_disk
    from etl_project.show.progress import progress
    from etl_project.show.summary import show_failure, show_summary

    out.print(f"To do: {'; '.join(plan.reasons)}.")
    # Dagster takes two seconds to import: only a refresh with work to do pays for it. Its processes start meanwhile.
    work.warm(plan)
    gc.disable()  # nothing that is imported becomes garbage, and looking for some takes a fifth of the time
    from etl_project.definitions import run_refresh

    gc.enable()
    with progress(out) as report, tell_full_disk("record the run", work.settings.dagster_home):
        run = run_refresh(work, plan, report)
    if run.is_interrupted:
        raise KeyboardInterrupt
    if not run.success or run.tables is None or run.published is None:
        if is_debug and run.trace:
            err.print(safe(run.trace))
        path, is_published = work.settings.warehouse.path, run.published is not None and run.published.is_new
        show_failure(run.error, run.checks, path, run.run_id, err, is_published=is_published)
        return FAILED
    show_summary(run.tables, run.published, run.aggregates, run.checks, out)
    return SOURCE_MISSING if run.tables.unavailable else DONE
