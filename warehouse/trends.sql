-- Which terms rise, and how two periods differ: all counted in stories, the week or day of a story being that of its
-- first live article. docs/trends.md has the formula and what was measured.

CREATE VIEW article_terms AS
WITH terms AS (
    SELECT article_id, unnest(string_split(words, ' ')) AS term, 'word' AS kind FROM internal.article_words
    WHERE words <> ''
    UNION ALL SELECT article_id, tag_id, 'tag' FROM article_tags
    UNION ALL SELECT DISTINCT article_id, key, 'mention' FROM article_mentions
    UNION ALL SELECT DISTINCT article_id, host, 'host' FROM article_links WHERE kind = 'external' AND host IS NOT NULL
)
SELECT article_id, term, kind FROM terms WHERE EXISTS (SELECT 1 FROM internal.relations AS r WHERE r.name = 'terms');
COMMENT ON VIEW article_terms IS 'One row per article and term: words of title and excerpt, tags, mentions, hosts that it links to; empty where [insight] terms is off.';
COMMENT ON COLUMN article_terms.article_id IS 'Article.';
COMMENT ON COLUMN article_terms.term IS 'The word in lower case, tag_id of the tag, key of the mention, or the host.';
COMMENT ON COLUMN article_terms.kind IS 'word, tag, mention or host.';

-- Where stories are off, each article counts.
CREATE VIEW dated_stories AS
SELECT a.source_id, a.article_id, a.published_at, a.published_on,
    date_trunc('week', a.published_on)::DATE AS week, a.title, a.url
FROM articles_live AS a LEFT JOIN stories AS s ON s.article_id = a.article_id
WHERE a.published_on IS NOT NULL AND coalesce(s.is_first, true);
COMMENT ON VIEW dated_stories IS 'One row per story: its first live article, if that is dated; one row per live dated article where [insight] stories is off.';
COMMENT ON COLUMN dated_stories.source_id IS 'Source of the article.';
COMMENT ON COLUMN dated_stories.article_id IS 'First live article of the story.';
COMMENT ON COLUMN dated_stories.published_at IS 'Instant of publication.';
COMMENT ON COLUMN dated_stories.published_on IS 'Date of it on the clock of the source.';
COMMENT ON COLUMN dated_stories.title IS 'Title as a reader sees it; NULL when there is none.';
COMMENT ON COLUMN dated_stories.url IS 'Path of the page on the site.';
COMMENT ON COLUMN dated_stories.week IS 'Monday of the week of published_on.';

CREATE VIEW terms_by_week AS
SELECT a.source_id, a.week, t.kind, t.term, count(*) AS stories
FROM dated_stories AS a JOIN article_terms AS t ON t.article_id = a.article_id
GROUP BY ALL;
COMMENT ON VIEW terms_by_week IS 'One row per source, week and term: in how many stories it is.';
COMMENT ON COLUMN terms_by_week.source_id IS 'Source.';
COMMENT ON COLUMN terms_by_week.week IS 'Monday of the week, on the clock of the source.';
COMMENT ON COLUMN terms_by_week.kind IS 'word, tag, mention or host.';
COMMENT ON COLUMN terms_by_week.term IS 'As in article_terms.';
COMMENT ON COLUMN terms_by_week.stories IS 'Stories first told in the week, with the term in their first article.';

CREATE VIEW terms_by_week_category AS
SELECT a.source_id, c.category_id, a.week, t.kind, t.term, count(*) AS stories
FROM dated_stories AS a
JOIN article_categories AS c ON c.article_id = a.article_id
JOIN article_terms AS t ON t.article_id = a.article_id
GROUP BY ALL;
COMMENT ON VIEW terms_by_week_category IS 'One row per source, category, week and term: in how many stories it is; a story of two categories counts in both.';
COMMENT ON COLUMN terms_by_week_category.source_id IS 'Source.';
COMMENT ON COLUMN terms_by_week_category.category_id IS 'Category of the first article.';
COMMENT ON COLUMN terms_by_week_category.week IS 'Monday of the week, on the clock of the source.';
COMMENT ON COLUMN terms_by_week_category.kind IS 'word, tag, mention or host.';
COMMENT ON COLUMN terms_by_week_category.term IS 'As in article_terms.';
COMMENT ON COLUMN terms_by_week_category.stories IS 'Stories first told in the week, with the term in their first article.';

