-- On which days was most published, and how far above the mean of the four weeks before?
-- $rows = 10: most days to show
SELECT source_id, published_on, articles, round(articles / nullif(trailing_28_day_mean, 0), 1) AS times_the_mean
FROM articles_by_date
ORDER BY articles DESC, published_on DESC
LIMIT $rows;
