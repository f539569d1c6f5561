-- Which articles tell again what an earlier one told, and how much later?
-- $rows = 20: most articles to show
SELECT w.story_id, w.article_id, w.published_at, w.minutes_after_first, round(w.similarity, 2) AS similarity, w.title
FROM who_was_first AS w
WHERE NOT w.is_first
ORDER BY w.published_at DESC NULLS LAST, w.article_id
LIMIT $rows;
