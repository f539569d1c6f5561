"""The checks that warn, as SQL: a row that violates one deserves a person's attention, but does not stop a refresh.

They read the tables and the variables of the connection: `as_of`, an instant, and the names of `Thresholds`, the
settings of `[checks]`. So the same tables give the same warnings, whenever the checks run. One variable more says what
lies at sources without posts: `passed_over`, JSON of source -> words.
"""

from __future__ import annotations

from etl_project.checks.check import Check
from etl_project.load.touched import ARTICLES

PATHS_NAMED = 5
"""Maximum number of paths in a row."""

WEEKS = 8
"""Number of weeks before a day whose same weekday gives the usual count."""

PAUSES, FEWEST_PAUSES = 50, 20
"""Number of the latest pauses between days with articles that give the usual pause, and the fewest that can."""

CLOSED_AFTER_DAYS = 365
"""A source that is silent for longer is considered closed, and no longer reported."""

_COPY_MARK = r"(?: [2-9]| \([1-9]\)|_LOCAL_[0-9]+| copy(?: [0-9]+)?| - Copy(?: \([0-9]+\))?)(\.[^./]+)$"
"""Endings of names that both people and synchronizing programs give: iCloud, Windows, Orgzly, Finder."""

_MAY_BE_COPY = "(contains(path, ' ') OR contains(path, '_LOCAL_'))"
"""What every such ending holds: to look for that in all paths takes half the time of the pattern."""

_LAST_REFRESH = "(SELECT max(refresh_id) FROM refreshes)"

_TODAY = "SELECT source_id, (getvariable('as_of') AT TIME ZONE time_zone)::DATE AS today FROM sources"


def note_categories(*, of_touched: bool) -> str:
    """Write the statement that records which refresh was the first to see each category of a source.

    Args:
        of_touched: only articles that the last load touched are asked; no other can bring a category.
    """
    return f"""
    INSERT INTO internal.categories_seen
    SELECT DISTINCT a.source_id, b.category_id, {_LAST_REFRESH}
    FROM article_categories AS b JOIN articles AS a ON a.article_id = b.article_id
    ANTI JOIN internal.categories_seen AS seen ON seen.source_id = a.source_id AND seen.category_id = b.category_id
    {f"WHERE b.article_id IN {ARTICLES}" if of_touched else ""}
    """


