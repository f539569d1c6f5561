"""A refresh of a lake: the stages of any refresh, whose tables are loaded by tasks of parts and published by commits.

Nothing is committed before every check has passed: until then, the files that tasks wrote are seen by this refresh
alone, through its own work file.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.checks.check import CheckResult
from etl_project.database.arrow import frame_of, registered
from etl_project.database.publish import Published, require_checked
from etl_project.database.sql import count_rows, first_number, transaction
from etl_project.database.work_file import WorkFile
from etl_project.engines.batch import ManifestRow
from etl_project.lake.data_files import LakeFile
from etl_project.lake.mirror import LakeWork, has_known
from etl_project.lake.part_checks import results_of_parts
from etl_project.lake.part_files import tables_by_part
from etl_project.lake.part_task import Assignment, PartDone
from etl_project.lake.publications import Pins
from etl_project.lake.publish import publish_file
from etl_project.lake.rounds import PartsDone, run_parts
from etl_project.lake.store import Beaten, Lake
from etl_project.lake.whole import Load, merge_parts, write_whole_tables
from etl_project.lake.work_list import WorkList
from etl_project.refresh.describe_load import counted, describe_load
from etl_project.refresh.disk_full import tells_full_disk
from etl_project.refresh.guard import guard_leaving, require_every_source
from etl_project.refresh.in_order import take_stages_to_publish
from etl_project.refresh.outcome import Outcome
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.read_files import REJECTED_NAMED, FilesRead, Report, count_leaving_again
from etl_project.refresh.refresh import Refresh
from etl_project.refresh.result import TablesLoaded
from etl_project.refresh.rows_to_check import may_check_touched_rows
from etl_project.refresh.stages import in_stage
from etl_project.scan.compare import FILES_TO_READ, record_read_files
from etl_project.sources.access import close_readers
from etl_project.timing import milliseconds_since

if TYPE_CHECKING:
    import duckdb


MOST_BEATEN = 3
"""How often a refresh begins anew because another was published first."""


class LakeRefresh(Refresh):
    """The stages of a refresh of a lake. The caller holds the lock of the published file from `plan` on."""

    lake: Lake
    work: LakeWork
    _load: Load | None = None

    def _open_work(self) -> LakeWork:
        """Open the lake, and the driver's copy of its small tables.

        Raises:
            LakeUnavailable: the lake cannot be opened, or is not there any more.
            UserError: the lake has another number of parts.
        """
        warehouse = self.settings.warehouse
        assert warehouse.location, "the settings of a lake name its place"
        known = has_known(warehouse.path, warehouse.location)
        self.lake = Lake.open(warehouse.location, parts=warehouse.parts, is_known=known)
        return LakeWork(warehouse.path, self.lake)

    def plan(self) -> RefreshPlan:
        """List the sources and tell what there is to do, from the newest publication on."""
        self.work.let_go()
        self.work.catch_up()
        plan = super().plan()
        if plan.renames and not plan.is_rebuild:
            # An id begins with the name of the source, and decides the part: every article goes to another part.
            plan.close()
            self.ask = replace(self.ask, full=True, sources=self.settings.sources)
            plan = super().plan()
        return plan

    def preview(self) -> RefreshPlan:
        """Make the plan and change nothing but the driver's copy of the small tables."""
        self.work.catch_up()
        return super().preview()

    @tells_full_disk("load the tables")
    @in_stage("load")
    def load_tables(self, plan: RefreshPlan, report: Report | None = None) -> TablesLoaded:
        """Let every part read and merge what changed in it; nothing is committed. The plan cannot be used again.

        Raises:
            LakeUnavailable: the lake cannot be read or written; nothing is changed.
            RefreshStopped: as of any refresh; nothing is changed.
        """
        began = time.perf_counter()
        con, self.passed_over = plan.connection, plan.passed_over()
        try:
            if plan.renames:
                require_every_source(plan.diff.unavailable)
            if not plan.generation:
                self.work.attach(con)
            base = self.work.base
            run_id = uuid.uuid4().hex
            self.work.begin_run(run_id)
            files = [file for name in tables_by_part() for file in self.lake.files(base, name)]
            number = max(plan.generation, first_number(con, "SELECT max(refresh_id) FROM work.refreshes")) + 1
            # In a warehouse of one file a rename is a generation of its own, and numbers are the same here and there.
            number += bool(plan.renames)
            done = self._run_parts(plan, self._assign(plan, run_id, number), files, report)
            extract_milliseconds = milliseconds_since(began)
            parts, read = [done.parts[part] for part in sorted(done.parts)], _read(plan, done)
            adds, removes = (
                [file for part in parts for file in part.adds],
                [file for part in parts for file in part.removes],
            )
            self._load = Load(self.lake, base, run_id, files, adds, removes, plan.is_rebuild)
            WorkFile.detach(con)
            self.work.attach(con)
            with transaction(con):
                number = merge_parts(
                    con, plan, self._load, parts, read, self.settings.sources, number, extract_milliseconds
                )
            milliseconds = {
                "list": plan.milliseconds,
                "extract": extract_milliseconds,
                "load": milliseconds_since(began) - extract_milliseconds,
            }
            outages = self.work.last_plan.outages()
            loaded = describe_load(plan, read, number, counted(), milliseconds, self.engine.nodes, outages)
            self._done = self._results_of(parts, plan, loaded)
            self.work.end_stage(con)
        except BaseException:
            con.close()
            self.work.close()
            raise
        finally:
            con.close()
            self.engine.close()
            close_readers()
            shutil.rmtree(self.work.staging, ignore_errors=True)
        self.write_down(plan, loaded)
        return loaded

    @in_stage("read")
    def _run_parts(
        self, plan: RefreshPlan, common: Assignment, files: list[LakeFile], report: Report | None
    ) -> PartsDone:
        """Run the tasks of parts, and ask the guard again where files went or cannot be loaded any more."""
        con, total, done = plan.connection, sum(plan.diff.to_read.values()), 0

        def tell(read: int) -> None:
            nonlocal done
            done += read
            if report:
                report(done, max(done, total))

        parts = run_parts(WorkList(plan, common, files), self.engine, tell)
        self.engine.close()
        _note_outcomes(con, parts)
        if not self.ask.allow_deletes:
            left = count_leaving_again(plan, "SELECT source_id, path, file_hash, reason FROM outcomes")
            guard_leaving(left, self.settings)
        return parts

    def _results_of(self, parts: Sequence[PartDone], plan: RefreshPlan, loaded: TablesLoaded) -> list[CheckResult]:
        """Results of the checks that tasks of parts ran; none where those of all rows are to be run here."""
        are_all = len(parts) == self.lake.parts
        if not (are_all or may_check_touched_rows(plan, self.ask, self.work, loaded)):
            return []
        return results_of_parts([part.violated for part in parts], checked_all_rows=are_all)

    def _assign(self, plan: RefreshPlan, run_id: str, number: int) -> Assignment:
        con = plan.connection
        return Assignment(
            lake=self.lake,
            run_id=run_id,
            refresh_id=number,
            clock=plan.clock,
            last_refresh=frame_of(con, "FROM work.refreshes ORDER BY refresh_id DESC LIMIT 1"),
            sources=self.settings.sources,
            limits=self.settings.limits,
            insight=self.settings.insight,
            keeps_history=self.settings.warehouse.history,
            renames=plan.renames,
            reparse=frozenset(
                name
                for (name,) in con.execute("SELECT DISTINCT source_id FROM listed_files WHERE is_reparse").fetchall()
            ),
            is_rebuild=plan.is_rebuild,
            relates_all=plan.is_rebuild or not count_rows(con, "work.internal.relations"),
        )

    @tells_full_disk("publish")
    @in_stage("publish")
    def publish(self) -> Published:
        """Commit what changed, publish it in the lake, and then as the published file.

        Where another driver published since the plan was made, all stages begin anew on what that published.

        Raises:
            NotBuilt: there is no generation yet.
            NotChecked: its checks have not passed; nothing is committed.
            Beaten: others published again and again; nothing of this refresh is published.
            LakeUnavailable: the lake cannot be written.
        """
        for _ in range(MOST_BEATEN):
            with suppress(Beaten):
                return self._publish()
            self._begin_anew()
        return self._publish()

    def _publish(self) -> Published:
        with self.work.opened() as con:
            number = require_checked(con)
            pins = self._commit(con, number)
        self.work.let_go()
        self.work.note_copy_of(pins)
        self.work.end_run()
        file = WorkFile(self.settings.warehouse.path)
        published = publish_file(self.lake, pins, file, self.settings.warehouse.publish)
        self._note_warnings(published)
        return published

    def _begin_anew(self) -> None:
        """Take every stage before the publication again; one with failed checks is refused by it."""
        self._load = None
        plan = self.plan()
        if not plan.is_no_op:
            take_stages_to_publish(self, plan, Outcome())

    def _commit(self, con: duckdb.DuckDBPyConnection, number: int) -> Pins:
        """Commit the files of parts, and the whole tables that differ from those of the publication before."""
        load = self._load
        if load is None:
            # A step that was run alone, or what was left to be done of an earlier refresh.
            load = Load(self.lake, self.work.require_newest(), uuid.uuid4().hex, (), [], [])
            self.work.begin_run(load.run_id)
        write_whole_tables(con, load)
        if not (load.adds or load.removes):
            assert load.base, "a generation differs from none"
            return load.base
        pins = self.lake.commit(number, load.base, load.adds, load.removes, load.run_id)
        self.lake.publish(pins)
        self._load = None
        return pins


