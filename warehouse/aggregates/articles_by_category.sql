-- One row per source and category, and one row (none) for articles without a category.
-- sum(articles) equals the category rows of live articles plus those without a category:
--   sum(category_rows)
-- sum(stories) equals the category rows of first articles plus those without a category:
--   sum(category_rows * is_first)
CREATE OR REPLACE TABLE articles_by_category AS
SELECT
    a.source_id,
    coalesce(b.category_id, '(none)') AS category_id,
    coalesce(any_value(t.name), '(none)') AS category,
    count(*) AS articles,
    count(*) FILTER (WHERE a.is_first) AS stories,
    min(a.published_on) AS first_published_on,
    max(a.published_on) AS last_published_on,
    sum(a.words)::BIGINT AS words
FROM articles_counted AS a
LEFT JOIN article_categories AS b ON b.article_id = a.article_id
LEFT JOIN categories AS t ON t.category_id = b.category_id
GROUP BY a.source_id, coalesce(b.category_id, '(none)')
ORDER BY a.source_id, articles DESC, category_id;
COMMENT ON COLUMN articles_by_category.source_id IS 'Source.';
COMMENT ON COLUMN articles_by_category.category_id IS 'Category; (none) for articles without one.';
COMMENT ON COLUMN articles_by_category.category IS 'Name of the category.';
COMMENT ON COLUMN articles_by_category.articles IS 'Live articles, dated or not.';
COMMENT ON COLUMN articles_by_category.stories IS 'Those of them that were the first to tell their story; 0 where [insight] stories is off.';
COMMENT ON COLUMN articles_by_category.first_published_on IS 'Day of the first dated article.';
COMMENT ON COLUMN articles_by_category.last_published_on IS 'Day of the last dated article.';
COMMENT ON COLUMN articles_by_category.words IS 'Words of those articles.';
