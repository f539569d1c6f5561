-- What refreshes need to know and SQL users do not: which files were read with which signature, how far the last
-- refresh came, and what its rows were made with.
CREATE SCHEMA internal;
CREATE TABLE internal.inventory (
    source_id VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    article_id VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    is_shadowed BOOLEAN NOT NULL,
    size BIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL,
    ctime_ns BIGINT NOT NULL,
    inode UBIGINT NOT NULL,
    file_hash VARCHAR,
    is_young BOOLEAN NOT NULL,
    deferrals INTEGER NOT NULL,
    deferred_since TIMESTAMPTZ,
    rank INTEGER NOT NULL,
    blob_id VARCHAR,
    committed_us BIGINT
);
COMMENT ON TABLE internal.inventory IS 'One row per file that the last refresh listed: what the next one compares the listing with.';
COMMENT ON COLUMN internal.inventory.source_id IS 'Source of the file.';
COMMENT ON COLUMN internal.inventory.path IS 'Path below the location of the source.';
COMMENT ON COLUMN internal.inventory.article_id IS 'Article that the file stands for.';
COMMENT ON COLUMN internal.inventory.status IS 'loaded or rejected.';
COMMENT ON COLUMN internal.inventory.is_shadowed IS 'Another file of the same identity is the article.';
COMMENT ON COLUMN internal.inventory.size IS 'Bytes.';
COMMENT ON COLUMN internal.inventory.mtime_ns IS 'Time of the last change of its bytes, nanoseconds since 1970.';
COMMENT ON COLUMN internal.inventory.ctime_ns IS 'Time of the last change of its inode, nanoseconds since 1970.';
COMMENT ON COLUMN internal.inventory.inode IS 'Number of its inode.';
COMMENT ON COLUMN internal.inventory.file_hash IS 'BLAKE2b-128 of the bytes, in hexadecimal.';
COMMENT ON COLUMN internal.inventory.is_young IS 'Written so shortly before the plan that a later write might leave the same signature.';
COMMENT ON COLUMN internal.inventory.deferrals IS 'Refreshes in a row that found it half written.';
COMMENT ON COLUMN internal.inventory.deferred_since IS 'as_of of the first of them.';
COMMENT ON COLUMN internal.inventory.rank IS 'Place of its include pattern: of the files of one identity the lowest is the article.';
COMMENT ON COLUMN internal.inventory.blob_id IS 'Id of its blob, in a git source.';
COMMENT ON COLUMN internal.inventory.committed_us IS 'Instant of its last commit, microseconds since 1970, where a git source asks for it.';
CREATE TABLE internal.source_states (
    source_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    commit_id VARCHAR,
    tree_id VARCHAR
);
COMMENT ON TABLE internal.source_states IS 'One row per source: what its rows were made with and of.';
COMMENT ON COLUMN internal.source_states.source_id IS 'Source.';
COMMENT ON COLUMN internal.source_states.fingerprint IS 'Digest of the settings, site settings and code that its rows were made with.';
COMMENT ON COLUMN internal.source_states.commit_id IS 'Commit it was read at, in git.';
COMMENT ON COLUMN internal.source_states.tree_id IS 'Tree of that commit.';
-- Files at the places of posts, with endings that posts may have and that the dialect of the source does not read.
CREATE TABLE internal.files_not_read (source_id VARCHAR NOT NULL, ending VARCHAR NOT NULL, files BIGINT NOT NULL);
COMMENT ON TABLE internal.files_not_read IS 'One row per source and ending of files at the places of posts that its dialect does not read.';
COMMENT ON COLUMN internal.files_not_read.source_id IS 'Source.';
COMMENT ON COLUMN internal.files_not_read.ending IS 'Ending, with its dot.';
COMMENT ON COLUMN internal.files_not_read.files IS 'Number of such files when the source was last listed.';
CREATE TABLE internal.generation (
    generation BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    schema_version VARCHAR NOT NULL,
    aggregates_version VARCHAR
);
COMMENT ON TABLE internal.generation IS 'One row: how far the last refresh came.';
COMMENT ON COLUMN internal.generation.generation IS 'refresh_id of the refresh that made the rows.';
COMMENT ON COLUMN internal.generation.state IS 'loaded, tables_checked, aggregated, checked or failed.';
COMMENT ON COLUMN internal.generation.schema_version IS 'Fingerprint of what declares the tables.';
COMMENT ON COLUMN internal.generation.aggregates_version IS 'Fingerprint of the aggregates that were built; NULL before.';
CREATE TABLE internal.checks_passed (stage VARCHAR NOT NULL, as_of TIMESTAMPTZ, all_rows_as_of TIMESTAMPTZ);
COMMENT ON TABLE internal.checks_passed IS 'One row per stage of checks: when they passed.';
COMMENT ON COLUMN internal.checks_passed.stage IS 'tables, related or aggregates.';
COMMENT ON COLUMN internal.checks_passed.as_of IS 'as_of of the last refresh that passed them; NULL before.';
COMMENT ON COLUMN internal.checks_passed.all_rows_as_of IS 'as_of of the last one in which they covered every row, and not only those that it may have written.';
INSERT INTO internal.checks_passed (stage) VALUES ('tables'), ('related'), ('aggregates');
CREATE TABLE internal.aggregates_built (name VARCHAR NOT NULL, generation BIGINT NOT NULL, sql VARCHAR NOT NULL);
COMMENT ON TABLE internal.aggregates_built IS 'One row per aggregate that was built.';
COMMENT ON COLUMN internal.aggregates_built.name IS 'Aggregate.';
COMMENT ON COLUMN internal.aggregates_built.generation IS 'Generation it was built from.';
COMMENT ON COLUMN internal.aggregates_built.sql IS 'Statements it was built by.';
-- Which refresh was the first to see a category of a source. The categories of a table built anew are all of one
-- refresh: none of them is news.
CREATE TABLE internal.categories_seen (
    source_id VARCHAR NOT NULL,
    category_id VARCHAR NOT NULL,
    refresh_id BIGINT NOT NULL
);
COMMENT ON TABLE internal.categories_seen IS 'One row per source and category it ever had.';
COMMENT ON COLUMN internal.categories_seen.source_id IS 'Source.';
COMMENT ON COLUMN internal.categories_seen.category_id IS 'Category.';
COMMENT ON COLUMN internal.categories_seen.refresh_id IS 'First refresh that saw it.';
-- What relations over all articles are made of. A row is a function of its own post: docs/stories.md.
CREATE TABLE internal.article_sketches (
    article_id VARCHAR NOT NULL,
    text_key UBIGINT NOT NULL,
    title_key UBIGINT NOT NULL,
    title VARCHAR NOT NULL,
    length INTEGER NOT NULL,
    bands UBIGINT[21] NOT NULL,
    marks VARCHAR NOT NULL USING COMPRESSION zstd
);
COMMENT ON TABLE internal.article_sketches IS 'One row per article: what is compared with other articles; empty where [insight] stories is off.';
COMMENT ON COLUMN internal.article_sketches.article_id IS 'Article.';
COMMENT ON COLUMN internal.article_sketches.text_key IS 'BLAKE2b-64 of the letters and digits of the text.';
COMMENT ON COLUMN internal.article_sketches.title_key IS 'The same of the title.';
COMMENT ON COLUMN internal.article_sketches.title IS 'Title in lower case and half-width letters, at most 200 characters.';
COMMENT ON COLUMN internal.article_sketches.length IS 'Letters and digits of the text, those of other scripts than Latin counted twice.';
COMMENT ON COLUMN internal.article_sketches.bands IS 'MinHash of the text: six values of a byte in each number.';
COMMENT ON COLUMN internal.article_sketches.marks IS 'Lines of what stands after which letters: numbers of the text, and words of the title in it.';
CREATE TABLE internal.articles_to_relate (article_id VARCHAR NOT NULL);
COMMENT ON TABLE internal.articles_to_relate IS 'One row per article that changed, came out or expired since relations were brought up to date.';
COMMENT ON COLUMN internal.articles_to_relate.article_id IS 'Article.';
CREATE TABLE internal.sketches_before (
    article_id VARCHAR NOT NULL,
    text_key UBIGINT NOT NULL,
    title_key UBIGINT NOT NULL,
    title VARCHAR NOT NULL,
    length INTEGER NOT NULL,
    bands UBIGINT[21] NOT NULL,
    marks VARCHAR NOT NULL
);
COMMENT ON TABLE internal.sketches_before IS 'One row per article to relate that was there: its row of article_sketches when relations were brought up to date.';
COMMENT ON COLUMN internal.sketches_before.article_id IS 'Article.';
COMMENT ON COLUMN internal.sketches_before.text_key IS 'As in article_sketches.';
COMMENT ON COLUMN internal.sketches_before.title_key IS 'As in article_sketches.';
COMMENT ON COLUMN internal.sketches_before.title IS 'As in article_sketches.';
COMMENT ON COLUMN internal.sketches_before.length IS 'As in article_sketches.';
COMMENT ON COLUMN internal.sketches_before.bands IS 'As in article_sketches.';
COMMENT ON COLUMN internal.sketches_before.marks IS 'As in article_sketches.';
CREATE TABLE internal.relations (name VARCHAR NOT NULL, version VARCHAR NOT NULL);
COMMENT ON TABLE internal.relations IS 'One row per kind of relation that is up to date but for articles_to_relate.';
COMMENT ON COLUMN internal.relations.name IS 'stories or links; terms where [insight] terms is on.';
COMMENT ON COLUMN internal.relations.version IS 'Fingerprint of the rule they were made by.';
-- What link targets are found by, and trends are counted of. A row is a function of its own post: docs/links.md, trends.md.
CREATE TABLE internal.link_keys (
    article_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    way VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    names_post BOOLEAN
);
COMMENT ON TABLE internal.link_keys IS 'One row per name of an article (position 0), and per internal link and name by which it may call its target; empty where [insight] links is off.';
COMMENT ON COLUMN internal.link_keys.article_id IS 'Article.';
COMMENT ON COLUMN internal.link_keys.position IS '0 for a name of the article itself; else position in article_links.';
COMMENT ON COLUMN internal.link_keys.rank IS '0 for a name of the article itself; else which name of the link is tried first, from 1.';
COMMENT ON COLUMN internal.link_keys.way IS 'address, path, end (the last parts of a path) or alias.';
COMMENT ON COLUMN internal.link_keys.key IS 'The name, folded for comparing.';
COMMENT ON COLUMN internal.link_keys.names_post IS 'Of a link: it names the file of a post (true) or another file (false); NULL for an address, which may be of either.';
CREATE TABLE internal.article_words (article_id VARCHAR NOT NULL, words VARCHAR NOT NULL USING COMPRESSION zstd);
COMMENT ON TABLE internal.article_words IS 'One row per article: the words of its title and excerpt; empty where [insight] terms is off.';
COMMENT ON COLUMN internal.article_words.article_id IS 'Article.';
COMMENT ON COLUMN internal.article_words.words IS 'Each word once, joined by spaces.';
