-- Which other sites do the posts link to?
-- $rows = 10: most hosts to show
SELECT l.host, count(*) AS links, count(DISTINCT a.article_id) AS articles
FROM article_links AS l
JOIN articles_live AS a ON a.article_id = l.article_id
WHERE l.kind = 'external' AND l.host IS NOT NULL
GROUP BY l.host
ORDER BY links DESC, l.host
LIMIT $rows;
