-- When was something last published in each category, and how often before?
-- $rows = 20: most categories to show
SELECT a.source_id, c.name AS category, count(*) AS articles, max(a.published_on) AS last_on,
    (SELECT max_by(as_of, refresh_id) FROM refreshes)::DATE - max(a.published_on) AS days_ago,
    round((max(a.published_on) - min(a.published_on)) / nullif(count(*) - 1, 0), 1) AS mean_days_between
FROM article_categories AS b
JOIN articles_live AS a ON a.article_id = b.article_id
JOIN categories AS c ON c.category_id = b.category_id
WHERE a.published_on IS NOT NULL
GROUP BY a.source_id, b.category_id, c.name
ORDER BY days_ago DESC, a.source_id, category
LIMIT $rows;
