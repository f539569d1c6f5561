-- One row per source and month in which it published.
-- sum(articles) equals the dated live articles of each source:
--   sum(1) FILTER (WHERE is_dated)
-- sum(stories) equals the stories whose first live article is dated:
--   sum(is_first) FILTER (WHERE is_dated)
CREATE OR REPLACE TABLE articles_by_month AS
SELECT
    a.source_id,
    date_trunc('month', a.published_on)::DATE AS month,
    count(*) AS articles,
    count(*) FILTER (WHERE a.is_first) AS stories,
    count(DISTINCT a.published_on) AS days_with_articles,
    sum(a.words)::BIGINT AS words,
    -- As decimals: a sum of doubles depends on the order of its rows.
    avg(a.reading_minutes::DECIMAL(12, 2)) AS mean_reading_minutes
FROM articles_counted AS a
WHERE a.published_on IS NOT NULL
GROUP BY ALL
ORDER BY ALL;
COMMENT ON COLUMN articles_by_month.source_id IS 'Source.';
COMMENT ON COLUMN articles_by_month.month IS 'First day of the month, on the clock of the source.';
COMMENT ON COLUMN articles_by_month.articles IS 'Live articles published in the month.';
COMMENT ON COLUMN articles_by_month.stories IS 'Those of them that were the first to tell their story; 0 where [insight] stories is off.';
COMMENT ON COLUMN articles_by_month.days_with_articles IS 'Days of the month with at least one article.';
COMMENT ON COLUMN articles_by_month.words IS 'Words of those articles.';
COMMENT ON COLUMN articles_by_month.mean_reading_minutes IS 'Mean reading time of those articles, in minutes.';
