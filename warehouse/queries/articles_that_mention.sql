-- Which articles mention two entities?
-- $one = '': key or name of an entity; the one mentioned most by default
-- $other = '': key or name of the other; any by default
-- $rows = 20: most articles to show
WITH most AS (
    SELECT arg_max(key, articles) AS key FROM (SELECT key, count(*) AS articles FROM article_mentions GROUP BY ALL ORDER BY key)
)
SELECT DISTINCT a.published_on, coalesce(a.title, a.path) AS title, x.label AS one, y.label AS other,
    x.count + y.count AS mentions
FROM articles_live AS a
JOIN article_mentions AS x ON x.article_id = a.article_id
JOIN article_mentions AS y ON y.article_id = a.article_id AND (y.kind, y.key) <> (x.kind, x.key)
WHERE if($one = '', x.key = (SELECT key FROM most), $one IN (x.key, x.label)) AND $other IN ('', y.key, y.label)
ORDER BY a.published_on DESC NULLS LAST, title, one, other
LIMIT $rows;
