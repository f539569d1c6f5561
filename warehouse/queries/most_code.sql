-- Which articles have most blocks of code?
-- $rows = 10: most articles to show
SELECT a.source_id, a.published_on, coalesce(a.title, a.path) AS title, m.code_blocks, m.words
FROM article_metrics AS m
JOIN articles_live AS a ON a.article_id = m.article_id
WHERE m.code_blocks > 0
ORDER BY m.code_blocks DESC, a.article_id
LIMIT $rows;
