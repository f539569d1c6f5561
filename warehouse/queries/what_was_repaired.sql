-- Which repairs were made, in how many files?
SELECT source_id, warning, count(*) AS files, min(path) AS such_as
FROM (SELECT source_id, path, unnest(warnings) AS warning FROM post_files)
GROUP BY source_id, warning
ORDER BY files DESC, source_id, warning
LIMIT 20;
