-- Which tags does one article alone have?
-- $rows = 20: most tags to show
SELECT t.name AS tag, coalesce(max(a.title), max(a.path)) AS article, max(a.published_on) AS published_on
FROM article_tags AS b
JOIN articles_live AS a ON a.article_id = b.article_id
JOIN tags AS t ON t.tag_id = b.tag_id
GROUP BY b.tag_id, t.name
HAVING count(*) = 1
ORDER BY published_on DESC NULLS LAST, tag
LIMIT $rows;
