-- Links within a site: what leads here, what nothing leads to, and what leads nowhere. docs/links.md says which links are
-- understood, and when a link that no article answers to counts as broken.

CREATE VIEW backlinks AS
SELECT t.target_article_id AS article_id, t.article_id AS from_article_id, t.position, t.matched_by, l.text AS link_text,
    f.title AS from_title, f.url AS from_url
FROM link_targets AS t
JOIN articles_live AS f ON f.article_id = t.article_id
JOIN article_links AS l ON l.article_id = t.article_id AND l.position = t.position
WHERE t.target_article_id <> t.article_id;
COMMENT ON VIEW backlinks IS 'One row per link of a live article to another article of the same source: what leads to an article.';
COMMENT ON COLUMN backlinks.article_id IS 'Article that the link leads to.';
COMMENT ON COLUMN backlinks.from_article_id IS 'Live article that has the link.';
COMMENT ON COLUMN backlinks.link_text IS 'Text of the link.';
COMMENT ON COLUMN backlinks.from_title IS 'Title of the article that has the link.';
COMMENT ON COLUMN backlinks.from_url IS 'Path of its page on the site.';

CREATE VIEW orphans AS
SELECT a.source_id, a.article_id, a.title, a.url, a.published_on, a.path
FROM articles_live AS a
WHERE NOT EXISTS (SELECT 1 FROM backlinks AS b WHERE b.article_id = a.article_id)
    AND EXISTS (SELECT 1 FROM internal.relations AS r WHERE r.name = 'links');
COMMENT ON VIEW orphans IS 'One row per live article to which no other live article links; empty where [insight] links is off.';
COMMENT ON COLUMN orphans.source_id IS 'Source of the article.';
COMMENT ON COLUMN orphans.title IS 'Title as a reader sees it; NULL when there is none.';
COMMENT ON COLUMN orphans.url IS 'Path of the page on the site.';
COMMENT ON COLUMN orphans.published_on IS 'Date of publication on the clock of the source.';
COMMENT ON COLUMN orphans.path IS 'File the article was read from.';

-- An address has the form of its folder: from a year on if one is in it, as folders above may be categories, and with
-- one number like any other.
CREATE MACRO link_form(folder) AS regexp_replace(coalesce(
    nullif(regexp_extract(folder, '/((?:19|20)[0-9]{2}/.*)$', 1), ''), folder), '[0-9]+', '0', 'g');
COMMENT ON MACRO link_form IS 'A folder of addresses, ending in a slash, as broken_links compares it: from its year on, if it has one, each number as 0.';

-- An end of a path is looked up by links that name the path on the site, whose root is a folder of the source.
CREATE VIEW broken_links AS
WITH unanswered AS (
    SELECT k.article_id, k.position, k.way, k.key, k.names_post, split_part(k.article_id, ':', 1) AS source_id,
        link_form(regexp_replace(k.key, '[^/]*$', '')) AS form, link_form(k.key || '/') AS own_form
    FROM internal.link_keys AS k
    ANTI JOIN link_targets AS t ON t.article_id = k.article_id AND t.position = k.position
    WHERE k.position > 0 AND k.way IN ('address', 'path', 'end')
), forms AS (
    SELECT DISTINCT split_part(article_id, ':', 1) AS source_id, way,
        link_form(regexp_replace(key, '[^/]*$', '')) AS form
    FROM internal.link_keys WHERE position = 0 AND way IN ('address', 'path', 'end')
), folders AS (
    SELECT DISTINCT source_id, way, form[:i] AS form
    FROM (SELECT source_id, way, form, unnest(range(1, length(form) + 1)) AS i FROM forms) WHERE form[i] = '/'
), judged AS (
    SELECT u.article_id, u.position
    FROM unanswered AS u
    LEFT JOIN forms AS f ON f.source_id = u.source_id AND f.way = u.way AND f.form = u.form AND f.form NOT IN ('/', '')
    LEFT JOIN folders AS d ON d.source_id = u.source_id AND d.way = u.way AND d.form = u.own_form
    GROUP BY ALL
    HAVING bool_or(u.names_post) OR (bool_and(u.names_post IS NULL) AND count(f.form) > 0 AND count(d.form) = 0)
)
SELECT a.source_id, a.article_id, a.title, l.position, l.url AS link, l.text AS link_text,
    'no_article' AS because, NULL::VARCHAR AS target_article_id
FROM judged AS j
JOIN articles_live AS a ON a.article_id = j.article_id
JOIN article_links AS l ON l.article_id = j.article_id AND l.position = j.position
UNION ALL
SELECT a.source_id, a.article_id, a.title, l.position, l.url, l.text, n.because, n.article_id
FROM link_targets AS t
JOIN articles_not_live AS n ON n.article_id = t.target_article_id
JOIN articles_live AS a ON a.article_id = t.article_id
JOIN article_links AS l ON l.article_id = t.article_id AND l.position = t.position;
COMMENT ON VIEW broken_links IS 'One row per link of a live article that is meant for an article of the same source and leads to none that is live.';
COMMENT ON COLUMN broken_links.source_id IS 'Source of the article that has the link.';
COMMENT ON COLUMN broken_links.article_id IS 'Article that has the link.';
COMMENT ON COLUMN broken_links.title IS 'Title of that article.';
COMMENT ON COLUMN broken_links.position IS 'Position of the link in article_links.';
COMMENT ON COLUMN broken_links.link IS 'Address as written.';
COMMENT ON COLUMN broken_links.link_text IS 'Text of the link.';
COMMENT ON COLUMN broken_links.because IS 'no_article, or what the article that it leads to is: draft, to_come, expired or missing.';
COMMENT ON COLUMN broken_links.target_article_id IS 'The article that it leads to, if there is one that is not live.';

CREATE VIEW images_without_text AS
SELECT a.source_id, a.article_id, a.title, l.position, l.url AS image
FROM article_links AS l JOIN articles_live AS a ON a.article_id = l.article_id
WHERE l.kind = 'image' AND l.text IS NULL;
COMMENT ON VIEW images_without_text IS 'One row per image of a live article that has no alternative text.';
COMMENT ON COLUMN images_without_text.source_id IS 'Source of the article.';
COMMENT ON COLUMN images_without_text.article_id IS 'Article that has the image.';
COMMENT ON COLUMN images_without_text.title IS 'Title of the article.';
COMMENT ON COLUMN images_without_text.position IS 'Position of the image in article_links.';
COMMENT ON COLUMN images_without_text.image IS 'Address of the image as written.';

CREATE VIEW heading_jumps AS
SELECT a.source_id, a.article_id, a.title, h.position, h.text AS heading, h.level, h.level_before
FROM (
    SELECT article_id, position, text, level, lag(level) OVER (PARTITION BY article_id ORDER BY position) AS level_before
    FROM article_headings
) AS h JOIN articles_live AS a ON a.article_id = h.article_id
WHERE h.level > h.level_before + 1;
COMMENT ON VIEW heading_jumps IS 'One row per heading of a live article that is more than one level below the heading before it.';
COMMENT ON COLUMN heading_jumps.source_id IS 'Source of the article.';
COMMENT ON COLUMN heading_jumps.article_id IS 'Article that has the heading.';
COMMENT ON COLUMN heading_jumps.title IS 'Title of the article.';
COMMENT ON COLUMN heading_jumps.position IS 'Position of the heading in article_headings.';
COMMENT ON COLUMN heading_jumps.heading IS 'Text of the heading.';
COMMENT ON COLUMN heading_jumps.level IS 'Its level.';
COMMENT ON COLUMN heading_jumps.level_before IS 'Level of the heading before it.';
