-- Which articles of the last two months speak of something? Put your own words in the place of these.
-- Asked by rowid, so that text is unpacked only where those articles lie: that of a million takes two seconds.
WITH lately AS (
    SELECT b.rowid AS place, a.article_id, a.published_on, a.title, a.url
    FROM articles_live AS a
    JOIN article_bodies AS b ON b.article_id = a.article_id
    WHERE a.published_on > (SELECT max(published_on) - INTERVAL 2 MONTH FROM articles_live)
)
SELECT a.published_on, a.title, a.url
FROM article_bodies AS b
JOIN lately AS a ON a.place = b.rowid
WHERE contains(b.text, '港') OR contains(b.text, 'harbour')
ORDER BY a.published_on DESC, a.article_id
LIMIT 10;
