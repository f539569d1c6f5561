-- One row per source, month and tag with articles, and (none) for articles without a tag.
-- sum(articles) equals the tag rows of dated live articles plus those without a tag:
--   sum(tag_rows) FILTER (WHERE is_dated)
CREATE OR REPLACE TABLE articles_by_month_tag AS
SELECT
    a.source_id,
    date_trunc('month', a.published_on)::DATE AS month,
    coalesce(b.tag_id, '(none)') AS tag_id,
    coalesce(any_value(t.name), '(none)') AS tag,
    count(*) AS articles
FROM articles_live AS a
LEFT JOIN article_tags AS b ON b.article_id = a.article_id
LEFT JOIN tags AS t ON t.tag_id = b.tag_id
WHERE a.published_on IS NOT NULL
GROUP BY
    a.source_id, date_trunc('month', a.published_on)::DATE, coalesce(b.tag_id, '(none)')
ORDER BY a.source_id, month, tag_id;
COMMENT ON COLUMN articles_by_month_tag.source_id IS 'Source.';
COMMENT ON COLUMN articles_by_month_tag.month IS 'First day of the month, on the clock of the source.';
COMMENT ON COLUMN articles_by_month_tag.tag_id IS 'Tag; (none) for articles without one.';
COMMENT ON COLUMN articles_by_month_tag.tag IS 'Name of the tag.';
COMMENT ON COLUMN articles_by_month_tag.articles IS 'Live articles with the tag published in the month.';
