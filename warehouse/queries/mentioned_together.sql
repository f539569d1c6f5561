-- Which entities are mentioned in the same articles most often?
-- $kind = '': kind of entity; all by default
-- $rows = 10: most pairs to show
WITH mentions AS (
    SELECT article_id, kind, key FROM article_mentions
    ANTI JOIN articles_not_live USING (article_id)
    WHERE $kind IN ('', kind)
), pairs AS (
    SELECT x.kind AS one_kind, x.key AS one_key, y.kind AS other_kind, y.key AS other_key, count(*) AS articles
    FROM mentions AS x
    JOIN mentions AS y ON y.article_id = x.article_id AND (y.key > x.key OR (y.key = x.key AND y.kind > x.kind))
    GROUP BY ALL
    ORDER BY articles DESC, one_key, other_key, one_kind, other_kind
    LIMIT $rows
), labels AS (
    SELECT kind, key, arg_max(label, (count, label)) AS label FROM article_mentions GROUP BY ALL
)
SELECT x.label AS one, y.label AS other, p.one_key, p.other_key, p.articles
FROM pairs AS p
JOIN labels AS x ON (x.kind, x.key) = (p.one_kind, p.one_key)
JOIN labels AS y ON (y.kind, y.key) = (p.other_kind, p.other_key)
ORDER BY p.articles DESC, p.one_key, p.other_key;
