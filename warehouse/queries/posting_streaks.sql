-- On how many days in a row was something published?
-- $days = 2: shortest streak to show, in days
-- $rows = 10: most streaks to show
-- The days of a streak have one difference between the day and its number.
WITH days AS (
    SELECT source_id, published_on, articles,
        published_on - row_number() OVER (PARTITION BY source_id ORDER BY published_on)::INTEGER AS streak
    FROM articles_by_date
    WHERE articles > 0
)
SELECT source_id, min(published_on) AS first_day, max(published_on) AS last_day, count(*) AS days,
    sum(articles)::BIGINT AS articles
FROM days
GROUP BY source_id, streak
HAVING count(*) >= $days
ORDER BY days DESC, last_day DESC, source_id
LIMIT $rows;
