-- Which other sites do the posts link to?
-- $rows = 10: most hosts to show
SELECT host, sum(links)::BIGINT AS links, sum(articles)::BIGINT AS articles
FROM links_by_host
WHERE links > 0
GROUP BY host
ORDER BY links DESC, host
LIMIT $rows;
