-- Which articles were changed most often, and when last?
-- $rows = 10: most articles to show
SELECT c.source_id, arg_max(coalesce(c.title, c.path), c.refresh_id) AS title, count(*) AS changes,
    min(c.seen_at) AS first_change, max(c.seen_at) AS last_change
FROM changes AS c
WHERE c.change NOT IN ('came_out', 'expired')
GROUP BY c.source_id, c.article_id
ORDER BY changes DESC, last_change DESC, c.article_id
LIMIT $rows;
