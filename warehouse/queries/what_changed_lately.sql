-- What did the last refreshes change?
-- $refreshes = 10: how many refreshes to show
SELECT r.refresh_id, r.as_of, c.change, count(c.article_id) AS articles, r.files_read, r.load_milliseconds
FROM refreshes AS r
LEFT JOIN article_changes AS c ON c.refresh_id = r.refresh_id
WHERE r.refresh_id > (SELECT max(refresh_id) - $refreshes FROM refreshes)
GROUP BY ALL
ORDER BY r.refresh_id DESC, c.change;
