-- Which tags stand together most often?
-- $tag = '': only pairs with this tag; all by default
-- $rows = 10: most pairs to show
WITH used AS (
    SELECT article_id, tag_id FROM article_tags ANTI JOIN articles_not_live USING (article_id)
), pairs AS (
    SELECT x.tag_id AS one_id, y.tag_id AS other_id, count(*) AS articles
    FROM used AS x
    JOIN used AS y ON y.article_id = x.article_id AND y.tag_id > x.tag_id
    GROUP BY ALL
)
SELECT s.name AS one, t.name AS other, p.articles
FROM pairs AS p
JOIN tags AS s ON s.tag_id = p.one_id
JOIN tags AS t ON t.tag_id = p.other_id
WHERE $tag IN ('', s.name, t.name, p.one_id, p.other_id)
ORDER BY p.articles DESC, one, other
LIMIT $rows;