-- n of p stories now, b of p0 before: how far n is from what is expected, in its own deviations (Anscombe's square root),
-- and in those of what is expected.
CREATE MACRO trend_expected(p, b, p0) AS (b + 1) * p / nullif(p0, 0);
COMMENT ON MACRO trend_expected IS 'Stories with a term to expect among p, where b of p0 had it before.';
CREATE MACRO trend_score(n, p, b, p0) AS
    round(2 * (sqrt(n + 3 / 8) - sqrt(trend_expected(p, b, p0) + 3 / 8)) / sqrt(1 + p / nullif(p0, 0)), 2);
COMMENT ON MACRO trend_score IS 'How unusual n stories with a term among p are, where b of p0 had it before: 3 or more is clear, 2 to 3 is worth a look.';

CREATE VIEW trending_terms AS
WITH clock AS (
    -- The clock of a source as its last article had it: a time zone would need an extension.
    SELECT source_id, max_by(epoch_us(published_local) - epoch_us(published_at), published_at) AS offset_us
    FROM articles_live WHERE published_at IS NOT NULL GROUP BY source_id
), last_weeks AS (
    SELECT source_id, date_trunc('week', make_timestamp(epoch_us(as_of) + offset_us))::DATE AS week
    FROM clock, (SELECT max_by(as_of, refresh_id) AS as_of FROM refreshes)
), recent AS MATERIALIZED (
    SELECT a.source_id, a.article_id, a.published_at, a.week AS own_week, w.week, a.week = w.week AS is_now
    FROM dated_stories AS a JOIN last_weeks AS w ON w.source_id = a.source_id
    WHERE a.week BETWEEN w.week - 84 AND w.week
), sizes AS (
    SELECT source_id, count(*) FILTER (is_now) AS p, count(*) FILTER (NOT is_now) AS p0,
        count(DISTINCT own_week) FILTER (NOT is_now) AS weeks
    FROM recent GROUP BY source_id
), terms AS (
    SELECT r.source_id, r.week, r.article_id, r.published_at, r.is_now, 'word' AS kind,
        unnest(string_split(t.words, ' ')) AS term
    FROM recent AS r JOIN internal.article_words AS t ON t.article_id = r.article_id AND t.words <> ''
    UNION ALL
    SELECT r.source_id, r.week, r.article_id, r.published_at, r.is_now, t.kind, t.term
    FROM recent AS r JOIN article_terms AS t ON t.article_id = r.article_id AND t.kind <> 'word'
), counted AS (
    SELECT source_id, week, kind, term, count(*) FILTER (is_now) AS n, count(*) FILTER (NOT is_now) AS b,
        arg_min(article_id, (published_at, article_id)) FILTER (is_now) AS first_article_id
    FROM terms GROUP BY ALL HAVING n > 0
), judged AS (
    SELECT c.*, s.p, s.p0,
        CASE WHEN s.p < 20 THEN 'too_few_stories' WHEN s.weeks < 4 THEN 'too_few_weeks' END AS reason
    FROM counted AS c JOIN sizes AS s ON s.source_id = c.source_id
    WHERE c.kind <> 'word' OR c.b <= 0.1 * s.p0
)
SELECT source_id, week, kind, term, n, round(trend_expected(p, b, p0), 2) AS expected,
    CASE WHEN reason IS NULL THEN trend_score(n, p, b, p0) END AS score,
    CASE WHEN reason IS NULL THEN n >= 3 AND trend_score(n, p, b, p0) >= 3 END AS is_rising,
    reason, first_article_id, b AS n_before, p AS stories, p0 AS stories_before
FROM judged;
COMMENT ON VIEW trending_terms IS 'One row per source and term of the last week, that of as_of: how far it is from the usual of the 12 weeks before. ORDER BY score DESC NULLS LAST.';
COMMENT ON COLUMN trending_terms.source_id IS 'Source.';
COMMENT ON COLUMN trending_terms.week IS 'Monday of the last week.';
COMMENT ON COLUMN trending_terms.kind IS 'word, tag, mention or host.';
COMMENT ON COLUMN trending_terms.term IS 'As in article_terms. Words of more than a tenth of the stories before are left out.';
COMMENT ON COLUMN trending_terms.n IS 'Stories with the term in the last week.';
COMMENT ON COLUMN trending_terms.expected IS 'How many were to be expected: (n_before + 1) * stories / stories_before.';
COMMENT ON COLUMN trending_terms.score IS 'How unusual n is: 3 or more is clear, 2 to 3 is worth a look; NULL where there are too few stories to tell.';
COMMENT ON COLUMN trending_terms.is_rising IS 'score is 3 or more, and n is; NULL where there is no score.';
COMMENT ON COLUMN trending_terms.reason IS 'Why there is no score: too_few_stories (fewer than 20 in the last week) or too_few_weeks (fewer than 4 of the 12 before have stories).';
COMMENT ON COLUMN trending_terms.first_article_id IS 'Earliest article with the term in the last week.';
COMMENT ON COLUMN trending_terms.n_before IS 'Stories with the term in the 12 weeks before.';
COMMENT ON COLUMN trending_terms.stories IS 'All stories of the source in the last week.';
COMMENT ON COLUMN trending_terms.stories_before IS 'All stories of the source in the 12 weeks before.';

CREATE VIEW tag_pairs AS
SELECT a.source_id, one.tag_id, other.tag_id AS other_tag_id, count(*) AS articles,
    max(a.published_on) AS last_published_on
FROM articles_live AS a
JOIN article_tags AS one ON one.article_id = a.article_id
JOIN article_tags AS other ON other.article_id = a.article_id AND other.tag_id > one.tag_id
GROUP BY ALL;
COMMENT ON VIEW tag_pairs IS 'One row per source and two tags that a live article has both of.';
COMMENT ON COLUMN tag_pairs.source_id IS 'Source.';
COMMENT ON COLUMN tag_pairs.tag_id IS 'Tag, the lower id of the two.';
COMMENT ON COLUMN tag_pairs.other_tag_id IS 'The other tag.';
COMMENT ON COLUMN tag_pairs.articles IS 'Live articles with both.';
COMMENT ON COLUMN tag_pairs.last_published_on IS 'Day of the last dated one.';

CREATE VIEW mentions_by_date AS
SELECT a.source_id, a.published_on, m.kind, m.key, max_by(m.label, (m.count, m.label)) AS label, count(*) AS articles,
    count(*) FILTER (coalesce(s.is_first, true)) AS stories, sum(m.count)::BIGINT AS mentions
FROM articles_live AS a
JOIN article_mentions AS m ON m.article_id = a.article_id
LEFT JOIN stories AS s ON s.article_id = a.article_id
WHERE a.published_on IS NOT NULL
GROUP BY a.source_id, a.published_on, m.kind, m.key;
COMMENT ON VIEW mentions_by_date IS 'One row per source, day and entity that live articles of the day mention.';
COMMENT ON COLUMN mentions_by_date.source_id IS 'Source.';
COMMENT ON COLUMN mentions_by_date.published_on IS 'Day on the clock of the source.';
COMMENT ON COLUMN mentions_by_date.kind IS 'Kind of entity, from the rule in etl.toml.';
COMMENT ON COLUMN mentions_by_date.key IS 'Key of the entity.';
COMMENT ON COLUMN mentions_by_date.label IS 'Spelling of the article that mentions it most often.';
COMMENT ON COLUMN mentions_by_date.articles IS 'Live articles of the day that mention it.';
COMMENT ON COLUMN mentions_by_date.stories IS 'Those of them that were the first to tell their story, copies left out.';
COMMENT ON COLUMN mentions_by_date.mentions IS 'Number of times that they mention it.';

CREATE MACRO compare(from1, to1, from2, to2) AS TABLE
WITH told AS MATERIALIZED (
    SELECT article_id, published_on BETWEEN from1::DATE AND to1::DATE AS in1,
        published_on BETWEEN from2::DATE AND to2::DATE AS in2
    FROM dated_stories
    WHERE published_on BETWEEN from1::DATE AND to1::DATE OR published_on BETWEEN from2::DATE AND to2::DATE
), sizes AS (
    SELECT count(*) FILTER (in1) AS p1, count(*) FILTER (in2) AS p2 FROM told
), terms AS (
    SELECT t.in1, t.in2, 'word' AS kind, unnest(string_split(w.words, ' ')) AS term
    FROM told AS t JOIN internal.article_words AS w ON w.article_id = t.article_id AND w.words <> ''
    UNION ALL
    SELECT t.in1, t.in2, a.kind, a.term FROM told AS t JOIN article_terms AS a ON a.article_id = t.article_id
    WHERE a.kind <> 'word'
    UNION ALL
    SELECT t.in1, t.in2, 'category', c.category_id
    FROM told AS t JOIN article_categories AS c ON c.article_id = t.article_id
), counted AS (
    SELECT kind, term, count(*) FILTER (in1) AS n1, count(*) FILTER (in2) AS n2 FROM terms GROUP BY kind, term
)
SELECT 'all' AS kind, NULL AS term, p1 AS stories_1, p2 AS stories_2, NULL::DOUBLE AS expected, NULL::DOUBLE AS score
FROM sizes
UNION ALL
SELECT c.kind, c.term, c.n1, c.n2, round(trend_expected(s.p2, c.n1, s.p1), 2),
    CASE WHEN least(s.p1, s.p2) >= 20 THEN trend_score(c.n2, s.p2, c.n1, s.p1) END
FROM counted AS c, sizes AS s;
COMMENT ON MACRO TABLE compare IS 'One row per category and term of stories of two periods, days from1 to to1 and from2 to to2, and one (all) for every story: kind, term, stories_1, stories_2, expected (in the second period, by the first), score (positive where the second has more; NULL where a period has fewer than 20 stories). In an attached file: USE it first.';

CREATE MACRO top_tags(from_day, to_day) AS TABLE
SELECT b.tag_id, any_value(t.name) AS tag, count(*) AS articles,
    count(*) FILTER (coalesce(s.is_first, true)) AS stories, max(a.published_on) AS last_published_on
FROM articles_live AS a
JOIN article_tags AS b ON b.article_id = a.article_id
JOIN tags AS t ON t.tag_id = b.tag_id
LEFT JOIN stories AS s ON s.article_id = a.article_id
WHERE a.published_on BETWEEN from_day::DATE AND to_day::DATE
GROUP BY b.tag_id
ORDER BY stories DESC, articles DESC, b.tag_id;
COMMENT ON MACRO TABLE top_tags IS 'One row per tag of live articles of the days from_day to to_day, the most told first: tag_id, tag, articles, stories, last_published_on. In an attached file: USE it first.';

-- What two articles have in common counts the more the rarer it is; a link counts like a term of one article in 20.
CREATE MACRO related(id) AS TABLE
WITH own AS MATERIALIZED (
    SELECT DISTINCT kind, term FROM article_terms WHERE article_id = id
), shared AS MATERIALIZED (
    SELECT t.article_id, t.kind, t.term FROM article_terms AS t
    JOIN own ON own.kind = t.kind AND own.term = t.term
), articles_there AS (
    SELECT count(*) AS articles FROM articles
), weights AS (
    SELECT s.kind, s.term, ln(any_value(n.articles) / count(*)) AS weight
    FROM shared AS s, articles_there AS n GROUP BY s.kind, s.term
), linked AS (
    SELECT DISTINCT CASE article_id WHEN id THEN target_article_id ELSE article_id END AS article_id FROM link_targets
    WHERE article_id = id OR target_article_id = id
), scores AS (
    SELECT article_id, sum(weight) AS score,
        (list(term ORDER BY weight DESC, term) FILTER (term IS NOT NULL))[:8] AS shared_terms
    FROM (
        SELECT s.article_id, s.term, w.weight FROM shared AS s
        JOIN weights AS w ON w.kind = s.kind AND w.term = s.term WHERE w.weight > 0
        UNION ALL SELECT article_id, NULL, ln(20) FROM linked
    ) GROUP BY article_id
)
SELECT round(b.score, 2) AS score, a.article_id, a.published_on, a.title, a.url,
    coalesce(b.shared_terms, []) AS shared_terms,
    EXISTS (SELECT 1 FROM linked AS l WHERE l.article_id = a.article_id) AS is_linked,
    coalesce(s.story_id = o.story_id, false) AS is_same_story
FROM scores AS b
JOIN articles_live AS a ON a.article_id = b.article_id
LEFT JOIN stories AS s ON s.article_id = a.article_id
LEFT JOIN stories AS o ON o.article_id = id
WHERE b.article_id <> id
ORDER BY b.score DESC, a.article_id
LIMIT 20;
COMMENT ON MACRO TABLE related IS 'One row per live article that has most in common with the article id, at most 20, the nearest first: score, article_id, published_on, title, url, shared_terms, is_linked, is_same_story. In an attached file: USE it first.';
