-- What is the latest month about, and how does it compare with the month before?
SELECT source_id, month, category, articles, round(100 * share_of_month, 1) AS percent, change_on_month_before
FROM articles_by_month_category
WHERE month = (SELECT max(month) FROM articles_by_month_category)
ORDER BY source_id, articles DESC, category;
