-- At which hours of the week do posts come out?
-- $rows = 10: most hours to show
SELECT weekday, hour, sum(articles)::BIGINT AS articles
FROM articles_by_weekday_hour
GROUP BY ALL
ORDER BY articles DESC, weekday, hour
LIMIT $rows;
