-- Which recent articles hold a text, exactly as written?
-- $text = '港': what to look for; capitals count
-- $months = 6: how many months before the newest article to look at
-- $rows = 10: most articles to show
-- Asked by rowid, so that text is unpacked only where those articles lie: that of a million takes two seconds.
WITH lately AS (
    SELECT b.rowid AS place, a.article_id, a.published_on, a.title, a.url
    FROM articles_live AS a
    JOIN article_bodies AS b ON b.article_id = a.article_id
    WHERE a.published_on > (SELECT max(published_on) - to_months($months) FROM articles_live)
)
SELECT a.published_on, a.title, a.url
FROM article_bodies AS b
JOIN lately AS a ON a.place = b.rowid
WHERE contains(b.text, $text)
ORDER BY a.published_on DESC, a.article_id
LIMIT $rows;
