-- How did the last refreshes change the number of live articles in each category?
-- $refreshes = 5: how many refreshes to look at
-- $rows = 20: most rows to show
WITH moved AS (
    SELECT refresh_id, seen_at, source_id, old_categories AS categories, -1 AS articles FROM changes WHERE was_live
    UNION ALL
    SELECT refresh_id, seen_at, source_id, new_categories, 1 FROM changes WHERE is_live
), each AS (
    SELECT refresh_id, seen_at, source_id, articles,
        unnest(if(len(categories) > 0, categories, ['(none)'])) AS category_id
    FROM moved
    WHERE refresh_id > (SELECT max(refresh_id) - $refreshes FROM refreshes)
)
SELECT refresh_id, seen_at, source_id, category_id, sum(articles)::BIGINT AS articles
FROM each
GROUP BY ALL
HAVING sum(articles) <> 0
ORDER BY refresh_id DESC, abs(sum(articles)) DESC, source_id, category_id
LIMIT $rows;
