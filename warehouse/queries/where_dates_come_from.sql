-- Where do the dates of articles come from, and how exact are they?
SELECT source_id, coalesce(published_from, '(no date)') AS written_in, coalesce(published_precision, '(no date)') AS exact_to,
    count(*) AS articles
FROM articles
GROUP BY ALL
ORDER BY source_id, articles DESC, written_in, exact_to;
