-- Which articles are shortest?
-- $words = 1: fewest words to count; what only leads elsewhere has none
-- $rows = 10: most articles to show
SELECT a.source_id, a.published_on, coalesce(a.title, a.path) AS title, m.words, m.links, m.images
FROM articles_live AS a
JOIN article_metrics AS m ON m.article_id = a.article_id
WHERE m.words >= $words
ORDER BY m.words, a.article_id
LIMIT $rows;
