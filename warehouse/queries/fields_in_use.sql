-- Which fields do bodies hold, key:: value, and how often?
-- $source = '': name of a source; all by default
-- $rows = 20: most keys to show
SELECT lower(f.key) AS key, count(*) AS times, count(DISTINCT f.article_id) AS articles,
    max_by(f.value, (a.published_on, a.article_id)) AS newest_value
FROM article_fields AS f
JOIN articles AS a ON a.article_id = f.article_id
WHERE $source IN ('', a.source_id)
GROUP BY lower(f.key)
ORDER BY times DESC, key
LIMIT $rows;
