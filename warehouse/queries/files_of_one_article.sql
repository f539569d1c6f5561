-- Which files stand for the same article, and which of them is shown?
-- $rows = 20: most files to show
SELECT article_id, path, if(is_shadowed, 'hidden by the other', 'shown') AS what_became, size
FROM post_files
WHERE status = 'loaded'
QUALIFY count(*) OVER (PARTITION BY article_id) > 1
ORDER BY article_id, is_shadowed, path
LIMIT $rows;
