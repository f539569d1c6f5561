-- Which keys does the front matter hold, and how often?
-- $rows = 20: most keys to show
SELECT key, count(*) AS articles, round(100 * count(*) / (SELECT count(*) FROM articles), 1) AS percent,
    min(source_id || ': ' || path) AS such_as
FROM (SELECT source_id, path, unnest(json_keys(front_matter)) AS key FROM articles)
GROUP BY key
ORDER BY articles DESC, key
LIMIT $rows;
