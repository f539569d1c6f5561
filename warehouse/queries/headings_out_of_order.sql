-- Where does a heading skip a level, or a second heading of level 1 stand?
-- $rows = 20: most headings to show
WITH headings AS (
    SELECT article_id, position, level, text,
        lag(level) OVER (PARTITION BY article_id ORDER BY position) AS level_before,
        count(*) FILTER (level = 1) OVER (PARTITION BY article_id ORDER BY position) AS of_level_1
    FROM article_headings
)
SELECT a.source_id, a.path, h.position, if(h.level = 1, 'another of level 1', h.level_before || ' to ' || h.level) AS what,
    h.text AS heading
FROM headings AS h
JOIN articles_live AS a ON a.article_id = h.article_id
WHERE h.level > h.level_before + 1 OR (h.level = 1 AND h.of_level_1 > 1)
ORDER BY a.published_on DESC NULLS LAST, a.article_id, h.position
LIMIT $rows;
