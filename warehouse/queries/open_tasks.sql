-- Which tasks are still open?
-- $source = '': name of a source; all by default
-- $rows = 20: most tasks to show
SELECT a.path, a.title, t.text AS task, t.status
FROM article_tasks AS t
JOIN articles AS a ON a.article_id = t.article_id
WHERE NOT t.is_done AND t.status = ' ' AND $source IN ('', a.source_id)
ORDER BY a.published_on DESC NULLS LAST, a.article_id, t.position
LIMIT $rows;
