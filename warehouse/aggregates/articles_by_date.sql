-- One row per source and day, from the first to the last day the source published on, days without articles included.
-- A trailing mean is NULL until its window is full.
-- sum(articles) equals the dated live articles of each source:
--   sum(1) FILTER (WHERE is_dated)
-- sum(stories) equals the stories whose first live article is dated:
--   sum(is_first) FILTER (WHERE is_dated)
CREATE OR REPLACE TABLE articles_by_date AS
WITH counted AS (
    SELECT
        a.source_id, a.published_on, count(*) AS articles,
        count(*) FILTER (WHERE a.is_first) AS stories, sum(a.words)::BIGINT AS words
    FROM articles_counted AS a
    WHERE a.published_on IS NOT NULL
    GROUP BY ALL
), days AS (
    SELECT
        source_id,
        unnest(
            generate_series(min(published_on), max(published_on), INTERVAL 1 DAY)
        )::DATE AS published_on
    FROM counted
    GROUP BY source_id
), filled AS (
    SELECT
        source_id,
        published_on,
        coalesce(articles, 0) AS articles,
        coalesce(stories, 0) AS stories,
        coalesce(words, 0) AS words
    FROM days
    LEFT JOIN counted USING (source_id, published_on)
)
SELECT
    source_id,
    published_on,
    articles,
    stories,
    words,
    if(count(*) OVER week = 7, avg(articles) OVER week, NULL) AS trailing_7_day_mean,
    if(count(*) OVER four_weeks = 28, avg(articles) OVER four_weeks, NULL)
        AS trailing_28_day_mean
FROM filled
WINDOW
    week AS (PARTITION BY source_id ORDER BY published_on ROWS 6 PRECEDING),
    four_weeks AS (PARTITION BY source_id ORDER BY published_on ROWS 27 PRECEDING)
ORDER BY source_id, published_on;
COMMENT ON COLUMN articles_by_date.source_id IS 'Source.';
COMMENT ON COLUMN articles_by_date.published_on IS 'Day on the clock of the source.';
COMMENT ON COLUMN articles_by_date.articles IS 'Live articles published on the day; 0 where there are none.';
COMMENT ON COLUMN articles_by_date.stories IS 'Those of them that were the first to tell their story, copies left out; 0 where [insight] stories is off.';
COMMENT ON COLUMN articles_by_date.words IS 'Words of those articles, copies included.';
COMMENT ON COLUMN articles_by_date.trailing_7_day_mean IS 'Mean of articles over this day and the 6 before; NULL for the first 6 days.';
COMMENT ON COLUMN articles_by_date.trailing_28_day_mean IS 'Mean of articles over this day and the 27 before; NULL for the first 27 days.';