_OUTCOMES = f"""
SELECT source_id, path, coalesce(o.status, if(l.known_status = 'rejected', 'same', 'loaded')) AS status
FROM ({FILES_TO_READ}) AS l FULL JOIN outcomes AS o USING (source_id, path)
"""
"""What became of the files that were read, as far as it matters to the guard."""

_NEWLY_REJECTED = f"""
SELECT DISTINCT source_id || '/' || path AS file FROM outcomes
WHERE status IN ('rejected', 'closed')
    AND (source_id, path) NOT IN (SELECT (source_id, path) FROM inventory WHERE status = 'rejected')
ORDER BY file LIMIT {REJECTED_NAMED}
"""


def _note_outcomes(con: duckdb.DuckDBPyConnection, done: PartsDone) -> None:
    """Record in the tables of the plan what became of the files that were read."""
    import polars as pl

    schema = ["source_id", "path", "status", "file_hash", "reason"]
    frames = [part.outcomes for part in done.parts.values() if part.outcomes is not None]
    told = pl.concat([pl.DataFrame(schema=dict.fromkeys(schema, pl.String)), *frames])
    with registered(con, told=told):
        con.execute("CREATE OR REPLACE TEMP TABLE outcomes AS FROM told")
    record_read_files(con, _OUTCOMES)


def _read(plan: RefreshPlan, done: PartsDone) -> FilesRead:
    """What reading gave, as other refreshes tell it."""
    failed = done.failed
    parts = sorted(done.parts.values(), key=lambda part: part.part)
    return FilesRead(
        manifest=[ManifestRow(str(part.part), Path(), (), part.read, part.bytes_read) for part in parts],
        unavailable=plan.diff.unavailable | failed,
        versions={name: plan.known[name] if name in failed else version for name, version in plan.versions.items()},
        missed=[file for file in plan.diff.missed if file.partition("/")[0] not in failed],
        newly_rejected=[file for (file,) in plan.connection.execute(_NEWLY_REJECTED).fetchall()],
    )
