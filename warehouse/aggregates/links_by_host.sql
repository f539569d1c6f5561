-- One row per source and host that its live articles link to.
-- sum(links + images) equals the links and images of live articles that have a host:
--   sum(links_to_hosts)
CREATE OR REPLACE TABLE links_by_host AS
SELECT
    a.source_id,
    l.host,
    count(*) FILTER (WHERE l.kind <> 'image') AS links,
    count(*) FILTER (WHERE l.kind = 'image') AS images,
    count(DISTINCT a.article_id) AS articles
FROM articles_live AS a
JOIN article_links AS l ON l.article_id = a.article_id
WHERE l.host IS NOT NULL
GROUP BY ALL
ORDER BY a.source_id, links + images DESC, l.host;
COMMENT ON COLUMN links_by_host.source_id IS 'Source.';
COMMENT ON COLUMN links_by_host.host IS 'Host in lower case.';
COMMENT ON COLUMN links_by_host.links IS 'Links to the host, images apart.';
COMMENT ON COLUMN links_by_host.images IS 'Images on the host.';
COMMENT ON COLUMN links_by_host.articles IS 'Live articles with at least one of them.';
