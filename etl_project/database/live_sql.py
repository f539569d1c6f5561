"""SQL for "the article is live at this instant": published, not in the future, not expired.

The same rule as that of the view articles_live, for any instant.
"""

from __future__ import annotations

LAST_AS_OF = "(SELECT max_by(as_of, refresh_id) FROM refreshes)"
"""SQL for the instant of the last refresh."""


def is_live(as_of: str) -> str:
    """Write the condition that an article, a row of `articles AS a`, is live at an instant.

    Args:
        as_of: SQL for the instant.
    """
    return (
        "(a.status = 'published' AND a.missing_since IS NULL "
        f"AND coalesce(a.published_at <= {as_of}, true) AND coalesce(a.expires_at > {as_of}, true))"
    )


def turned_live_or_expired(database: str) -> str:
    """Write a query of the articles that go live or expire between the last refresh and `$as_of`.

    Args:
        database: name of the attached database that holds the articles; the one in use holds the refreshes.
    """
    return f"SELECT article_id FROM {database}.articles AS a WHERE {is_live('$as_of')} <> {is_live(LAST_AS_OF)}"


def next_turn(database: str) -> str:
    """Write a query of the instant, in microseconds since the epoch, of the next publication or expiry after `$as_of`.

    Args:
        database: name of the attached database that holds the articles.
    """
    return f"""
        SELECT epoch_us(min(turn)) FROM (
            SELECT published_at AS turn FROM {database}.articles UNION ALL SELECT expires_at FROM {database}.articles
        ) WHERE turn > $as_of
    """
