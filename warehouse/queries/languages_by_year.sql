-- In which languages are the articles written, year by year?
SELECT year(published_on) AS year, coalesce(language, '(unknown)') AS language, count(*) AS articles,
    round(100 * count(*) / sum(count(*)) OVER (PARTITION BY year(published_on)), 1) AS percent
FROM articles_live
WHERE published_on IS NOT NULL
GROUP BY year, coalesce(language, '(unknown)')
ORDER BY year DESC, articles DESC, language
LIMIT 20;
