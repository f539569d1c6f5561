-- On which days of the week do posts come out?
SELECT dayname(published_on) AS weekday, count(*) AS articles, round(100 * count(*) / sum(count(*)) OVER (), 1) AS percent
FROM articles_live
WHERE published_on IS NOT NULL
GROUP BY isodow(published_on), weekday
ORDER BY isodow(published_on);
