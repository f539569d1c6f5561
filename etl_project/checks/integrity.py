"""The checks that block, as SQL: a generation that violates one of them is not published."""

from __future__ import annotations

from etl_project.checks.check import Check
from etl_project.checks.laws import LAWS
from etl_project.database.contract import INTERNAL_BY_ARTICLE, TERMS, tables_by_article
from etl_project.load.touched import ARTICLES, OF_FILES, OF_TERMS

_OF_ARTICLES = f"article_id IN {ARTICLES}"

_ONE_FOR_ONE = ("article_bodies", "article_metrics")
_BRIDGES = {f"article_{terms}": (terms, key) for terms, key in TERMS.items()}
"""Bridge table -> its table of terms, and the key of that table."""


def _select_repeated(table: str, key: str) -> str:
    return f"SELECT {key}, count(*) AS rows FROM {table} GROUP BY ALL HAVING count(*) > 1"


INTEGRITY: tuple[Check, ...] = (
    Check(
        "every_file_is_accounted_for",
        "tables",
        "post_files",
        "Every listed file is loaded, or rejected with a reason, and no other file has a row.",
        """
        SELECT source_id, path, f.status, i.status AS listed_as
        FROM post_files AS f FULL JOIN internal.inventory AS i USING (source_id, path)
        WHERE f.status IS DISTINCT FROM i.status OR f.status NOT IN ('loaded', 'rejected')
            OR (f.status = 'rejected') <> (f.reason IS NOT NULL)
        """,
        touched={"post_files": OF_FILES, "internal.inventory": OF_FILES},
    ),
    Check(
        "every_rejected_file_says_why",
        "tables",
        "rejected_files",
        "Every rejected file has one row with its reason, and no other file has one.",
        """
        SELECT source_id, path, f.reason, r.reason AS stated
        FROM (SELECT * FROM post_files WHERE status = 'rejected') AS f
        FULL JOIN rejected_files AS r USING (source_id, path)
        WHERE f.reason IS DISTINCT FROM r.reason
        """,
        touched={"post_files": OF_FILES, "rejected_files": OF_FILES},
    ),
    Check(
        "file_paths_are_unique",
        "tables",
        "post_files",
        "No two files of a source have the same path.",
        _select_repeated("post_files", "source_id, path"),
        touched={"post_files": OF_FILES},
    ),
    Check(
        "article_ids_are_unique",
        "tables",
        "articles",
        "No two articles have the same article_id.",
        _select_repeated("articles", "article_id"),
        touched={"articles": _OF_ARTICLES},
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
        touched={"post_files": OF_FILES, "articles": _OF_ARTICLES},
    ),
    Check(
        "dates_agree",
        "tables",
        "articles",
        "The instant, the local time and the day of an article agree, or all of them are NULL.",
        """
        SELECT article_id, published_at, published_local, published_on, published_precision, published_from
        FROM articles
        WHERE published_on IS DISTINCT FROM published_local::DATE
            OR (published_at IS NULL) <> (published_local IS NULL)
            OR (published_at IS NULL) <> (published_precision IS NULL)
            OR (published_at IS NULL) <> (published_from IS NULL)
            OR abs(epoch_us(published_at) - epoch_us(published_local)) > 15 * 3_600_000_000
        """,
        touched={"articles": _OF_ARTICLES},
    ),
    *(
        Check(
            f"every_article_has_one_row_of_{table}",
            "tables",
            table,
            f"Every article has exactly one row in {table}, and no row there is left without its article.",
            f"""
            SELECT article_id, rows
            FROM (SELECT article_id, true AS is_there FROM articles)
            FULL JOIN (SELECT article_id, count(*) AS rows FROM {table} GROUP BY article_id) USING (article_id)
            WHERE is_there IS NULL OR rows IS DISTINCT FROM 1
            """,
            touched={"articles": _OF_ARTICLES, table: _OF_ARTICLES},
        )
        for table in _ONE_FOR_ONE
    ),
    *(
        Check(
            f"every_row_of_{table}_has_its_article",
            "tables",
            table,
            f"No row of {table} is left without its article.",
            f"SELECT article_id FROM {table} ANTI JOIN articles USING (article_id)",
            touched={"articles": _OF_ARTICLES, table: _OF_ARTICLES},
            needs=f"FROM {table}",
        )
        for table in tables_by_article()[1:]
        if table not in (*_ONE_FOR_ONE, *_BRIDGES, *INTERNAL_BY_ARTICLE)
    ),
    *(
        Check(
            f"every_row_of_{bridge}_has_its_article_and_term",
            "tables",
            bridge,
            f"No row of {bridge} is left without its article, nor without its row of {terms}.",
            f"""
            SELECT article_id, {key}, a.article_id IS NULL AS has_no_article, t.{key} IS NULL AS has_no_term
            FROM {bridge} AS b LEFT JOIN articles AS a USING (article_id) LEFT JOIN {terms} AS t USING ({key})
            WHERE a.article_id IS NULL OR t.{key} IS NULL
            """,
            # Of other articles only a term that went can be missing: most rows have some term that was touched.
            touched={
                bridge: f"{_OF_ARTICLES} OR ({OF_TERMS[terms]} AND {key} NOT IN (SELECT {key} FROM main.{terms}))"
            },
            needs=f"FROM {bridge}",
        )
        for bridge, (terms, key) in _BRIDGES.items()
    ),
    *(
        Check(
            f"{terms}_are_unique_and_used",
            "tables",
            terms,
            f"A {key} occurs once in {terms}, and at least one article has it.",
            f"""
            SELECT {key}, rows FROM (SELECT {key}, count(*) AS rows FROM {terms} GROUP BY ALL)
            LEFT JOIN (SELECT DISTINCT {key}, true AS is_used FROM {bridge}) USING ({key})
            WHERE rows > 1 OR is_used IS NULL
            """,
            touched={terms: OF_TERMS[terms], bridge: OF_TERMS[terms]},
            needs=f"FROM {terms}",
        )
        for bridge, (terms, key) in _BRIDGES.items()
    ),
    Check(
        "every_article_tells_one_story",
        "related",
        "stories",
        "Where stories are found, every article has exactly one row in stories, and no row there is left without its "
        "article.",
        """
        SELECT article_id, rows
        FROM (SELECT article_id, true AS is_there FROM articles SEMI JOIN internal.relations ON name = 'stories')
        FULL JOIN (SELECT article_id, count(*) AS rows FROM stories GROUP BY article_id) USING (article_id)
        WHERE is_there IS NULL OR rows IS DISTINCT FROM 1
        """,
        touched={"articles": _OF_ARTICLES, "stories": _OF_ARTICLES},
    ),
    Check(
        "every_story_has_one_first",
        "related",
        "stories",
        "Of the live articles of a story exactly one is the first, the earliest; no other article is.",
        """
        SELECT story_id, count(*) FILTER (WHERE is_first) AS firsts, count(l.article_id) AS live,
            count(*) FILTER (WHERE is_first AND l.article_id IS NULL) AS firsts_not_live,
            count(*) FILTER (WHERE story_id = s.article_id) AS named_for
        FROM stories AS s LEFT JOIN articles_live AS l ON l.article_id = s.article_id
        GROUP BY story_id
        HAVING firsts <> least(live, 1) OR firsts_not_live > 0 OR named_for <> 1
            OR min((coalesce(l.published_at, 'infinity'), l.article_id)) FILTER (WHERE l.article_id IS NOT NULL)
                <> min((coalesce(l.published_at, 'infinity'), l.article_id)) FILTER (WHERE is_first)
        """,
        touched={"stories": f"story_id IN (SELECT story_id FROM main.stories WHERE {_OF_ARTICLES})"},
    ),
    Check(
        "every_pair_is_of_one_story",
        "related",
        "story_pairs",
        "The two articles of a pair tell one story, and each two have one row.",
        """
        SELECT p.article_id, p.other_article_id, one.story_id, other.story_id AS other_story_id, count(*) AS rows
        FROM story_pairs AS p LEFT JOIN stories AS one ON one.article_id = p.article_id
        LEFT JOIN stories AS other ON other.article_id = p.other_article_id
        GROUP BY ALL
        HAVING rows > 1 OR one.story_id IS DISTINCT FROM other.story_id OR one.story_id IS NULL
            OR p.article_id >= p.other_article_id
        """,
        touched={"story_pairs": f"{_OF_ARTICLES} OR other_article_id IN {ARTICLES}"},
        needs="FROM story_pairs",
    ),
    Check(
        "every_target_is_of_an_internal_link",
        "related",
        "link_targets",
        "Every row of link_targets is of one internal link and leads to an article of the same source.",
        """
        SELECT t.article_id, t.position, t.target_article_id, l.kind, a.source_id, b.source_id AS source_of_target,
            count(*) AS rows
        FROM link_targets AS t
        LEFT JOIN article_links AS l ON l.article_id = t.article_id AND l.position = t.position
        LEFT JOIN articles AS a ON a.article_id = t.article_id
        LEFT JOIN articles AS b ON b.article_id = t.target_article_id
        GROUP BY ALL
        HAVING rows > 1 OR l.kind IS DISTINCT FROM 'internal' OR a.source_id IS DISTINCT FROM source_of_target
            OR source_of_target IS NULL
        """,
        touched={"link_targets": f"{_OF_ARTICLES} OR target_article_id IN {ARTICLES}"},
        needs="FROM link_targets",
    ),
    *LAWS,
    Check(
        "articles_by_date_has_every_day",
        "aggregates",
        "articles_by_date",
        "From the first to the last day of a source, no day is missing and none occurs twice.",
        """
        SELECT source_id, count(*) AS days, date_diff('day', min(published_on), max(published_on)) + 1 AS expected
        FROM articles_by_date GROUP BY source_id HAVING count(DISTINCT published_on) <> expected OR days <> expected
        """,
    ),
)
