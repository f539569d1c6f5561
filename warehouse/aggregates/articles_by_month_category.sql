-- One row per source, month and category with articles, and (none) for articles without a category.
-- sum(articles) equals category rows of dated live articles plus articles without any:
--   sum(category_rows) FILTER (WHERE is_dated)
-- sum(stories) equals category rows of dated first articles plus those without any:
--   sum(category_rows * is_first) FILTER (WHERE is_dated)
CREATE OR REPLACE TABLE articles_by_month_category AS
WITH dated AS (
    SELECT
        a.source_id, a.article_id, date_trunc('month', a.published_on)::DATE AS month,
        coalesce(s.is_first, false) AS is_first
    FROM articles_live AS a
    LEFT JOIN stories AS s ON s.article_id = a.article_id
    WHERE a.published_on IS NOT NULL
), months AS (
    SELECT
        source_id,
        month,
        count(*) AS articles,
        min(month) OVER (PARTITION BY source_id) AS first_month
    FROM dated
    GROUP BY source_id, month
), counted AS (
    SELECT
        d.source_id,
        d.month,
        coalesce(b.category_id, '(none)') AS category_id,
        count(*) AS articles,
        count(*) FILTER (WHERE d.is_first) AS stories
    FROM dated AS d
    LEFT JOIN article_categories AS b ON b.article_id = d.article_id
    GROUP BY ALL
)
SELECT
    c.source_id,
    c.month,
    c.category_id,
    coalesce(t.name, '(none)') AS category,
    c.articles,
    c.stories,
    c.articles / m.articles AS share_of_month,
    if(c.month = m.first_month, NULL, c.articles - coalesce(earlier.articles, 0))
        AS change_on_month_before
FROM counted AS c
JOIN months AS m ON m.source_id = c.source_id AND m.month = c.month
LEFT JOIN counted AS earlier
    ON earlier.source_id = c.source_id AND earlier.category_id = c.category_id
    AND earlier.month = c.month - INTERVAL 1 MONTH
LEFT JOIN categories AS t ON t.category_id = c.category_id
ORDER BY c.source_id, c.month, c.category_id;
COMMENT ON COLUMN articles_by_month_category.source_id IS 'Source.';
COMMENT ON COLUMN articles_by_month_category.month IS 'First day of the month, on the clock of the source.';
COMMENT ON COLUMN articles_by_month_category.category_id IS 'Category; (none) for articles without one.';
COMMENT ON COLUMN articles_by_month_category.category IS 'Name of the category.';
COMMENT ON COLUMN articles_by_month_category.articles IS 'Live articles of the category published in the month.';
COMMENT ON COLUMN articles_by_month_category.stories IS 'Those of them that were the first to tell their story; 0 where [insight] stories is off.';
COMMENT ON COLUMN articles_by_month_category.share_of_month IS 'Share of the source''s dated live articles of the month that have the category, 0 to 1.';
COMMENT ON COLUMN articles_by_month_category.change_on_month_before IS 'articles less those of the calendar month before; NULL in the first month of the source.';
