-- How long are the articles of each category?
-- $rows = 20: most categories to show
SELECT c.name AS category, count(*) AS articles, round(avg(m.reading_minutes), 1) AS mean_minutes,
    round(median(m.words)) AS median_words, max(m.words) AS most_words, round(sum(m.reading_minutes), 1) AS minutes_in_all
FROM article_categories AS b
JOIN articles_live AS a ON a.article_id = b.article_id
JOIN article_metrics AS m ON m.article_id = b.article_id
JOIN categories AS c ON c.category_id = b.category_id
GROUP BY b.category_id, c.name
ORDER BY mean_minutes DESC, category
LIMIT $rows;
