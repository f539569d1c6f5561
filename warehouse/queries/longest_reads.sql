-- Which articles take longest to read?
-- $rows = 10: most articles to show
WITH longest AS (
    SELECT article_id, reading_minutes, words, images
    FROM article_metrics ANTI JOIN articles_not_live USING (article_id)
    ORDER BY reading_minutes DESC, article_id
    LIMIT $rows
)
SELECT a.published_on, a.title, round(m.reading_minutes, 1) AS minutes, m.words, m.images
FROM longest AS m
JOIN articles AS a ON a.article_id = m.article_id
ORDER BY m.reading_minutes DESC, a.article_id;
