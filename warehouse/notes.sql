-- What people write into bodies as lines of a form: tasks, fields and, in the front matter, other names. It is looked for
-- when it is asked for, and not when a post is read: few sites have it, and a refresh pays nothing. docs/notes.md says
-- what is understood.

-- The fence that opens first counts; one of four backticks may hold others of three.
CREATE MACRO without_code(body) AS regexp_replace(body,
    '(?ms)^[ \t>]*````[^`\n]*$.*?(?:^[ \t>]*````+[ \t]*$|\z)|^[ \t>]*```[^`\n]*$.*?(?:^[ \t>]*```+[ \t]*$|\z)'
    || '|^[ \t>]*~~~[^\n]*$.*?(?:^[ \t>]*~~~+[ \t]*$|\z)|<!--.*?-->', '', 'g');
COMMENT ON MACRO without_code IS 'A body in Markdown without its fenced blocks and its comments.';

CREATE VIEW article_tasks AS
WITH found AS (
    SELECT article_id, regexp_extract_all(without_code(body),
        '(?m)^[ \t>]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\[(?:[ xX]|[^\p{L}\p{N}\s\]])\][ \t]+\S.*$') AS lines
    FROM article_bodies WHERE contains(body, '] ') OR contains(body, ']' || chr(9))
), tasks AS (
    SELECT article_id, unnest(range(1, length(lines) + 1)) AS position, unnest(lines) AS line FROM found
)
SELECT article_id, position::INTEGER AS position,
    trim(regexp_replace(line, '^[^\[]*\[.\][ \t]+', '')) AS text,
    lower(regexp_extract(line, '\[(.)\]', 1)) = 'x' AS is_done,
    regexp_extract(line, '\[(.)\]', 1) AS status
FROM tasks;
COMMENT ON VIEW article_tasks IS 'One row per task of an article, such as - [ ] or - [x] at the beginning of a line, in reading order.';
COMMENT ON COLUMN article_tasks.position IS 'Order in the body, from 1.';
COMMENT ON COLUMN article_tasks.text IS 'Text of the task as written.';
COMMENT ON COLUMN article_tasks.is_done IS 'Whether x or X stands in the brackets.';
COMMENT ON COLUMN article_tasks.status IS 'What stands in the brackets: a space, x, X or another sign, such as / or -.';

CREATE VIEW article_fields AS
WITH found AS (
    SELECT article_id, regexp_extract_all(regexp_replace(without_code(body), '`[^`\n]*`', '', 'g'),
        '(?m)^[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+(?:\[[^\]\n]\][ \t]+)?)?[*_]{0,2}'
        || '[\p{L}\p{N}][\p{L}\p{N}\p{So} _/-]*[*_]{0,2}[ \t]*::[ \t]+\S.*$'
        || '|\[[\p{L}\p{N}][\p{L}\p{N}\p{So} _/-]*::[ \t]+(?:\[\[[^\]\n]*\]\]|[^\[\]\n])+\]'
        || '|\([\p{L}\p{N}][\p{L}\p{N}\p{So} _/-]*::[ \t]+[^()\n]+\)') AS matches
    FROM article_bodies WHERE contains(body, ':: ') OR contains(body, '::' || chr(9))
), fields AS (
    SELECT article_id, unnest(range(1, length(matches) + 1)) AS position, unnest(matches) AS match FROM found
)
SELECT article_id, position::INTEGER AS position,
    trim(regexp_extract(match, '([\p{L}\p{N}][\p{L}\p{N}\p{So} _/-]*)[*_]{0,2}[ \t]*::', 1)) AS key,
    trim(CASE WHEN match[1] IN ('[', '(') THEN regexp_extract(match, '::[ \t]+(.*).$', 1)
        ELSE regexp_extract(match, '::[ \t]+(.*)$', 1) END) AS value
FROM fields WHERE length(key) <= 60;
COMMENT ON VIEW article_fields IS 'One row per field of an article, key:: value on a line or in brackets, in reading order.';
COMMENT ON COLUMN article_fields.position IS 'Order in the body, from 1.';
COMMENT ON COLUMN article_fields.key IS 'Key as written, without emphasis.';
COMMENT ON COLUMN article_fields.value IS 'Value as written.';

CREATE VIEW article_aliases AS
WITH keys AS (
    SELECT article_id, front_matter, unnest(range(1, length(json_keys(front_matter)) + 1)) AS key_position,
        unnest(json_keys(front_matter)) AS key
    FROM articles WHERE contains(front_matter, 'lias') OR contains(front_matter, 'redirect_from')
), stated AS (
    SELECT article_id, key_position, CASE json_type(front_matter, '/' || key)
        WHEN 'ARRAY' THEN json_extract_string(json_extract(front_matter, '/' || key), '$[*]')
        ELSE [json_extract_string(front_matter, '/' || key)] END AS aliases
    FROM keys WHERE lower(key) IN ('alias', 'aliases', 'redirect_from')
), names AS (
    SELECT article_id, key_position, unnest(range(1, length(aliases) + 1)) AS position, unnest(aliases) AS alias FROM stated
)
SELECT article_id, (row_number() OVER (PARTITION BY article_id ORDER BY key_position, position))::INTEGER AS position, alias
FROM names WHERE trim(alias) <> '';
COMMENT ON VIEW article_aliases IS 'One row per other name or address that the front matter of an article states: aliases, alias, redirect_from.';
COMMENT ON COLUMN article_aliases.position IS 'Order in the front matter, from 1.';
COMMENT ON COLUMN article_aliases.alias IS 'The name or address as written.';
