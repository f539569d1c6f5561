-- Which entities are mentioned most, and in how many articles?
SELECT kind, key, arg_max(label, count) AS label, count(*) AS articles, sum(count)::BIGINT AS mentions
FROM article_mentions
JOIN articles_live USING (article_id)
GROUP BY ALL
ORDER BY mentions DESC, kind, key
LIMIT 10;
