-- How many articles of each source are not out, and because of what?
SELECT a.source_id, count(*) AS articles, count(n.because) AS not_live,
    round(100 * count(n.because) / count(*), 1) AS percent,
    count(*) FILTER (n.because = 'draft') AS drafts, count(*) FILTER (n.because = 'to_come') AS to_come,
    count(*) FILTER (n.because = 'expired') AS expired, count(*) FILTER (n.because = 'missing') AS missing
FROM articles AS a
LEFT JOIN articles_not_live AS n ON n.article_id = a.article_id
GROUP BY a.source_id
ORDER BY a.source_id;
