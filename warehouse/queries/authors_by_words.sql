-- Who wrote most?
-- $rows = 20: most authors to show
-- An article of several authors counts for each of them.
SELECT w.name AS author, count(*) AS articles, sum(m.words)::BIGINT AS words,
    round(sum(m.reading_minutes), 1) AS reading_minutes, min(a.published_on) AS first_on, max(a.published_on) AS last_on
FROM article_authors AS b
JOIN authors AS w ON w.author_id = b.author_id
JOIN articles_live AS a ON a.article_id = b.article_id
JOIN article_metrics AS m ON m.article_id = b.article_id
GROUP BY b.author_id, w.name
ORDER BY words DESC, author
LIMIT $rows;