ANOMALIES: tuple[Check, ...] = (
    Check(
        "few_files_are_rejected",
        "tables",
        "post_files",
        "Of the files of a source that may be posts, no larger share is rejected than [checks] rejected_share.",
        f"""
        SELECT
            source_id,
            count(*) FILTER (WHERE status = 'rejected') AS rejected,
            count(*) AS files,
            round(rejected / files, 4) AS share,
            getvariable('rejected_share') AS allowed,
            (list(path ORDER BY path) FILTER (WHERE status = 'rejected'))[:{PATHS_NAMED}] AS paths
        FROM post_files
        WHERE reason IS DISTINCT FROM 'not_a_page'
        GROUP BY source_id
        HAVING rejected / files > getvariable('rejected_share')
        ORDER BY share DESC, source_id
        """,
        is_blocking=False,
        needs="FROM post_files WHERE status = 'rejected'",
        fact=("source_id", "rejected"),
        message="rejected: {rejected} of the {files} files of {source_id} ({share:.1%}; [checks] rejected_share "
        "allows {allowed:.1%}), such as {paths}",
        remedy="`etl rejected` says what is wrong in each file and what to do. Exclude what is no post, or raise "
        "[checks] rejected_share.",
    ),
    Check(
        "no_loaded_post_is_now_rejected",
        "tables",
        "rejected_files",
        "No post that was loaded before this refresh is rejected now.",
        f"""
        SELECT c.old_path AS path, f.reason FROM article_changes AS c
        JOIN post_files AS f ON f.article_id = c.article_id AND f.status = 'rejected'
        WHERE c.change = 'rejected' AND c.refresh_id = {_LAST_REFRESH}
        ORDER BY ALL
        """,
        is_blocking=False,
        needs="FROM post_files WHERE status = 'rejected'",
        message="{path} was loaded before and is rejected now: {reason}",
        remedy="`etl rejected` says what is wrong in each file and what to do.",
    ),
    Check(
        "no_post_is_a_conflict_copy",
        "tables",
        "post_files",
        "No post is the copy that a synchronizing program made of a file that was changed in two places: none has such "
        "a name, and none with a number, LOCAL or copy after its name has the title of the post without it beside it.",
        f"""
        WITH numbered AS (
            SELECT source_id, path, title, regexp_replace(path, '{_COPY_MARK}', '\\1') AS original
            FROM articles WHERE {_MAY_BE_COPY} AND regexp_matches(path, '{_COPY_MARK}')
        ), copies AS (
            SELECT source_id, path FROM post_files WHERE list_contains(warnings, 'conflict_copy')
            UNION
            SELECT n.source_id, n.path FROM numbered AS n
            JOIN articles AS a ON a.source_id = n.source_id AND a.path = n.original AND a.title = n.title
        )
        SELECT source_id, count(*) AS copies, list(path ORDER BY path)[:{PATHS_NAMED}] AS paths
        FROM copies GROUP BY source_id ORDER BY source_id
        """,
        is_blocking=False,
        fact=("source_id", "copies"),
        message="conflict copies: {copies} of the files of {source_id}, such as {paths}",
        remedy="Keep one file of each post and delete the others, or exclude their names in etl.toml.",
    ),
    Check(
        "no_file_is_in_two_sources",
        "tables",
        "post_files",
        "No file is in two sources, as it is where their folders are the same or one is below the other, by links too.",
        f"""
        WITH twice AS (
            SELECT inode, ctime_ns, min(source_id) AS source_id, max(source_id) AS other
            FROM internal.inventory
            WHERE inode IS NOT NULL AND (SELECT count(*) FROM sources) > 1
            GROUP BY inode, ctime_ns
            HAVING min(source_id) <> max(source_id)
        )
        SELECT source_id, other, count(*) AS files, list(path ORDER BY path)[:{PATHS_NAMED}] AS paths
        FROM internal.inventory JOIN twice USING (source_id, inode, ctime_ns)
        GROUP BY source_id, other ORDER BY source_id, other
        """,
        is_blocking=False,
        needs="FROM sources HAVING count(*) > 1",
        fact=("source_id", "other", "files"),
        message="loaded twice: {files} of the files of {source_id} are files of {other}, too, such as {paths}",
        remedy="Take one of the sources out, or narrow its `include` or `exclude`: each of these posts counts twice.",
    ),
    Check(
        "every_ending_of_posts_is_read",
        "tables",
        "post_files",
        "Among the posts of a source is no file with an ending that posts may have and that its dialect does not read.",
        "SELECT source_id, ending, files FROM internal.files_not_read ORDER BY ALL",
        is_blocking=False,
        fact=("source_id", "ending", "files"),
        message="not read: what ends in {ending} in {source_id}, {files} of its files",
        remedy="Where they are posts, choose a dialect that reads them; else leave them, or exclude their folder.",
    ),
    Check(
        "every_source_has_posts",
        "tables",
        "sources",
        "Every source has a file that its settings make a post.",
        """
        SELECT
            source_id,
            coalesce(getvariable('passed_over')::JSON->>source_id, 'no file is listed') AS what
        FROM sources ANTI JOIN post_files USING (source_id)
        ORDER BY source_id
        """,
        is_blocking=False,
        fact=("source_id",),
        message="the source {source_id} has no post: {what}",
        remedy="Correct its location, dialect or include; a vault that is new needs nothing.",
    ),
    Check(
        "new_articles_have_dates",
        "tables",
        "articles",
        "Of the published articles a refresh added to a source that dates most of its articles, no larger share goes "
        "without a date than [checks] undated_share.",
        f"""
        WITH fresh AS (
            SELECT article_id FROM article_changes
            WHERE refresh_id = {_LAST_REFRESH} AND change IN ('added', 'restored')
        )
        SELECT
            source_id,
            count(fresh.article_id) FILTER (WHERE published_at IS NULL) AS undated,
            count(fresh.article_id) AS added,
            round(undated / added, 4) AS share,
            getvariable('undated_share') AS allowed,
            (list(path ORDER BY path) FILTER (WHERE published_at IS NULL AND fresh.article_id IS NOT NULL))
                [:{PATHS_NAMED}] AS paths
        FROM articles LEFT JOIN fresh ON fresh.article_id = articles.article_id
        WHERE status = 'published'
        GROUP BY source_id
        HAVING undated > added * getvariable('undated_share') AND count(published_at) > count(*) / 2
        ORDER BY share DESC, source_id
        """,
        is_blocking=False,
        needs="FROM articles WHERE published_at IS NULL",
        message="without a date: {undated} of the {added} articles added to {source_id} ({share:.1%}; [checks] "
        "undated_share allows {allowed:.1%}), such as {paths}",
        remedy="Date them, or raise [checks] undated_share; `etl explain FILE` shows where a date is looked for.",
    ),
    # Where half of the categories have one article each, they are used like labels, and a new one is normal.
    Check(
        "every_category_was_seen_before",
        "tables",
        "categories",
        "No article brings a category that its source never had, where a source uses most of its categories again.",
        f"""
        WITH used AS (
            SELECT a.source_id, b.category_id, count(*) AS articles, list(a.path ORDER BY a.path) AS paths
            FROM article_categories AS b JOIN articles AS a ON a.article_id = b.article_id
            WHERE a.source_id IN (SELECT source_id FROM internal.categories_seen WHERE refresh_id = {_LAST_REFRESH})
            GROUP BY ALL
        ), habit AS (
            SELECT source_id
            FROM used JOIN internal.categories_seen AS seen USING (source_id, category_id)
            WHERE seen.refresh_id < {_LAST_REFRESH}
            GROUP BY source_id
            HAVING median(articles) >= 2
        )
        SELECT source_id, name AS category, articles, paths[:{PATHS_NAMED}] AS paths
        FROM internal.categories_seen AS seen
        JOIN used USING (source_id, category_id)
        JOIN categories USING (category_id)
        SEMI JOIN habit USING (source_id)
        WHERE seen.refresh_id = {_LAST_REFRESH}
        ORDER BY ALL
        """,
        is_blocking=False,
        needs="FROM internal.categories_seen "
        f"HAVING min(refresh_id) < {_LAST_REFRESH} AND max(refresh_id) = {_LAST_REFRESH}",
        message="{source_id} has a category it never had, {category}, in {paths}",
        remedy="Correct it where it is a slip; a category that is meant is told once.",
    ),
    # Median and median absolute deviation are not moved by single odd days: Iglewicz and Hoaglin, "How to Detect and
    # Handle Outliers" (1993), who also give 1.4826 and 3.5. A count swings by at least the square root of its mean, as
    # any Poisson count does: without that, weeks of equal counts would know no swing at all.
    Check(
        "the_last_day_has_its_usual_count",
        "aggregates",
        "articles_by_date",
        f"The last whole day of a source has no fewer articles than the {WEEKS} same weekdays before it lead to "
        "expect: their median less [checks] day_swings times their swing.",
        f"""
        WITH last_day AS (
            SELECT source_id, today - 1 AS day
            FROM ({_TODAY}) JOIN (SELECT source_id, min(published_on) AS first_on FROM articles_by_date GROUP BY ALL)
                USING (source_id)
            WHERE first_on <= today - 1 - 7 * {WEEKS}
        ), weeks AS (
            SELECT l.source_id, l.day, before, coalesce(d.articles, 0) AS articles
            FROM last_day AS l
            CROSS JOIN range({WEEKS} + 1) AS w(before)
            LEFT JOIN articles_by_date AS d
                ON d.source_id = l.source_id AND d.published_on = l.day - (7 * before)::INTEGER
        )
        SELECT
            source_id,
            day,
            max(articles) FILTER (WHERE before = 0) AS articles,
            median(articles) FILTER (WHERE before > 0) AS usual,
            greatest(1.4826 * mad(articles) FILTER (WHERE before > 0), sqrt(usual)) AS swing,
            usual - swing * getvariable('day_swings') AS least
        FROM weeks
        GROUP BY source_id, day
        HAVING max(weeks.articles) FILTER (WHERE before = 0) < usual - swing * getvariable('day_swings')
        ORDER BY source_id
        """,
        is_blocking=False,
        # In no time zone is the day more than two days later than that of `as_of` elsewhere.
        needs=f"FROM articles_by_date HAVING min(published_on) <= getvariable('as_of')::DATE + 2 - 7 * {WEEKS}",
        fact=("source_id", "day"),
        message="articles of {source_id} on {day}: {articles}, where {usual:.0f} are usual on that weekday and "
        "fewer than {least:.0f} are few",
        remedy="See whether whatever writes the posts still runs, or raise [checks] day_swings.",
    ),
    Check(
        "no_source_is_silent_for_long",
        "aggregates",
        "articles_by_date",
        "No source is silent for longer than [checks] silent_pauses times its usual pause: the one that 95 % of its "
        f"last {PAUSES} pauses do not exceed. One that was silent when it was first seen is an archive.",
        f"""
        WITH pauses AS (
            SELECT source_id, published_on, published_on - lag(published_on) OVER earlier AS pause
            FROM articles_by_date
            WHERE articles > 0
            WINDOW earlier AS (PARTITION BY source_id ORDER BY published_on)
            QUALIFY pause IS NOT NULL
                AND row_number() OVER (PARTITION BY source_id ORDER BY published_on DESC) <= {PAUSES}
        ), habits AS (
            SELECT source_id, max(published_on) AS last_on, quantile_disc(pause, 0.95) AS usual_pause
            FROM pauses
            GROUP BY source_id
            HAVING count(*) >= {FEWEST_PAUSES}
        ), silent AS (
            SELECT source_id, today - last_on AS days, last_on, usual_pause,
                floor(usual_pause * getvariable('silent_pauses')) AS allowed
            FROM habits JOIN ({_TODAY}) USING (source_id)
            WHERE days > usual_pause * getvariable('silent_pauses') AND days <= {CLOSED_AFTER_DAYS}
        ), met AS (
            -- None is so old where no source is silent, or archives only: to join all takes twice as long.
            SELECT source_id, min(h.first_seen_at)::DATE AS met_on
            FROM article_history AS h JOIN articles AS a ON a.article_id = h.article_id
            WHERE h.first_seen_at::DATE <= (SELECT max(last_on + allowed::INTEGER) FROM silent)
            GROUP BY source_id
        )
        SELECT source_id, days, last_on AS last_published_on, usual_pause AS usual_pause_days, allowed AS allowed_days
        FROM silent JOIN met USING (source_id)
        WHERE met_on - last_on <= allowed
        ORDER BY days DESC, source_id
        """,
        is_blocking=False,
        needs=f"FROM articles_by_date WHERE articles > 0 HAVING count(*) > {FEWEST_PAUSES}",
        fact=("source_id", "last_published_on"),
        message="{source_id} has been silent for {days} days, since {last_published_on}; "
        "it usually pauses no longer than {usual_pause_days}, and [checks] silent_pauses allows {allowed_days:.0f}",
        remedy="See whether whatever writes the posts still runs, or raise [checks] silent_pauses.",
    ),
)
