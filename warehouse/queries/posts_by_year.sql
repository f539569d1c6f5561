-- How many articles and words came out each year?
SELECT a.source_id, year(a.published_on) AS year, count(*) AS articles, sum(m.words)::BIGINT AS words,
    round(avg(m.words)) AS mean_words, median(m.words) AS median_words, round(sum(m.reading_minutes) / 60, 1) AS hours_to_read
FROM articles_live AS a
JOIN article_metrics AS m ON m.article_id = a.article_id
WHERE a.published_on IS NOT NULL
GROUP BY a.source_id, year
ORDER BY year DESC, a.source_id
LIMIT 20;
