-- Which articles have most images?
-- $rows = 10: most articles to show
SELECT a.source_id, a.published_on, coalesce(a.title, a.path) AS title, m.images, m.words
FROM article_metrics AS m
JOIN articles_live AS a ON a.article_id = m.article_id
WHERE m.images > 0
ORDER BY m.images DESC, a.article_id
LIMIT $rows;
