"""The checks, as SQL: each is a query of the rows that break a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import duckdb

from etl_project.load.contract import BY_ARTICLE, TERMS
from etl_project.load.work_file import generation, set_state

Stage = Literal["tables", "aggregates"]

SAMPLE_ROWS = 5


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence about the warehouse, and the query of what breaks it."""

    name: str
    stage: Stage
    table: str
    """The table or aggregate it is about."""
    description: str
    sql: str
    is_blocking: bool = True
    """A generation that breaks it is not published."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found."""

    check: Check
    broken: int
    """Rows that break the sentence."""
    sample: list[str]
    """Some of them, in words."""

    @property
    def passed(self) -> bool:
        """Whether nothing breaks the sentence."""
        return self.broken == 0


def _unique(table: str, key: str) -> str:
    return f"SELECT {key}, count(*) AS rows FROM {table} GROUP BY ALL HAVING count(*) > 1"


def _same_total(aggregate: str, per_source: str, total: str = "sum(articles)") -> str:
    return f"""
        SELECT source_id, counted, expected
        FROM (SELECT source_id, ({total})::BIGINT AS counted FROM {aggregate} GROUP BY source_id)
        FULL JOIN ({per_source}) USING (source_id)
        WHERE counted IS DISTINCT FROM expected
    """


def _terms_of_live(bridge: str, where: str = "true") -> str:
    """Rows of a bridge that belong to live articles, plus one for each live article without any."""
    return f"""
        SELECT source_id, count(*) AS expected
        FROM articles_live AS a LEFT JOIN {bridge} AS b ON b.article_id = a.article_id WHERE {where} GROUP BY source_id
    """


_DATED = "SELECT source_id, count(*) AS expected FROM articles_live WHERE published_on IS NOT NULL GROUP BY 1"

