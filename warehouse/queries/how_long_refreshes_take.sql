-- How long did the last refreshes take, and where did the time go?
-- $refreshes = 10: how many refreshes to show
SELECT refresh_id, as_of, files_listed, files_read, bytes_read, list_milliseconds, extract_milliseconds,
    load_milliseconds, aggregate_milliseconds
FROM refreshes
ORDER BY refresh_id DESC
LIMIT $refreshes;
