-- What came out last?
-- $source = '': name of a source; all by default
-- $rows = 10: most articles to show
-- Tags and categories are looked up for these articles alone: articles_full would collect those of all.
WITH newest AS MATERIALIZED (
    SELECT article_id, source_id, published_at, published_on, coalesce(title, path) AS title
    FROM articles_live
    WHERE published_on IS NOT NULL AND $source IN ('', source_id)
    ORDER BY published_at DESC, article_id
    LIMIT $rows
),
their_categories AS (
    SELECT b.article_id, list(c.name ORDER BY b.position) AS categories
    FROM article_categories AS b JOIN categories AS c USING (category_id)
    WHERE b.article_id IN (SELECT article_id FROM newest)
    GROUP BY b.article_id
),
their_tags AS (
    SELECT b.article_id, list(t.name ORDER BY b.position) AS tags
    FROM article_tags AS b JOIN tags AS t USING (tag_id)
    WHERE b.article_id IN (SELECT article_id FROM newest)
    GROUP BY b.article_id
)
SELECT n.source_id, n.published_on, n.title, c.categories, t.tags, m.words
FROM newest AS n
JOIN article_metrics AS m ON m.article_id = n.article_id
LEFT JOIN their_categories AS c ON c.article_id = n.article_id
LEFT JOIN their_tags AS t ON t.article_id = n.article_id
ORDER BY n.published_at DESC, n.article_id;
