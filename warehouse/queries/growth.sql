-- How has the site grown, quarter by quarter?
-- $rows = 20: most quarters to show
SELECT date_trunc('quarter', month)::DATE AS quarter, sum(articles)::BIGINT AS articles, sum(words)::BIGINT AS words,
    sum(sum(articles)) OVER (ORDER BY date_trunc('quarter', month))::BIGINT AS articles_until_then
FROM articles_by_month
GROUP BY date_trunc('quarter', month)
ORDER BY quarter DESC
LIMIT $rows;
