-- What came out last?
-- $source = '': name of a source; all by default
-- $rows = 10: most articles to show
SELECT source_id, published_on, coalesce(title, path) AS title, categories, tags, words
FROM articles_full
WHERE is_live AND published_on IS NOT NULL AND $source IN ('', source_id)
ORDER BY published_at DESC, article_id
LIMIT $rows;
