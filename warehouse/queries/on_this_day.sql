-- What came out around this day of the year, in the years before?
-- $day = '': day of the year such as 05-22; that of the newest article by default
-- $days = 7: how many days before and after to look at
-- $rows = 20: most articles to show
WITH asked AS (
    SELECT strptime('2000-' || if($day = '', strftime(max(published_on), '%m-%d'), $day), '%Y-%m-%d')::DATE AS day
    FROM articles_live
)
SELECT a.published_on, coalesce(a.title, a.path) AS title, a.url
FROM articles_live AS a, asked AS d
WHERE least(
    abs(strftime(a.published_on, '2000-%m-%d')::DATE - d.day), 366 - abs(strftime(a.published_on, '2000-%m-%d')::DATE - d.day)
) <= $days
ORDER BY a.published_on DESC, a.article_id
LIMIT $rows;
