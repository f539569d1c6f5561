-- Which articles take longest to read?
SELECT a.published_on, a.title, round(m.reading_minutes, 1) AS minutes, m.words, m.images
FROM article_metrics AS m
JOIN articles_live AS a ON a.article_id = m.article_id
ORDER BY m.reading_minutes DESC, a.article_id
LIMIT 10;
