"""Takes the stages of a refresh while a recorder imports Dagster and records them as a run of the job `refresh`.

Who waits for a refresh waits for its stages, and no longer for the import of Dagster before them. Nothing of the
refresh depends on the recorder.
"""

from __future__ import annotations

import signal
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from etl_project.alerts.alerts import Alerts
from etl_project.alerts.outcome import tell_outcome
from etl_project.cli.recorder import Recorder
from etl_project.refresh import Refresh, trying_again
from etl_project.refresh.handed_on import FINDINGS, PAGE, HandedOn, Results
from etl_project.refresh.in_order import take_stages
from etl_project.refresh.outcome import Outcome
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.read_files import Report
from etl_project.refresh.trying_again import may_pass, require_known_outages
from etl_project.show.console import count_of
from etl_project.show.error_sentence import describe_error, is_interrupt
from etl_project.show.news import Findings, findings_of
from etl_project.show.page_rows import queries_by_stage


@dataclass(slots=True, kw_only=True)
class Ran(Outcome):
    """How a refresh ended, and its run in Dagster."""

    found: Findings | None = None
    """The warnings and rejections in the file that was published; None where nothing was loaded."""
    is_interrupted: bool = False
    """Somebody pressed Ctrl-C, or asked the process to end."""
    trace: str | None = None
    """Where a failure comes from, of a stage or of its record: the trace of its error."""
    run_id: str | None = None
    """The run in Dagster; None where there is none, or only a part of it."""
    unrecorded: str | None = None
    """Why there is no run, or only a part of one, or why it failed although the refresh did not: a sentence."""

    @property
    def success(self) -> bool:
        """Whether every stage was taken, and the file is published."""
        return self.published is not None and self.error is None and not self.is_interrupted

    @property
    def failure(self) -> str | None:
        """Why the refresh failed, in a sentence; None where it did not."""
        if self.failed and not self.error:
            names = ", ".join(result.check.name for result in self.failed)
            return f"{count_of(len(self.failed), 'check')} failed, so that nothing was published: {names}."
        return self.error


def run_beside(work: Refresh, plan: RefreshPlan, recorder: Recorder, alerts: Alerts, report: Report) -> Ran:
    """Work a plan off, alert about how that ended, and record it in Dagster.

    Args:
        work: the refresh; the caller holds the lock of its work file.
        plan: what there is to do; it cannot be used again.
        recorder: follows the refresh; it may have begun while the plan was made.
        alerts: what is to be told of the outcome.
        report: called with (files done, files in all) while files are read.

    Returns:
        The outcome. A stage that fails, and a run that cannot be recorded, are no exceptions.

    Raises:
        KeyboardInterrupt: somebody pressed Ctrl-C once more while the interruption was being recorded.
    """
    ran = Ran(diff=plan.diff)
    results = Results(work, queries_by_stage())
    with _ended_by_sigterm():
        alerts.begin("etl refresh")
        try:
            _take_and_tell(work, plan, ran, results, alerts, recorder, report)
            work.stages.listener("record")
            recorder.wait()
        except KeyboardInterrupt:  # after the last stage: it interrupts the record
            if ran.is_interrupted:
                raise
            ran.is_interrupted = True
            results.stop()
            results.end()  # the interruption may have come before that
            recorder.wait()
    _note_record(recorder, ran)
    return ran


def _take_and_tell(
    work: Refresh,
    plan: RefreshPlan,
    ran: Ran,
    results: Results,
    alerts: Alerts,
    recorder: Recorder,
    report: Report,
) -> None:
    """Take every stage, let the recorder know the end, and alert about it. What a stage raises is noted."""
    try:
        recorder.follow(work, results)
        try:
            _take(work, plan, ran, results, alerts, recorder, report)
        except BaseException as error:
            results.end(error)
            ran.is_interrupted = is_interrupt(error)
            if not ran.is_interrupted:
                ran.error, ran.trace = describe_error(error).text, traceback.format_exc()
        else:
            results.end()
        if not ran.is_interrupted:
            tell_outcome(alerts, ran)
    finally:
        alerts.end()


def _take(
    work: Refresh,
    plan: RefreshPlan,
    ran: Ran,
    results: Results,
    alerts: Alerts,
    recorder: Recorder,
    report: Report,
) -> None:
    """Take every stage, those to the load once more after an error that may pass, and write the page."""
    refresh = HandedOn(work, results.lead)
    if work.settings.engine.kind != "local":
        recorder.has_imported.wait()

    def planned() -> RefreshPlan:
        require_known_outages(plan, alerts.has_reported_source)
        return plan

    try:
        take_stages(refresh, results.lead("plan", planned), ran, report)
    except Exception as error:
        # As the step `tables` of the job does: the run follows.
        if ran.tables or not may_pass(error):
            raise
        time.sleep(trying_again.RETRY_SECONDS)
        plan = refresh.plan()
        ran.diff = plan.diff
        take_stages(refresh, plan, ran, report)
    unavailable = ran.tables.unavailable if ran.tables else plan.diff.unavailable
    ran.reported.append(not work.skipped_outages() | unavailable)
    if ran.published is None:
        return
    ran.reported.append(work.work.last_plan.is_fresh(work.settings.schedule.stale_after_hours))
    if ran.tables:  # for the summary of the run, too, which would ask the file once more
        ran.found = results.lead(FINDINGS, partial(findings_of, ran.published, work.work.previous))
    if work.settings.report.path:
        recorder.has_imported.wait()
        from etl_project.report import write_page_of

        with work.stages.stage("page"):
            results.lead(PAGE, lambda: write_page_of(work.settings))


def _note_record(recorder: Recorder, ran: Ran) -> None:
    """Note what became of the record of the run."""
    record = recorder.record
    ran.run_id = record.run_id
    fails_as_the_refresh = ran.failure or (ran.is_interrupted and not ran.published)
    if not (ran.run_id and fails_as_the_refresh):
        ran.unrecorded = record.failure
        ran.trace = ran.trace or record.trace


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the refresh as Ctrl-C does, so that its run is recorded."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
