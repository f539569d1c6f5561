-- How long was nothing published, the time since the last post included?
-- $rows = 10: most gaps to show
WITH days AS (
    SELECT DISTINCT source_id, published_on FROM articles_live WHERE published_on IS NOT NULL
), gaps AS (
    SELECT source_id, published_on AS last_day_before,
        lead(published_on) OVER (PARTITION BY source_id ORDER BY published_on) AS first_day_after,
        (SELECT max_by(as_of, refresh_id) FROM refreshes)::DATE AS last_refresh
    FROM days
)
SELECT source_id, last_day_before, coalesce(first_day_after::VARCHAR, 'still open') AS first_day_after,
    greatest(coalesce(first_day_after, last_refresh) - last_day_before - 1, 0) AS silent_days
FROM gaps
ORDER BY silent_days DESC, last_day_before DESC, source_id
LIMIT $rows;
