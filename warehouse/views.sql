-- Questions that many ask, over the tables of schema.sql: part of the contract.

-- The cut every aggregate makes: published, and out at the as_of of the last refresh.
CREATE VIEW articles_live AS
SELECT * FROM articles
WHERE status = 'published'
  AND missing_since IS NULL
  AND (published_at IS NULL OR published_at <= (SELECT max_by(as_of, refresh_id) FROM refreshes))
  AND (expires_at IS NULL OR expires_at > (SELECT max_by(as_of, refresh_id) FROM refreshes));
COMMENT ON VIEW articles_live IS 'One row per article that is published, not in the future and not expired at the last refresh.';

-- What that cut leaves out.
CREATE VIEW articles_not_live AS
SELECT
    CASE
        WHEN missing_since IS NOT NULL THEN 'missing'
        WHEN status <> 'published' THEN status
        WHEN published_at > as_of THEN 'to_come'
        ELSE 'expired'
    END AS because,
    articles.*
FROM articles, (SELECT max_by(as_of, refresh_id) AS as_of FROM refreshes)
WHERE status <> 'published' OR missing_since IS NOT NULL OR published_at > as_of OR expires_at <= as_of;
COMMENT ON VIEW articles_not_live IS 'One row per article that is not in articles_live, and because of what: missing, draft, to_come or expired.';

-- What moved the counts. A row of an older version does not say what was out: there the status speaks for it.
CREATE VIEW changes AS
SELECT r.refresh_id, r.as_of AS seen_at, c.source_id, c.change, c.article_id, c.title,
    coalesce(c.new_path, c.old_path) AS path, c.old_path,
    coalesce(c.was_live, c.old_status = 'published', false) AS was_live,
    coalesce(c.is_live, c.new_status = 'published', false) AS is_live,
    c.old_published_on, c.new_published_on, c.old_categories, c.new_categories
FROM article_changes AS c JOIN refreshes AS r ON r.refresh_id = c.refresh_id;
COMMENT ON VIEW changes IS 'One row per article and refresh that changed it or in which it came out or expired: how, and what it was before.';

-- Meant for sites with [warehouse] history on: of the times when it was off, the versions that were replaced are missing.
-- DuckDB looks for the tables of a macro in the database in use: where this file is attached, USE it first.
CREATE MACRO articles_as_of(moment) AS TABLE
SELECT article_id, source_id, path, status, title, published_at, published_on, categories, tags, authors, file_hash,
    text, first_seen_at
FROM article_versions WHERE first_seen_at <= moment AND replaced_at > moment
UNION ALL
SELECT a.article_id, a.source_id, a.path, a.status, a.title, a.published_at, a.published_on,
    (SELECT coalesce(list(b.category_id ORDER BY b.position), []) FROM article_categories AS b WHERE b.article_id = a.article_id),
    (SELECT coalesce(list(b.tag_id ORDER BY b.position), []) FROM article_tags AS b WHERE b.article_id = a.article_id),
    (SELECT coalesce(list(b.author_id ORDER BY b.position), []) FROM article_authors AS b WHERE b.article_id = a.article_id),
    f.file_hash, t.text, h.last_changed_at
FROM articles AS a
JOIN article_history AS h ON h.article_id = a.article_id AND h.last_changed_at <= moment
JOIN article_bodies AS t ON t.article_id = a.article_id
LEFT JOIN post_files AS f ON f.source_id = a.source_id AND f.path = a.path AND a.missing_since IS NULL;
COMMENT ON MACRO TABLE articles_as_of IS 'One row per article as it was known at a moment; articles replaced while [warehouse] history was off are missing. In an attached file: USE it first.';
