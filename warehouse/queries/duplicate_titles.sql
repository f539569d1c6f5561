-- Which titles do several articles have?
-- $rows = 20: most titles to show
-- Titles are compared as search compares them: capitals, spaces and punctuation do not count.
SELECT min(title) AS title, count(*) AS articles, min(published_on) AS first_on, max(published_on) AS last_on,
    list(article_id ORDER BY article_id)[:3] AS some_of_them
FROM articles_live
WHERE title IS NOT NULL
GROUP BY search_form(title)
HAVING count(*) > 1
ORDER BY articles DESC, title
LIMIT $rows;
