-- One row per source and tag, and one row (none) for articles without a tag.
-- sum(articles) equals the tag rows of live articles plus the articles without a tag:
--   sum(tag_rows)
CREATE OR REPLACE TABLE articles_by_tag AS
SELECT
    a.source_id,
    coalesce(b.tag_id, '(none)') AS tag_id,
    coalesce(any_value(t.name), '(none)') AS tag,
    count(*) AS articles,
    min(a.published_on) AS first_published_on,
    max(a.published_on) AS last_published_on,
    sum(a.words)::BIGINT AS words
FROM articles_counted AS a
LEFT JOIN article_tags AS b ON b.article_id = a.article_id
LEFT JOIN tags AS t ON t.tag_id = b.tag_id
GROUP BY a.source_id, coalesce(b.tag_id, '(none)')
ORDER BY a.source_id, articles DESC, tag_id;
COMMENT ON COLUMN articles_by_tag.source_id IS 'Source.';
COMMENT ON COLUMN articles_by_tag.tag_id IS 'Tag; (none) for articles without one.';
COMMENT ON COLUMN articles_by_tag.tag IS 'Name of the tag.';
COMMENT ON COLUMN articles_by_tag.articles IS 'Live articles, dated or not.';
COMMENT ON COLUMN articles_by_tag.first_published_on IS 'Day of the first dated article.';
COMMENT ON COLUMN articles_by_tag.last_published_on IS 'Day of the last dated article.';
COMMENT ON COLUMN articles_by_tag.words IS 'Words of those articles.';
