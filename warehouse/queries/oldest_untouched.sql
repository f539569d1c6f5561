-- Which articles have not been touched for longest?
-- $rows = 10: most articles to show
-- Touched: published, updated as the post or its history says, or seen to change by a refresh after the first.
SELECT a.source_id, a.published_on, coalesce(a.title, a.path) AS title,
    greatest(a.published_at, a.updated_at, if(h.last_changed_at > h.first_seen_at, h.last_changed_at, NULL)) AS touched_at,
    date_diff('day', touched_at, (SELECT max_by(as_of, refresh_id) FROM refreshes)) AS days_ago
FROM articles_live AS a
JOIN article_history AS h ON h.article_id = a.article_id
WHERE a.published_at IS NOT NULL
ORDER BY touched_at, a.article_id
LIMIT $rows;
