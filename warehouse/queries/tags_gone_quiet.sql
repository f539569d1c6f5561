-- Which tags were used often and not for long?
-- $articles = 3: fewest articles of a tag to show
-- $rows = 20: most tags to show
SELECT t.name AS tag, count(*) AS articles, max(a.published_on) AS last_on,
    (SELECT max(published_on) FROM articles_live) - max(a.published_on) AS days_before_newest
FROM article_tags AS b
JOIN articles_live AS a ON a.article_id = b.article_id
JOIN tags AS t ON t.tag_id = b.tag_id
WHERE a.published_on IS NOT NULL
GROUP BY b.tag_id, t.name
HAVING count(*) >= $articles
ORDER BY days_before_newest DESC, tag
LIMIT $rows;
