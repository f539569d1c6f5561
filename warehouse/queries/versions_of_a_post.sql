-- Which versions of an article were there?
-- $path = '': path of its file; the article with most versions by default
-- Versions that were replaced are kept where [warehouse] history is on; the present one is always there. Characters are
-- those of the plain text, white space apart.
WITH chosen AS (
    SELECT a.article_id
    FROM articles AS a
    LEFT JOIN (SELECT article_id, count(*) AS versions FROM article_versions GROUP BY ALL) AS v
        ON v.article_id = a.article_id
    WHERE $path IN ('', a.path)
    ORDER BY v.versions DESC NULLS LAST, a.article_id
    LIMIT 1
), versions AS (
    SELECT v.path, v.title, length(regexp_replace(v.text, '\s', '', 'g')) AS characters, v.first_seen_at, v.replaced_at
    FROM article_versions AS v
    JOIN chosen AS c ON c.article_id = v.article_id
    UNION ALL
    SELECT a.path, a.title, m.characters, h.last_changed_at, NULL
    FROM articles AS a
    JOIN chosen AS c ON c.article_id = a.article_id
    JOIN article_metrics AS m ON m.article_id = a.article_id
    JOIN article_history AS h ON h.article_id = a.article_id
)
SELECT row_number() OVER (ORDER BY first_seen_at, replaced_at NULLS LAST) AS version, path,
    coalesce(title, path) AS title, characters, first_seen_at AS valid_from,
    coalesce(replaced_at::VARCHAR, 'now') AS valid_to
FROM versions
ORDER BY version
LIMIT 20;
