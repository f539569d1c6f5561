-- Which stories were told by several sources or media, and who was first?
-- $rows = 10: most stories to show
SELECT story_id, count(*) AS articles, max(coalesce(medium, source_id)) FILTER (is_first) AS first_told_by,
    list(DISTINCT coalesce(medium, source_id) ORDER BY coalesce(medium, source_id)) AS told_by,
    max(minutes_after_first) AS minutes_until_last, max(coalesce(title, article_id)) FILTER (is_first) AS title
FROM who_was_first
GROUP BY story_id
HAVING count(DISTINCT coalesce(medium, source_id)) > 1
ORDER BY len(told_by) DESC, articles DESC, story_id
LIMIT $rows;
