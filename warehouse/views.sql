-- Questions that many ask, over the tables of schema.sql: part of the contract. A column of a view that has no comment
-- here takes that of the column of the same name in the first table that the view names and that has one.

-- The cut every aggregate makes: published, and out at the as_of of the last refresh.
CREATE VIEW articles_live AS
SELECT * FROM articles
WHERE status = 'published'
  AND missing_since IS NULL
  AND (published_at IS NULL OR published_at <= (SELECT max_by(as_of, refresh_id) FROM refreshes))
  AND (expires_at IS NULL OR expires_at > (SELECT max_by(as_of, refresh_id) FROM refreshes));
COMMENT ON VIEW articles_live IS 'One row per article that is published, not in the future and not expired at the last refresh.';

-- What aggregates of words and stories count of each live article, joined once for all that are built together.
CREATE VIEW articles_counted AS
SELECT a.article_id, a.source_id, a.published_on, coalesce(s.is_first, false) AS is_first, m.words, m.reading_minutes
FROM articles_live AS a
JOIN article_metrics AS m ON m.article_id = a.article_id
LEFT JOIN stories AS s ON s.article_id = a.article_id;
COMMENT ON COLUMN articles_counted.is_first IS 'Whether it was the first to tell its story; false where [insight] stories is off.';
COMMENT ON VIEW articles_counted IS 'One row per live article: what the aggregates count of it.';

-- What the cut leaves out.
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
COMMENT ON COLUMN articles_not_live.because IS 'missing (its file went, and the source keeps such articles), draft, to_come or expired.';
COMMENT ON VIEW articles_not_live IS 'One row per article that is not in articles_live, and because of what: missing, draft, to_come or expired.';

-- What moved the counts. A row of an older version does not say what was out: there the status speaks for it.
CREATE VIEW changes AS
SELECT r.refresh_id, r.as_of AS seen_at, c.source_id, c.change, c.article_id, c.title,
    coalesce(c.new_path, c.old_path) AS path, c.old_path,
    coalesce(c.was_live, c.old_status = 'published', false) AS was_live,
    coalesce(c.is_live, c.new_status = 'published', false) AS is_live,
    c.old_published_on, c.new_published_on, c.old_categories, c.new_categories
FROM article_changes AS c JOIN refreshes AS r ON r.refresh_id = c.refresh_id;
COMMENT ON COLUMN changes.seen_at IS 'as_of of the refresh that saw the change.';
COMMENT ON COLUMN changes.path IS 'File after the change; before it, where the article is gone.';
COMMENT ON COLUMN changes.was_live IS 'Whether it was out at the refresh before.';
COMMENT ON COLUMN changes.is_live IS 'Whether it was out at this refresh.';
COMMENT ON VIEW changes IS 'One row per article and refresh that changed it or in which it came out or expired: how, and what it was before.';

-- The rows that most questions begin with. Without the plain text, which costs time to read: join article_bodies for it.
CREATE VIEW articles_full AS
SELECT a.article_id, a.source_id, a.title, a.url, a.published_at, a.published_local, a.published_on, a.updated_at,
    rtrim(p.url, '/') || a.url AS address, l.article_id IS NOT NULL AS is_live, a.status, a.language, a.medium, a.original_url, a.path,
    coalesce(c.ids, []) AS category_ids, coalesce(c.names, []) AS categories,
    coalesce(t.ids, []) AS tag_ids, coalesce(t.names, []) AS tags,
    coalesce(w.names, []) AS authors,
    m.characters, m.words, m.han_characters, m.sentences, m.paragraphs, m.headings, m.links, m.images, m.code_blocks,
    m.reading_minutes, a.excerpt, s.story_id, s.is_first, coalesce(i.links_in, 0) AS links_in
