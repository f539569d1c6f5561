-- Why were files rejected, and what is to be done?
SELECT source_id, reason, count(*) AS files, min(path) AS such_as, min(suggestion) AS what_to_do
FROM rejected_files
GROUP BY source_id, reason
ORDER BY files DESC, source_id, reason
LIMIT 20;
