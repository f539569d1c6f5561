-- Which posts were repaired or lack something, and which files were rejected?
SELECT source_id, path, status, coalesce(reason, list_aggregate(warnings, 'string_agg', ', ')) AS why
FROM post_files
WHERE status = 'rejected' OR len(warnings) > 0
ORDER BY status DESC, source_id, path;
