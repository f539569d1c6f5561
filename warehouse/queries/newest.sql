-- What came out last?
-- $source = '': name of a source; all by default
-- $rows = 10: most articles to show
-- Tags and categories are looked up for these articles alone: articles_full would collect those of all.
WITH newest AS (
    SELECT article_id, source_id, published_at, published_on, coalesce(title, path) AS title
    FROM articles_live
    WHERE published_on IS NOT NULL AND $source IN ('', source_id)
    ORDER BY published_at DESC, article_id
    LIMIT $rows
)
SELECT n.source_id, n.published_on, n.title,
    (SELECT list(c.name ORDER BY b.position) FROM article_categories AS b JOIN categories AS c USING (category_id)
     WHERE b.article_id = n.article_id) AS categories,
    (SELECT list(t.name ORDER BY b.position) FROM article_tags AS b JOIN tags AS t USING (tag_id)
     WHERE b.article_id = n.article_id) AS tags,
    m.words
FROM newest AS n
JOIN article_metrics AS m ON m.article_id = n.article_id
ORDER BY n.published_at DESC, n.article_id;
