-- Which images have no alternative text?
-- $source = '': name of a source; all by default
-- $rows = 20: most images to show
-- An image that is only decoration, with alt="", is the same row as one whose text was forgotten.
SELECT a.source_id, a.path, l.position, l.url AS image
FROM article_links AS l
JOIN articles_live AS a ON a.article_id = l.article_id
WHERE l.kind = 'image' AND coalesce(trim(l.text), '') = '' AND $source IN ('', a.source_id)
ORDER BY a.published_on DESC NULLS LAST, a.article_id, l.position
LIMIT $rows;
