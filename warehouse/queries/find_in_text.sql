-- Which articles speak of something? Put your own words in the place of these.
SELECT a.published_on, a.title, a.url
FROM article_bodies AS b
JOIN articles_live AS a ON a.article_id = b.article_id
WHERE contains(b.text, '港') OR contains(b.text, 'harbour')
ORDER BY a.published_on DESC NULLS LAST, a.article_id
LIMIT 10;
