"""The `etl` command: posts to a SQL warehouse."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from etl_project.errors import BAD_USAGE, DONE, FAILED, SOURCE_MISSING, WORK_TO_DO, UserError
from etl_project.show.command_group import CommandGroup
from etl_project.show.console import consoles, safe
from etl_project.show.error_sentence import describe_error, is_interrupt

if TYPE_CHECKING:
    from etl_project.alerts.alerts import Alerts
    from etl_project.refresh import Refresh
    from etl_project.refresh.plan import RefreshPlan
    from etl_project.refresh.request import Request

app = typer.Typer(
    cls=CommandGroup,
    help="Folders of Markdown posts in, one DuckDB warehouse out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out, err = consoles()

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings file; else ETL_CONFIG, else etl.toml here.", dir_okay=False),
]


class BadCall(UserError):
    """A command was called with arguments that it cannot use together."""

    exit_code = BAD_USAGE


@app.callback()
def etl(
    debug: Annotated[
        bool, typer.Option("--debug", help="Where a command fails, print the trace of the error.")
    ] = False,
) -> None:
    """Folders of Markdown posts in, one DuckDB warehouse out."""


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
        show_failure(run.error, run.checks, work.settings.warehouse.path, run.run_id, err)
        return FAILED
    show_summary(run.tables, run.published, run.aggregates, run.checks, out)
    return SOURCE_MISSING if run.tables.unavailable else DONE


@app.command()
def status(config: Config = None) -> None:
    """Show where things stand: the published file, its sources, the last refresh."""
    from etl_project.settings import read_settings
    from etl_project.show.status import show_status

    show_status(read_settings(config), out)


@app.command()
def rejected(
    config: Config = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="DIR", help="Write the rejected files below DIR for repair."),
    ] = None,
) -> None:
    """Show the rejected files: where, why, and what to do."""
    from etl_project.settings import read_settings
    from etl_project.show.rejected import export_rejected, show_rejected

    published = read_settings(config).warehouse.path
    if export is None:
        show_rejected(published, source, out)
        return
    written, left = export_rejected(published, source, export)
    out.print(f"{written:,} files written below {export}.")
    for path in left:
        out.print(safe(f"not written (not kept, or already there): {path}"))


@app.command()
def changes(
    since: Annotated[
        str | None,
        typer.Option(
            help="Number of a refresh, or a date or time (UTC): what came after. The last refresh by default."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most articles to name.")] = 20,
    config: Config = None,
) -> None:
    """Show what refreshes changed, and which counts it moved."""
    from etl_project.settings import read_settings
    from etl_project.show.changes import show_changes

    show_changes(read_settings(config).warehouse.path, since, limit, out)


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="One SQL statement; - reads it from standard input.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Read the statement from a file.", exists=True, dir_okay=False),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option("--format", help="table, csv, json or parquet; else by the ending of --output, else table."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.", dir_okay=False)] = None,
    config: Config = None,
) -> None:
    """Ask the published warehouse, read-only."""
    from etl_project.settings import read_settings
    from etl_project.show.query import read_statement, run_query
    from etl_project.show.write_rows import choose_format

    if (query is None) == (file is None):
        raise BadCall(
            'Write one statement, as in: etl sql "SELECT count(*) FROM articles"; or name a file with --file.'
        )
    chosen = choose_format(style, output)
    if chosen == "parquet" and output is None and sys.stdout.isatty():
        raise BadCall("Parquet is not for the terminal: name a file with --output.")
    statement = read_statement(file) if file or query == "-" else query or ""
    run_query(read_settings(config).warehouse.path, statement, chosen, output, out)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to search for: each word must occur.")],
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be given several times.")] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="Published on this day or later.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Published on this day or before.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most articles to show.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Write the articles as JSON.")] = False,
    config: Config = None,
) -> None:
    """Search titles and texts of the live articles, best first."""
    from etl_project.settings import read_settings
    from etl_project.show.search import Filters, find_hits, parse_day, show_hits, write_hits_as_json

    query = " ".join(words)
    filters = Filters(tuple(source or ()), parse_day(first, "--from"), parse_day(last, "--to"))
    hits, count = find_hits(read_settings(config).warehouse.path, query, filters, limit)
    if as_json:
        write_hits_as_json(hits)
    else:
        show_hits(hits, count, query, out)


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(help="A post file; it need not be in the warehouse.", dir_okay=True)],
    config: Config = None,
) -> None:
    """Show what is read from one post: fields, repairs, where the date came from."""
    from etl_project.settings import find_settings_file, read_settings
    from etl_project.show.explain import explain as explain_file

    settings = read_settings(config) if config or find_settings_file().exists() else None
    if not explain_file(file, settings, out):
        raise typer.Exit(FAILED)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder of your site.", file_okay=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Settings file to write.", dir_okay=False)] = Path(
        "etl.toml"
    ),
) -> None:
    """Look at a folder of posts and write a commented etl.toml for it."""
    from etl_project.init.furniture import propose
    from etl_project.init.settings_file import write_settings
    from etl_project.init.site import sample_site
    from etl_project.init.unread import describe_unread
    from etl_project.settings import read_settings
    from etl_project.show.console import command, endings_in_words

    site = sample_site(folder)
    proposals = propose(site.bodies)
    write_settings(site, proposals, output)
    read_settings(output)
    out.print(
        f"{folder} is a site of the dialect {site.dialect} with {site.files:,} posts; "
        f"{len(site.bodies):,} were sampled and {len(proposals):,} rules proposed.",
    )
    if site.not_read:
        out.print(f"Not read: {endings_in_words(site.not_read)}.")
    if unread := describe_unread(site.unread):
        out.print(unread)
    if not site.time_zone:
        out.print("It does not say which time zone it keeps: put yours in time_zone before the first refresh.")
    out.print(f"{output} is written. Read it, then run:\n  {command()} refresh --config {output}")


@app.command()
def maintain(
    config: Config = None,
    keep_days: Annotated[
        float | None,
        typer.Option(min=0, max=36_500, help="Age in days from which records of runs and checks are deleted."),
    ] = None,
) -> None:
    """Make the work file and Dagster's records small again, and remove copies of repositories that no source needs."""
    from etl_project.database.compact import compact
    from etl_project.database.work_file import WorkFile
    from etl_project.settings import read_settings
    from etl_project.show.console import bytes_in_words
    from etl_project.sources.access import sweep_mirrors

    settings = read_settings(config)
    work = WorkFile(settings.warehouse.path)
    work.lock.acquire("etl maintain")
    try:
        compacted = compact(work)
        out.print(f"{work.path}: {bytes_in_words(compacted.before)}, now {bytes_in_words(compacted.after)}.")
        if swept := sweep_mirrors(work.published, settings.sources):
            out.print(f"{swept:,} copies of repositories went: no source is read from them.")
        if settings.dagster_home.exists():
            from etl_project.definitions import purge_records_of

            purged = purge_records_of(settings, keep_days)
            out.print(
                f"{settings.dagster_home}: {bytes_in_words(purged.before)}, now {bytes_in_words(purged.after)}; "
                f"{purged.runs:,} runs went."
            )
    finally:
        work.lock.release()


@app.command()
def ui(
    config: Config = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port; the first free one from 3000 by default.")] = None,
) -> None:
    """Open Dagster: runs, lineage, and refreshes on the schedule."""
    from etl_project.servers.ui import serve
    from etl_project.settings import read_settings

    raise typer.Exit(serve(read_settings(config), host, port))


if __name__ == "__main__":
    app()
