-- Which tags stand together most often?
-- $tag = '': only pairs with this tag; all by default
-- $rows = 10: most pairs to show
SELECT s.name AS one, t.name AS other, sum(p.articles)::BIGINT AS articles
FROM tag_pairs AS p
JOIN tags AS s ON s.tag_id = p.tag_id
JOIN tags AS t ON t.tag_id = p.other_tag_id
WHERE $tag IN ('', s.name, t.name, p.tag_id, p.other_tag_id)
GROUP BY ALL
ORDER BY articles DESC, one, other
LIMIT $rows;
