"""The stages of one refresh: plan, load the tables, build the aggregates, check, publish.

Dagster runs them one by one through the assets; nothing here knows of Dagster.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from etl_project.database.generation import GenerationState, generation
from etl_project.database.work_file import WorkFile
from etl_project.engines.local import IN_PROCESS_BYTES
from etl_project.refresh.disk_full import tells_full_disk
from etl_project.refresh.engine import engine_of
from etl_project.refresh.make_plan import make_plan
from etl_project.refresh.request import Request, choose_sources
from etl_project.refresh.stages import Stages, in_stage
from etl_project.settings import Settings
from etl_project.timing import milliseconds_since

# Most refreshes end with their plan, as there is nothing to do: what a later stage needs is imported where it begins.
if TYPE_CHECKING:
    import duckdb

    from etl_project.checks.check import CheckResult, Stage
    from etl_project.database.publish import Published
    from etl_project.engines.engine import Engine
    from etl_project.load.append import Appender
    from etl_project.refresh.plan import RefreshPlan
    from etl_project.refresh.read_files import FilesRead, Report
    from etl_project.refresh.result import TablesLoaded


class Refresh:
    """The stages of a refresh of one warehouse. The caller holds the lock of the work file from `plan` on."""

    def __init__(
        self,
        settings: Settings,
        *,
        full: bool = False,
        allow_deletes: bool = False,
        verify: bool = False,
        sources: Collection[str] = (),
        engine: Engine | None = None,
    ) -> None:
        """Prepare a refresh.

        Args:
            settings: the settings.
            full: read every post again and build the derived tables anew.
            allow_deletes: go on although more posts are about to leave than the guard allows.
            verify: hash every file again, also those whose signature is the same.
            sources: names of the sources to check for changes, the others stay as they are; all by default.
            engine: runs the batches; by default the one that the settings name.

        Raises:
            SettingsError: there is no source of such a name.
        """
        self.settings = settings
        self.ask = Request(
            choose_sources(settings, sources),
            are_named=bool(sources),
            full=full,
            allow_deletes=allow_deletes,
            verify=verify,
        )
        self.work = self._open_work()
        self.engine: Engine = engine or engine_of(settings)
        self.stages = Stages()
        self.differs: Callable[[], None] = lambda: None
        """Called while a plan is made, once it is sure that there will be something to do."""
        self.passed_over: dict[str, str] = {}
        """Source without posts -> what lies there, as of the plan that was loaded; for the checks."""
        self._written: set[str] = set()
        """Relations and aggregates that were written since the load."""
        self._results: dict[Stage, list[CheckResult]] = {}
        """Stage -> results of its checks, the last time they ran."""
        self._is_related = False
        """Relations were brought up to date since the load."""
        self._done: list[CheckResult] = []
        """Results of checks of tables that ran where the load wrote the rows."""

    def again(self, **options: Any) -> Self:
        """A refresh of the same warehouse with other options, those of `__init__`, that has not begun."""
        refresh = type(self)(self.settings, **options)
        refresh.work.stays_attached = True
        return refresh

    def _open_work(self) -> WorkFile:
        """The work file of the kind of warehouse."""
        return WorkFile(self.settings.warehouse.path)

    @tells_full_disk("check for changes")
    @in_stage("list")
    def plan(self) -> RefreshPlan:
        """List the sources and tell what there is to do. Changes nothing but the record of the last plan.

        Raises:
            SettingsError: a source was never there.
            RefreshStopped: the guard: too many posts are about to leave.
        """
        try:
            return make_plan(self.settings, self.work, self.ask, self._differ)
        except BaseException:
            self.engine.close()
            raise

    def _differ(self, total_bytes: int) -> None:
        """Let what reads posts be ready when the plan is: this process for a few of them, others for many."""
        self.differs()
        if self.settings.engine.kind != "local":
            return
        if total_bytes >= IN_PROCESS_BYTES:
            self.engine.warm(total_bytes)
        else:
            from etl_project.engines.worker import import_beside

            import_beside()

    def preview(self) -> RefreshPlan:
        """Make the plan and change nothing: the lock and copies of remote repositories apart, nothing is written.

        The plan reports what the guard says.

        Raises:
            SettingsError: a source was never there.
            RefreshStopped: every table is to be built anew and a source cannot be read.
        """
        return make_plan(self.settings, self.work, replace(self.ask, is_dry_run=True), lambda total_bytes: None)

    def skipped_outages(self) -> dict[str, str]:
        """Sources that this refresh skips and that the last plan which included them could not read -> why."""
        included = {source.name for source in self.ask.sources}
        return {name: outage.reason for name, outage in self.work.last_plan.outages().items() if name not in included}

    def warm(self, plan: RefreshPlan) -> None:
        """Start what will read, where there is work for it, so that it is ready when the work begins."""
        from etl_project.refresh.read_files import bytes_to_read

        self.engine.warm(sum(bytes_to_read(plan.connection).values()))

    @tells_full_disk("load the tables")
    @in_stage("load")
    def load_tables(self, plan: RefreshPlan, report: Report | None = None) -> TablesLoaded:
        """Read what changed and bring the tables up to date in one transaction; the plan cannot be used again.

        Raises:
            duckdb.Error, OSError: nothing is changed.
            RefreshStopped: a source failed while every table was being built anew; the guard: too many posts went
                while they were read.
        """
        from etl_project.database.sql import transaction
        from etl_project.load.append import Appender
        from etl_project.load.touched import note_touched
        from etl_project.refresh.attach_target import attach_target
        from etl_project.refresh.describe_load import describe_load
        from etl_project.refresh.rows_to_check import may_check_touched_rows
        from etl_project.sources.access import close_readers

        began = time.perf_counter()
        con, self.passed_over = plan.connection, plan.passed_over()
        self._written.clear()
        self._is_related = False
        try:
            shutil.rmtree(self.work.staging, ignore_errors=True)
            self.work.staging.mkdir(parents=True)
            # A folder of its own: a worker that outlived a killed refresh must not write among the files of this one.
            staging = Path(tempfile.mkdtemp(dir=self.work.staging))
            report = report or (lambda done, total: None)
            if plan.is_from_nothing:
                # What is read is loaded meanwhile, so that the transaction begins before.
                target = attach_target(plan, self.work)
                with transaction(con):
                    read = self._read(plan, staging, report, Appender(con))
                    extract_milliseconds = milliseconds_since(began)
                    number, tables = self._merge(plan, read, extract_milliseconds)
            else:
                self.work.copy_ahead()
                read = self._read(plan, staging, report)
                extract_milliseconds = milliseconds_since(began)
                target = attach_target(plan, self.work)
                with transaction(con):
                    number, tables = self._merge(plan, read, extract_milliseconds)
            milliseconds = {
                "list": plan.milliseconds,
                "extract": extract_milliseconds,
                "load": milliseconds_since(began) - extract_milliseconds,
            }
            outages = self.work.last_plan.outages()
            loaded = describe_load(plan, read, number, tables, milliseconds, self.engine.nodes, outages)
            if may_check_touched_rows(plan, self.ask, self.work, loaded):
                note_touched(con, read.staged())
                self.work.knows_touched = True
            if target == self.work.path:
                self.work.end_stage(con)
            else:
                self.work.detach(con)
        except BaseException:
            con.close()
            self.work.close()
            raise
        finally:
            con.close()
            self.engine.close()
            close_readers()
            shutil.rmtree(self.work.staging, ignore_errors=True)
        if target != self.work.path:
            self.work.replace_by(target)
        self.write_down(plan, loaded)
        return loaded

    def write_down(self, plan: RefreshPlan, loaded: TablesLoaded) -> None:
        """Write down what was loaded, for the next plan."""
        from etl_project.refresh.due import looked_at

        skipped = {source.name for source in self.settings.sources if source not in self.ask.sources}
        looked = looked_at(self.settings, {s.name for s in plan.sources} - loaded.unavailable.keys(), plan.clock.as_of)
        self.work.last_plan.write(
            loaded.generation,
            plan.clock.as_of,
            loaded.unavailable,
            skipped | plan.not_due.keys(),
            looked=looked,
            listing=plan.listing,
        )

    @in_stage("read")
    def _read(self, plan: RefreshPlan, staging: Path, report: Report, appender: Appender | None = None) -> FilesRead:
        """Read what is to be read, and ask the guard again where files went or cannot be loaded any more."""
        from etl_project.refresh.guard import guard_leaving
        from etl_project.refresh.read_files import count_leaving_again, read_files

        read = read_files(plan, self.settings.limits, self.settings.insight, self.engine, staging, report, appender)
        self.engine.close()  # merging needs the memory of the processes more than they do
        if not self.ask.allow_deletes:
            guard_leaving(count_leaving_again(plan, read.files()), self.settings)
        return read

    def _merge(self, plan: RefreshPlan, read: FilesRead, extract_milliseconds: int) -> tuple[int, Collection[str]]:
        """Merge what was read, within the transaction of the caller.

        Returns:
            The number of the generation, and the names of what to count the rows of.
        """
        from etl_project.database.contract import contract
        from etl_project.database.previous import PREVIOUS
        from etl_project.load.aggregates import aggregates_version
        from etl_project.load.merge import Merge, merge
        from etl_project.load.refresh_log import Timing
        from etl_project.refresh.describe_load import counted

        tables = contract()
        number = merge(
            plan.connection,
            Merge(
                staged=read.staged(),
                sources=self.settings.sources,
                versions=read.versions,
                tables=tables,
                timing=Timing(plan.clock.as_of, plan.clock.as_of, plan.milliseconds, extract_milliseconds),
                aggregates_version=aggregates_version(),
                files_missed=len(read.missed),
                not_read=plan.not_read,
                has_search=self.settings.insight.search,
                has_stories=self.settings.insight.stories,
                insight=self.settings.insight,
                keeps_history=self.settings.warehouse.history,
                previous=PREVIOUS if plan.is_from_nothing else None,
            ),
        )
        return number, counted()

    def count_rows(self) -> dict[str, int]:
        """Count the rows of every table of the contract, and the live articles."""
        from etl_project.database.sql import count_rows_of_each
        from etl_project.refresh.describe_load import counted

        with self.work.opened(read_only=True) as con:
            return count_rows_of_each(con, counted())

    def select(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Ask the work file a query. Returns the names of its columns, and its rows."""
        with self.work.opened(read_only=True) as con:
            found = con.execute(query)
            return [column[0] for column in found.description or ()], found.fetchall()

    @tells_full_disk("relate the articles")
    @in_stage("relate")
    def relate(self) -> dict[str, int]:
        """Bring the relations over all articles up to date with the tables. Returns table -> rows.

        Raises:
            NotBuilt: there are no tables yet.
        """
        from etl_project.database.contract import RELATED
        from etl_project.database.sql import count_rows_of_each

        with self.work.opened() as con:
            self._relate(con)
            return count_rows_of_each(con, RELATED)

    def _relate(self, con: duckdb.DuckDBPyConnection) -> None:
        from etl_project.load.relate import relate

        self._written.update(relate(con, self.settings.insight))
        self._is_related = True

    @tells_full_disk("build the aggregates")
    @in_stage("aggregate")
    def build_aggregates(self, names: Iterable[str] | None = None) -> dict[str, int]:
        """Build aggregates from the tables; all of them by default. Returns aggregate -> rows.

        Relations, which they count, are brought up to date before, where that was not done yet.

        Raises:
            NotBuilt: there are no tables yet.
        """
        from etl_project.load.aggregates import build_aggregates

        began = time.perf_counter()
        with self.work.opened() as con:
            if not self._is_related:
                self._relate(con)
            built = build_aggregates(con, names)
            self._written |= built.anew
            # Where all of them were built already the time is not that of building them.
            if generation(con).state is not GenerationState.CHECKED:
                con.execute(
                    "UPDATE refreshes SET aggregate_milliseconds = ? "
                    "WHERE refresh_id = (SELECT max(refresh_id) FROM refreshes)",
                    [milliseconds_since(began)],
                )
        return built.rows

    @tells_full_disk("run the checks")
    @in_stage("check")
    def run_checks(self, stage: Stage) -> list[CheckResult]:
        """Run the checks of a stage, and record what they mean for the generation.

        They ask only what was written since the load where that is known, and all rows else.

        Raises:
            NotBuilt: there are no tables yet.
        """
        from etl_project.checks.run import run_checks
        from etl_project.checks.standing import read_standing

        with self.work.opened() as con:
            written = self._written if self.work.knows_touched else None
            standing = read_standing(self.work.warnings)
            done = self._done if stage == "tables" else ()
            results = run_checks(con, stage, self.settings.checks, self.passed_over, written, standing, done)
        self._results[stage] = results
        return results

    @tells_full_disk("publish")
    @in_stage("publish")
    def publish(self) -> Published:
        """Put the checked generation in the place of the published file, unless it is there already.

        Raises:
            NotBuilt: there is no generation yet.
            NotChecked: its checks have not passed.
        """
        from etl_project.database.publish import publish

        published = publish(self.work)
        self._note_warnings(published)
        return published

    def _note_warnings(self, published: Published) -> None:
        """Record what was warned of, so that the next refresh can tell what is new."""
        from etl_project.checks.standing import write_standing

        with suppress(OSError):  # at worst it is told once more
            write_standing(self.work.warnings, chain(*self._results.values()), published.generation)
