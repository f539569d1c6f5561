-- Which tags may be one tag in two spellings?
-- $rows = 20: most pairs to show
-- Alike: the same letters and digits, or one with the ending -s more.
WITH used AS (
    SELECT t.tag_id, t.name, regexp_replace(t.tag_id, '[^\p{L}\p{N}]', '', 'g') AS letters, count(*) AS articles
    FROM tags AS t
    JOIN article_tags AS b ON b.tag_id = t.tag_id
    GROUP BY ALL
), alike AS (
    SELECT x AS one, y AS other FROM used AS x JOIN used AS y ON y.letters = x.letters AND y.tag_id > x.tag_id
    UNION ALL
    SELECT x, y FROM used AS x JOIN used AS y ON y.letters = x.letters || 's' AND length(x.letters) > 2
)
SELECT one.name AS one, one.articles AS articles_of_one, other.name AS other, other.articles AS articles_of_other
FROM alike
ORDER BY articles_of_one + articles_of_other DESC, one, other
LIMIT $rows;
