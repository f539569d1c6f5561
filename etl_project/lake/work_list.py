"""Divides a plan into the work of parts: which parts are touched, and which of the plan's rows each of them gets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.database.arrow import frame_of, registered
from etl_project.database.live_sql import turned_live_or_expired
from etl_project.lake.data_files import LakeFile
from etl_project.lake.moves import Moves
from etl_project.lake.pairs import Pairs
from etl_project.lake.part_of import part_of
from etl_project.lake.part_task import Assignment, PartTask
from etl_project.load.change_log import select_articles_before
from etl_project.refresh.plan import RefreshPlan
from etl_project.scan.compare import FILES_TO_READ
from etl_project.scan.rename import histories_under_present_names, ids_under_present_names

if TYPE_CHECKING:
    import duckdb
    import polars as pl

_DIVIDE = """
CREATE OR REPLACE TEMP TABLE listed_by_part AS
SELECT {part} AS part, * FROM listed_files SEMI JOIN (
    SELECT article_id FROM ({to_read}) UNION SELECT article_id FROM deleted_files
    UNION SELECT article_id FROM listed_files SEMI JOIN confirmed_young USING (source_id, path)
) USING (article_id) ORDER BY part, source_id, path;

-- A file may stand for an article of another part now: then the part of the old one loses it.
CREATE OR REPLACE TEMP TABLE deleted_by_part AS
SELECT {part} AS part, *, true AS is_deleted FROM deleted_files
UNION ALL
SELECT {part_of_known} AS part, i.source_id, i.path, i.article_id, i.status, i.is_shadowed, i.size, i.mtime_ns, i.inode,
    i.blob_id, false AS is_deleted
FROM inventory AS i JOIN listed_files AS l USING (source_id, path) WHERE i.article_id <> l.article_id;

CREATE OR REPLACE TEMP TABLE young_by_part AS
SELECT {part} AS part, source_id, path FROM listed_files SEMI JOIN confirmed_young USING (source_id, path)
"""

_TOUCHED_PARTS = """
SELECT part FROM listed_by_part UNION SELECT part FROM deleted_by_part UNION SELECT part FROM young_by_part
UNION SELECT {part} FROM ({turned})
UNION SELECT {part} FROM work.articles WHERE missing_since IS NOT NULL AND NOT list_contains($keeping, source_id)
ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class WorkList:
    """The work of the parts of a lake, in temporary tables of the plan's connection; `divide` fills them."""

    plan: RefreshPlan
    common: Assignment
    files: Collection[LakeFile]
    """Data files of the tables that are divided into parts."""

    @property
    def _con(self) -> duckdb.DuckDBPyConnection:
        return self.plan.connection

    def divide(self) -> list[int]:
        """Divide the rows of the plan. Returns the parts that have work, in order."""
        parts = self.common.lake.parts
        part = part_of("article_id", parts)
        known = part_of("i.article_id", parts)
        self._con.execute(_DIVIDE.format(part=part, part_of_known=known, to_read=FILES_TO_READ))
        if self.common.is_rebuild:
            return [*range(parts)]
        keeping = [source.name for source in self.common.sources if source.on_missing == "keep"]
        touched = _TOUCHED_PARTS.format(part=part, turned=turned_live_or_expired("work"))
        rows = self._con.execute(touched, {"as_of": self.plan.clock.as_of, "keeping": keeping})
        return [number for (number,) in rows.fetchall()]

    def parts_of(self, articles: Iterable[str]) -> list[int]:
        """Parts that some articles belong to, in order."""
        query = f"SELECT DISTINCT {part_of('id', self.common.lake.parts)} FROM (SELECT unnest($ids) AS id) ORDER BY 1"
        return [number for (number,) in self._con.execute(query, {"ids": [*articles]}).fetchall()]

    def tasks(self, parts: Iterable[int], pairs: Pairs) -> Iterator[PartTask]:
        """Make the tasks of parts, one by one.

        Args:
            parts: the parts.
            pairs: the moves of all parts.
        """
        moves = self._moves(pairs)
        of_part: dict[int, list[LakeFile]] = {}
        for file in self.files:
            of_part.setdefault(file.part, []).append(file)
        for part in parts:
            yield PartTask(
                part=part,
                common=self.common,
                pinned=self.plan.sources,
                before=tuple(self.files if self.common.renames else of_part.get(part, ())),
                listed=self._rows("listed_by_part", part),
                deleted=self._rows("deleted_by_part", part),
                young=self._rows("young_by_part", part),
                moves=moves.get(part, Moves()),
            )

    def _rows(self, table: str, part: int) -> pl.DataFrame:
        return frame_of(self._con, f"SELECT * EXCLUDE part FROM {table} WHERE part = {part}")

    def _moves(self, pairs: Pairs) -> dict[int, Moves]:
        """Part -> its moves, with what the log tells of the articles."""
        if not pairs:
            return {}
        import polars as pl

        con, renames = self._con, self.common.renames
        frame = pl.DataFrame(sorted(pairs), ["article_id", "old_article_id"], orient="row")
        old = "SELECT old_article_id FROM pairs"
        # Rows of a renamed source are still under its old name.
        before = select_articles_before("work", "SELECT article_id FROM work.articles" if renames else old)
        named = ids_under_present_names(before, renames)
        histories = histories_under_present_names("FROM work.article_history", renames)
        with registered(con, pairs=frame):
            articles = frame_of(con, f"FROM ({named}) WHERE article_id IN ({old})")
            history = frame_of(con, f"FROM ({histories}) WHERE article_id IN ({old})")
            part, old_part = (part_of(name, self.common.lake.parts) for name in ("article_id", "old_article_id"))
            rows = con.execute(
                f"SELECT DISTINCT unnest([{part}, {old_part}]), article_id, old_article_id FROM pairs"
            ).fetchall()
        of_part: dict[int, set[tuple[str, str]]] = {}
        for number, article, former in rows:
            of_part.setdefault(number, set()).add((article, former))
        return {
            number: Moves(
                frozenset(moved),
                articles.filter(pl.col("article_id").is_in([former for _, former in moved])),
                history.filter(pl.col("article_id").is_in([former for _, former in moved])),
            )
            for number, moved in of_part.items()
        }
