-- Which images have no alternative text?
-- $source = '': name of a source; all by default
-- $rows = 20: most images to show
-- An image that is only decoration, with alt="", is the same row as one whose text was forgotten.
SELECT i.source_id, a.path, i.position, i.image
FROM images_without_text AS i
JOIN articles AS a ON a.article_id = i.article_id
WHERE $source IN ('', i.source_id)
ORDER BY a.published_on DESC NULLS LAST, a.article_id, i.position
LIMIT $rows;
