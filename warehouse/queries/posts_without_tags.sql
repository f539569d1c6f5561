-- Which articles have no tag?
-- $source = '': name of a source; all by default
-- $rows = 20: most articles to show
SELECT a.source_id, a.published_on, coalesce(a.title, a.path) AS title, a.path
FROM articles_live AS a
ANTI JOIN article_tags AS t ON t.article_id = a.article_id
WHERE $source IN ('', a.source_id)
ORDER BY a.published_on DESC NULLS LAST, a.article_id
LIMIT $rows;
