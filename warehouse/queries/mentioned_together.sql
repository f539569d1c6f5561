-- Which entities are mentioned in the same articles most often?
-- $kind = '': kind of entity; all by default
-- $rows = 10: most pairs to show
WITH mentions AS (
    SELECT article_id, kind, key, label FROM article_mentions
    ANTI JOIN articles_not_live USING (article_id)
    WHERE $kind IN ('', kind)
)
SELECT max(x.label) AS one, max(y.label) AS other, x.key AS one_key, y.key AS other_key, count(*) AS articles
FROM mentions AS x
JOIN mentions AS y ON y.article_id = x.article_id AND (y.kind, y.key) > (x.kind, x.key)
GROUP BY x.kind, x.key, y.kind, y.key
ORDER BY articles DESC, one_key, other_key
LIMIT $rows;
