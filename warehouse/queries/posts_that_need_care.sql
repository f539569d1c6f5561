-- Which posts were repaired or lack something, and which files were rejected?
-- $source = '': name of a source; all by default
-- $rows = 20: most files to show
SELECT source_id, path, status, coalesce(reason, list_aggregate(warnings, 'string_agg', ', ')) AS why
FROM post_files
WHERE (status = 'rejected' OR len(warnings) > 0) AND $source IN ('', source_id)
ORDER BY status DESC, source_id, path
LIMIT $rows;
