-- Which versions of an article were there?
-- $path = '': path of its file; the article with most versions by default
-- Versions that were replaced are kept where [warehouse] history is on; the present one is always there.
WITH versions AS (
    SELECT article_id, path, title, length(text) AS characters, first_seen_at, replaced_at FROM article_versions
    UNION ALL
    SELECT a.article_id, a.path, a.title, length(b.text), h.last_changed_at, NULL
    FROM articles AS a
    JOIN article_bodies AS b ON b.article_id = a.article_id
    JOIN article_history AS h ON h.article_id = a.article_id
), chosen AS (
    SELECT article_id FROM versions WHERE $path IN ('', path)
    GROUP BY article_id ORDER BY count(*) DESC, article_id LIMIT 1
)
SELECT row_number() OVER (ORDER BY v.first_seen_at, v.replaced_at NULLS LAST) AS version, v.path,
    coalesce(v.title, v.path) AS title, v.characters, v.first_seen_at AS valid_from,
    coalesce(v.replaced_at::VARCHAR, 'now') AS valid_to
FROM versions AS v
JOIN chosen AS c ON c.article_id = v.article_id
ORDER BY version
LIMIT 20;
