-- Which entities are mentioned most, and in how many articles?
-- $kind = '': kind of entity, as the rule in etl.toml names it; all by default
-- $rows = 10: most entities to show
-- Few articles are not out: to leave them out takes less than to look for all that are.
SELECT kind, key, arg_max(label, count) AS label, count(*) AS articles, sum(count)::BIGINT AS mentions
FROM article_mentions
ANTI JOIN articles_not_live USING (article_id)
WHERE $kind IN ('', kind)
GROUP BY ALL
ORDER BY mentions DESC, kind, key
LIMIT $rows;
