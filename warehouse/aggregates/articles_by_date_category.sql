-- One row per source, day and category with articles, and (none) for articles without a category.
-- sum(articles) equals category rows of dated live articles plus articles without any:
--   sum(category_rows) FILTER (WHERE is_dated)
-- sum(stories) equals category rows of dated first articles plus those without any:
--   sum(category_rows * is_first) FILTER (WHERE is_dated)
CREATE OR REPLACE TABLE articles_by_date_category AS
SELECT
    a.source_id,
    a.published_on,
    coalesce(b.category_id, '(none)') AS category_id,
    coalesce(any_value(t.name), '(none)') AS category,
    count(*) AS articles,
    count(*) FILTER (WHERE a.is_first) AS stories,
    sum(a.words)::BIGINT AS words
FROM articles_counted AS a
LEFT JOIN article_categories AS b ON b.article_id = a.article_id
LEFT JOIN categories AS t ON t.category_id = b.category_id
WHERE a.published_on IS NOT NULL
GROUP BY a.source_id, a.published_on, coalesce(b.category_id, '(none)')
ORDER BY a.source_id, a.published_on, category_id;
COMMENT ON COLUMN articles_by_date_category.source_id IS 'Source.';
COMMENT ON COLUMN articles_by_date_category.published_on IS 'Day on the clock of the source.';
COMMENT ON COLUMN articles_by_date_category.category_id IS 'Category; (none) for articles without one.';
COMMENT ON COLUMN articles_by_date_category.category IS 'Name of the category.';
COMMENT ON COLUMN articles_by_date_category.articles IS 'Live articles of the category published on the day.';
COMMENT ON COLUMN articles_by_date_category.stories IS 'Those of them that were the first to tell their story; 0 where [insight] stories is off.';
COMMENT ON COLUMN articles_by_date_category.words IS 'Words of those articles.';