CHECKS: tuple[Check, ...] = (
    Check(
        "every_file_is_accounted_for",
        "tables",
        "post_files",
        "Every listed file is loaded or rejected with a reason, and nothing else is called a file.",
        """
        SELECT source_id, path, f.status, i.status AS listed_as
        FROM post_files AS f FULL JOIN internal.inventory AS i USING (source_id, path)
        WHERE f.status IS DISTINCT FROM i.status OR f.status NOT IN ('loaded', 'rejected')
            OR (f.status = 'rejected') <> (f.reason IS NOT NULL)
        """,
    ),
    Check(
        "every_rejected_file_says_why",
        "tables",
        "rejected_files",
        "Every rejected file has one row with its reason, and only rejected files have one.",
        """
        SELECT source_id, path, f.reason, r.reason AS stated
        FROM (SELECT * FROM post_files WHERE status = 'rejected') AS f
        FULL JOIN rejected_files AS r USING (source_id, path)
        WHERE f.reason IS DISTINCT FROM r.reason
        """,
    ),
    Check(
        "file_paths_are_unique",
        "tables",
        "post_files",
        "A path stands once in a source.",
        _unique("post_files", "source_id, path"),
    ),
    Check(
        "article_ids_are_unique",
        "tables",
        "articles",
        "An article_id stands once.",
        _unique("articles", "article_id"),
    ),
    Check(
        "every_loaded_file_is_an_article_or_shadowed",
        "tables",
        "articles",
        "A loaded file that is not shadowed is one article, and every article has its loaded file.",
        """
        SELECT article_id, f.path AS file, a.path AS article
        FROM (SELECT * FROM post_files WHERE status = 'loaded' AND NOT is_shadowed) AS f
        FULL JOIN (SELECT * FROM articles WHERE missing_since IS NULL) AS a USING (article_id)
        WHERE f.path IS DISTINCT FROM a.path
        """,
    ),
    Check(
        "dates_agree",
        "tables",
        "articles",
        "The instant, the local time and the day of an article tell the same time, or none of them is there.",
        """
        SELECT article_id, published_at, published_local, published_on, published_precision, published_from
        FROM articles
        WHERE published_on IS DISTINCT FROM published_local::DATE
            OR (published_at IS NULL) <> (published_local IS NULL)
            OR (published_at IS NULL) <> (published_precision IS NULL)
            OR (published_at IS NULL) <> (published_from IS NULL)
            OR abs(epoch_us(published_at) - epoch_us(published_local)) > 15 * 3_600_000_000
        """,
    ),
    *(
        Check(
            f"every_row_of_{table}_has_its_article",
            "tables",
            table,
            f"No row of {table} is left without its article.",
            f"SELECT article_id FROM {table} ANTI JOIN articles USING (article_id)",
        )
        for table in BY_ARTICLE[1:]
    ),
    *(
        Check(
            f"every_article_has_one_row_of_{table}",
            "tables",
            table,
            f"Every article has exactly one row in {table}.",
            f"""
            SELECT a.article_id, count(b.article_id) AS rows
            FROM articles AS a LEFT JOIN {table} AS b USING (article_id)
            GROUP BY ALL HAVING count(b.article_id) <> 1
            """,
        )
        for table in ("article_bodies", "article_metrics")
    ),
    *(
        Check(f"{key}s_are_unique", "tables", table, f"A {key} stands once.", _unique(table, key))
        for table, key in TERMS.items()
    ),
    *(
        Check(
            f"every_row_of_article_{table}_has_its_term",
            "tables",
            f"article_{table}",
            f"Every term in article_{table} is in {table}, and every term there has an article.",
            f"""
            SELECT {key} FROM (SELECT DISTINCT {key} FROM article_{table}) AS b
            FULL JOIN {table} AS t USING ({key}) WHERE b.{key} IS NULL OR t.{key} IS NULL
            """,
        )
        for table, key in TERMS.items()
    ),
    Check(
        "no_loaded_post_is_now_rejected",
        "tables",
        "rejected_files",
        "No post that was loaded before this refresh is rejected now.",
        """
        SELECT c.old_path AS path, f.reason FROM article_changes AS c
        JOIN post_files AS f ON f.article_id = c.article_id AND f.status = 'rejected'
        WHERE c.change = 'rejected' AND c.refresh_id = (SELECT max(refresh_id) FROM refreshes)
        """,
        is_blocking=False,
    ),
    *(
        Check(
            f"{aggregate}_adds_up",
            "aggregates",
            aggregate,
            description,
            _same_total(aggregate, per_source),
        )
        for aggregate, description, per_source in (
            ("articles_by_date", "Its sum is the dated live articles of each source.", _DATED),
            ("articles_by_month", "Its sum is the dated live articles of each source.", _DATED),
            (
                "articles_by_category",
                "Its sum is the category rows of live articles plus the articles without a category.",
                _terms_of_live("article_categories"),
            ),
            (
                "articles_by_date_category",
                "Its sum is the category rows of dated live articles plus those without a category.",
                _terms_of_live("article_categories", "published_on IS NOT NULL"),
            ),
            (
                "articles_by_month_category",
                "Its sum is the category rows of dated live articles plus those without a category.",
                _terms_of_live("article_categories", "published_on IS NOT NULL"),
            ),
            (
                "articles_by_tag",
                "Its sum is the tag rows of live articles plus the articles without a tag.",
                _terms_of_live("article_tags"),
            ),
            (
                "articles_by_month_tag",
                "Its sum is the tag rows of dated live articles plus those without a tag.",
                _terms_of_live("article_tags", "published_on IS NOT NULL"),
            ),
            (
                "articles_by_weekday_hour",
                "Its sum is the live articles dated to the minute or second.",
                """
                SELECT source_id, count(*) AS expected FROM articles_live
                WHERE published_at IS NOT NULL AND published_precision <> 'day' GROUP BY 1
                """,
            ),
        )
    ),
    Check(
        "links_by_host_adds_up",
        "aggregates",
        "links_by_host",
        "Its sum is the links and images of live articles that have a host.",
        _same_total(
            "links_by_host",
            """
            SELECT source_id, count(*) AS expected FROM article_links JOIN articles_live USING (article_id)
            WHERE host IS NOT NULL GROUP BY source_id
            """,
            "sum(links + images)",
        ),
    ),
    Check(
        "articles_by_date_has_every_day",
        "aggregates",
        "articles_by_date",
        "From the first to the last day of a source no day is missing and none stands twice.",
        """
        SELECT source_id, count(*) AS days, date_diff('day', min(published_on), max(published_on)) + 1 AS expected
        FROM articles_by_date GROUP BY source_id HAVING count(DISTINCT published_on) <> expected OR days <> expected
        """,
    ),
)


def run_checks(con: duckdb.DuckDBPyConnection, stage: Stage) -> list[CheckResult]:
    """Run the checks of a stage on the work file and write down what they mean for the generation.

    A generation that breaks a blocking check becomes `failed`. One that passes those of the tables becomes `sound`,
    which is what building its aggregates asks for; one whose aggregates were built then, and pass theirs, becomes
    `checked`, which is what `publish` asks for. So no step that is run again alone can jump another.
    """
    results = [_run(con, check) for check in CHECKS if check.stage == stage]
    if any(result.check.is_blocking and not result.passed for result in results):
        set_state(con, "failed")
    elif stage == "tables" and generation(con).state in ("loaded", "failed"):
        set_state(con, "sound")
    elif stage == "aggregates" and generation(con).state == "aggregated":
        set_state(con, "checked")
    return results


def _run(con: duckdb.DuckDBPyConnection, check: Check) -> CheckResult:
    con.execute(f"CREATE OR REPLACE TEMP TABLE broken AS {check.sql}")
    count = con.execute("SELECT count(*) FROM broken").fetchone()
    cursor = con.execute(f"SELECT * FROM broken LIMIT {SAMPLE_ROWS}")
    names = [column[0] for column in cursor.description or ()]
    sample = [", ".join(f"{n} = {v}" for n, v in zip(names, row, strict=True)) for row in cursor.fetchall()]
    return CheckResult(check, count[0] if count else 0, sample)
