-- Which pages of the site itself are linked most?
-- $rows = 10: most pages to show
-- Links to an article count for its page, however they are written; others as written, without what comes after # or ?.
SELECT coalesce(b.url, b.path, regexp_replace(l.url, '[#?].*$', '')) AS page, count(*) AS links,
    count(DISTINCT l.article_id) AS articles
FROM article_links AS l
JOIN articles_live AS a ON a.article_id = l.article_id
LEFT JOIN link_targets AS t ON t.article_id = l.article_id AND t.position = l.position
LEFT JOIN articles_live AS b ON b.article_id = t.target_article_id
WHERE l.kind = 'internal'
GROUP BY page
ORDER BY links DESC, page
LIMIT $rows;
