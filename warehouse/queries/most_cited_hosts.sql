-- Which other sites do the posts link to?
SELECT host, sum(links)::BIGINT AS links, sum(articles)::BIGINT AS articles
FROM links_by_host
WHERE links > 0
GROUP BY host
ORDER BY links DESC, host
LIMIT 10;
