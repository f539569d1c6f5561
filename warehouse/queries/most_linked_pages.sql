-- Which pages of the site itself are linked most?
-- $rows = 10: most pages to show
-- Addresses are compared as written, without what comes after # or ?.
SELECT regexp_replace(l.url, '[#?].*$', '') AS page, count(*) AS links, count(DISTINCT l.article_id) AS articles
FROM article_links AS l
JOIN articles_live AS a ON a.article_id = l.article_id
WHERE l.kind = 'internal'
GROUP BY page
ORDER BY links DESC, page
LIMIT $rows;
