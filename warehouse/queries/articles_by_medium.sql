-- From which media do the articles come?
-- $rows = 20: most media to show
SELECT coalesce(medium, '(none named)') AS medium, count(*) AS articles, min(published_on) AS first_on,
    max(published_on) AS last_on, count(original_url) AS with_address
FROM articles_live
GROUP BY coalesce(medium, '(none named)')
ORDER BY articles DESC, medium
LIMIT $rows;
