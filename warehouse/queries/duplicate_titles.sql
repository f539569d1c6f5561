-- Which titles do several articles have?
-- $rows = 20: most titles to show
-- Capitals, spaces and the usual signs between words do not count.
SELECT min(title) AS title, count(*) AS articles, min(published_on) AS first_on, max(published_on) AS last_on,
    list(article_id ORDER BY article_id)[:3] AS some_of_them
FROM articles_live
WHERE title <> ''
GROUP BY lower(translate(title, ' .,:;!?-–—…"''()　。，：；！？、“”‘’（）《》「」·', ''))
HAVING count(*) > 1
ORDER BY articles DESC, title
LIMIT $rows;
