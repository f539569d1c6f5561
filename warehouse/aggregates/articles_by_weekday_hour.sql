-- One row per source, weekday and hour with articles; only articles dated to the minute or second.
-- sum(articles) equals the live articles dated to the minute or second:
--   sum(1) FILTER (WHERE is_timed)
CREATE OR REPLACE TABLE articles_by_weekday_hour AS
SELECT
    source_id,
    isodow(published_local)::INTEGER AS weekday,
    hour(published_local)::INTEGER AS hour,
    count(*) AS articles
FROM articles_live
WHERE published_precision IN ('minute', 'second')
GROUP BY ALL
ORDER BY ALL;
COMMENT ON COLUMN articles_by_weekday_hour.source_id IS 'Source.';
COMMENT ON COLUMN articles_by_weekday_hour.weekday IS '1 (Monday) to 7 (Sunday), on the clock of the source.';
COMMENT ON COLUMN articles_by_weekday_hour.hour IS '0 to 23, on the clock of the source.';
COMMENT ON COLUMN articles_by_weekday_hour.articles IS 'Live articles published in that hour.';
