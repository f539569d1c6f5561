-- Search in titles and plain texts. It needs no dictionary, no extension and no network: any DuckDB client can ask.
-- docs/search.md says what is found and why. etl_project/transform/search_text.py folds posts by the rule of
-- `search_form` when they are read; a test proves that both give the same.

-- The scripts in the first pattern put no spaces between words: each of their runs is set apart. In the second, all but
-- letters, marks and digits becomes one space. U+FE0E and U+FE0F, which choose between text and emoji, are no marks here.
CREATE MACRO search_form(s) AS ' ' || trim(regexp_replace(regexp_replace(lower(translate(nfc_normalize(s),
    '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚİΣς' || chr(65038) || chr(65039),
    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyziσσ  ')),
    '[\p{Han}\x{2EBF0}-\x{2EE5D}\p{Bopomofo}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー\x{FF70}\x{FF9E}\x{FF9F}]+',
    ' \0 ', 'g'),
    '[^\p{L}\p{M}\p{N}\p{Han}\x{2EBF0}-\x{2EE5D}\p{Bopomofo}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー\x{FF70}\x{FF9E}\x{FF9F}]+',
    ' ', 'g')) || ' ';
COMMENT ON MACRO search_form IS 'A text as search compares it: NFC, half-width, lower case, single spaces between words and around each run of a script without spaces, such as Han; other characters are left out.';

-- One needle for each chunk that was typed. A word of Latin letters is looked for without its English ending, from the
-- beginning of a word; other words of three letters or more from the beginning of a word; shorter ones, numbers and
-- chunks of several words as they are; scripts without spaces anywhere in a run.
CREATE MACRO search_needles(query) AS list_distinct([
    CASE
        WHEN regexp_full_match(c, ' [a-z]{5,} ') THEN regexp_replace(regexp_replace(regexp_replace(rtrim(c),
            '^( [a-z]{4,}?)(?:ations|ation|ings|ing|ed|ies|ly|([sxz]|ch|sh)es)$', '\1\2'),
            '^( [a-z]{3,}[^siu])s$', '\1'),
            '^( [a-z]{4,})y$|^( [a-z]{5,})[ei]$', '\1\2')
        WHEN regexp_full_match(c, ' [\p{L}\p{M}\p{N}]{3,} ') AND regexp_matches(c, '\p{L}')
            AND NOT regexp_matches(c, '[\p{Han}\x{2EBF0}-\x{2EE5D}\p{Bopomofo}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー\x{FF70}\x{FF9E}\x{FF9F}]')
            THEN rtrim(c)
        ELSE regexp_replace(regexp_replace(c,
            '^ ([\p{Han}\x{2EBF0}-\x{2EE5D}\p{Bopomofo}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー\x{FF70}\x{FF9E}\x{FF9F}])', '\1'),
            '([\p{Han}\x{2EBF0}-\x{2EE5D}\p{Bopomofo}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー\x{FF70}\x{FF9E}\x{FF9F}]) $', '\1')
    END
    for c in [search_form(x) for x in regexp_extract_all(nfc_normalize(query), '[^\s\p{Z}\x{85}]+')] if trim(c) <> ''
]);
COMMENT ON MACRO search_needles IS 'What a query looks for in search_text.form: a list of texts without repetition, [] for a query without a letter or digit. An article is a hit where each of them occurs.';

CREATE MACRO times(t, w) AS (strlen(t) - strlen(replace(t, w, ''))) // strlen(w);
COMMENT ON MACRO times IS 'How often one text occurs in another, overlaps counted once.';

-- Scores are those of BM25 (Robertson and Zaragoza 2009; k1 = 1.2, b = 0.75), with the weight of a needle once more where
-- it is in the title. The eight longest needles of a query make the score. Needles are looked for as texts: a regular
-- expression made of them would be compiled for each row.
CREATE MACRO search_hits(query) AS TABLE
WITH q AS MATERIALIZED (
    SELECT list(needle ORDER BY length(needle) DESC, needle) AS needles
    FROM (SELECT unnest(search_needles(query)) AS needle)
),
some_found AS MATERIALIZED (
    SELECT f.article_id, f.length, f.tf,
        CASE WHEN list_contains(f.tf, 0) THEN false
            WHEN length(q.needles) > 8 THEN list_bool_and([contains(f.form, x) for x in q.needles[9:]])
            ELSE true END AS is_hit,
        CASE WHEN list_contains(f.tf, 0) THEN NULL
            ELSE [contains(split_part(f.form, '  ', 1) || ' ', x) for x in q.needles[:8]] END AS in_title
    FROM (
        SELECT s.article_id, s.length, s.form, [times(s.form, x) for x in q.needles[:8]] AS tf
        FROM search_text AS s, q WHERE list_bool_or([contains(s.form, x) for x in q.needles[:8]])
    ) AS f, q
),
weights AS MATERIALIZED (
    SELECT list(ln(1 + (n.articles - d.df + 0.5) / (d.df + 0.5)) ORDER BY d.i) AS idf, any_value(n.mean) AS mean
    FROM (
        SELECT i, count(*) FILTER (WHERE tf > 0) AS df
        FROM (SELECT unnest(range(1, length(h.tf) + 1)) AS i, unnest(h.tf) AS tf FROM some_found AS h) GROUP BY i
    ) AS d, (SELECT count(*) AS articles, avg(s.length) AS mean FROM search_text AS s) AS n
)
SELECT h.article_id, round(list_sum([
    w.idf[i] * (h.tf[i] * 2.2 / (h.tf[i] + 1.2 * (0.25 + 0.75 * h.length / w.mean)) + h.in_title[i]::INTEGER)
    for i in range(1, length(h.tf) + 1)
]), 3) AS score
FROM some_found AS h, weights AS w WHERE h.is_hit;
COMMENT ON MACRO TABLE search_hits IS 'One row per article whose title and text hold every needle of a query, live or not, without a limit: article_id, score. In an attached file: USE it first.';

CREATE MACRO search(query) AS TABLE
SELECT h.score, a.article_id, a.source_id, a.published_on, a.title, a.url
FROM search_hits(query) AS h JOIN articles_live AS a ON a.article_id = h.article_id
ORDER BY h.score DESC, a.published_at DESC NULLS LAST, a.article_id;
COMMENT ON MACRO TABLE search IS 'One row per live article whose title and text hold every needle of a query, best first, without a limit: score, article_id, source_id, published_on, title, url. In an attached file: USE it first.';
