-- Which articles are drafts or still to come?
-- $rows = 20: most articles to show
SELECT source_id, because, published_on, coalesce(title, path) AS title, path
FROM articles_not_live
WHERE because IN ('draft', 'to_come')
ORDER BY published_on NULLS LAST, article_id
LIMIT $rows;
