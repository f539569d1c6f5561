-- Which other sites were linked for the first time lately?
-- $days = 90: how many days before the newest article to look at
-- $rows = 20: most hosts to show
SELECT l.host, min(a.published_on) AS first_linked_on, count(DISTINCT a.article_id) AS articles,
    arg_min(coalesce(a.title, a.path), (a.published_on, a.article_id)) AS first_linked_by
FROM article_links AS l
JOIN articles_live AS a ON a.article_id = l.article_id
WHERE l.kind = 'external' AND l.host IS NOT NULL AND a.published_on IS NOT NULL
GROUP BY l.host
HAVING min(a.published_on) > (SELECT max(published_on) FROM articles_live) - $days
ORDER BY first_linked_on DESC, l.host
LIMIT $rows;
