-- Which tags grew most from one quarter to the next?
-- $rows = 10: most tags to show
WITH quarters AS (
    SELECT tag, date_trunc('quarter', month)::DATE AS quarter, sum(articles)::BIGINT AS articles
    FROM articles_by_month_tag
    WHERE tag_id <> '(none)'
    GROUP BY ALL
), latest AS (
    SELECT max(quarter) AS quarter FROM quarters
)
SELECT tag, coalesce(sum(q.articles) FILTER (WHERE q.quarter = l.quarter), 0)::BIGINT AS this_quarter,
    coalesce(sum(q.articles) FILTER (WHERE q.quarter = l.quarter - INTERVAL 3 MONTH), 0)::BIGINT AS quarter_before
FROM quarters AS q, latest AS l
GROUP BY tag
HAVING this_quarter > 0
ORDER BY this_quarter - quarter_before DESC, tag
LIMIT $rows;