FROM articles AS a
LEFT JOIN sources AS p ON p.source_id = a.source_id
LEFT JOIN stories AS s ON s.article_id = a.article_id
LEFT JOIN article_metrics AS m ON m.article_id = a.article_id
LEFT JOIN articles_live AS l ON l.article_id = a.article_id
LEFT JOIN (
    SELECT b.article_id, list(b.category_id ORDER BY b.position) AS ids, list(n.name ORDER BY b.position) AS names
    FROM article_categories AS b JOIN categories AS n ON n.category_id = b.category_id GROUP BY b.article_id
) AS c ON c.article_id = a.article_id
LEFT JOIN (
    SELECT b.article_id, list(b.tag_id ORDER BY b.position) AS ids, list(n.name ORDER BY b.position) AS names
    FROM article_tags AS b JOIN tags AS n ON n.tag_id = b.tag_id GROUP BY b.article_id
) AS t ON t.article_id = a.article_id
LEFT JOIN (
    SELECT b.article_id, list(n.name ORDER BY b.position) AS names
    FROM article_authors AS b JOIN authors AS n ON n.author_id = b.author_id GROUP BY b.article_id
) AS w ON w.article_id = a.article_id
LEFT JOIN (
    SELECT t.target_article_id AS article_id, count(DISTINCT t.article_id) AS links_in
    FROM link_targets AS t SEMI JOIN articles_live AS f ON f.article_id = t.article_id
    WHERE t.target_article_id <> t.article_id GROUP BY t.target_article_id
) AS i ON i.article_id = a.article_id;
COMMENT ON VIEW articles_full IS 'One row per article, live or not, with its categories, tags, authors, metrics and story.';
COMMENT ON COLUMN articles_full.address IS 'Whole address of the page: that of the site and url; NULL where either is not known.';
COMMENT ON COLUMN articles_full.is_live IS 'Whether it is in articles_live.';
COMMENT ON COLUMN articles_full.category_ids IS 'category_id of each category, in the order of the post; [] for none.';
COMMENT ON COLUMN articles_full.categories IS 'Name of each category, in the same order.';
COMMENT ON COLUMN articles_full.tag_ids IS 'tag_id of each tag, in the order of the post; [] for none.';
COMMENT ON COLUMN articles_full.tags IS 'Name of each tag, in the same order.';
COMMENT ON COLUMN articles_full.authors IS 'Name of each author, in the order of the post; [] for none.';
COMMENT ON COLUMN articles_full.links_in IS 'Other live articles of its source that link to it; 0 where [insight] links is off.';

CREATE VIEW posts AS FROM articles_full;
COMMENT ON VIEW posts IS 'One row per article: articles_full, under the name that many look for first.';

-- Who told a story first, and who told it again how much later.
CREATE VIEW who_was_first AS
SELECT s.story_id, row_number() OVER earlier AS position, s.is_first, a.article_id, a.source_id, a.medium, a.published_at,
    date_diff('minute', first_value(a.published_at) OVER earlier, a.published_at) AS minutes_after_first,
    s.similarity, a.title, a.url
FROM stories AS s JOIN articles_live AS a ON a.article_id = s.article_id
WINDOW earlier AS (PARTITION BY s.story_id ORDER BY NOT s.is_first, a.published_at NULLS LAST, a.article_id)
QUALIFY count(*) OVER (PARTITION BY s.story_id) > 1;
COMMENT ON VIEW who_was_first IS 'One row per live article of a story that several live articles tell, in the order in which they told it.';
COMMENT ON COLUMN who_was_first.position IS '1 for the first of the story, then 2 and so on.';
COMMENT ON COLUMN who_was_first.source_id IS 'Source of the article.';
COMMENT ON COLUMN who_was_first.medium IS 'Medium the article was first published in, found by a rule of the source.';
COMMENT ON COLUMN who_was_first.published_at IS 'Instant of publication; NULL when the post has no date that can be trusted.';
COMMENT ON COLUMN who_was_first.title IS 'Title as a reader sees it; NULL when there is none.';
COMMENT ON COLUMN who_was_first.url IS 'Path of the page on the site.';
COMMENT ON COLUMN who_was_first.minutes_after_first IS 'Minutes from the publication of the first to that of this one; NULL where one of them has no date.';

CREATE VIEW schema_version AS SELECT schema_version FROM internal.generation;
COMMENT ON VIEW schema_version IS 'One row per file: the form of its tables.';
COMMENT ON COLUMN schema_version.schema_version IS 'Fingerprint of what declares the tables, views and macros; after a change of it every table is built anew.';

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
