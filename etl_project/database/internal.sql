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
CREATE TABLE internal.source_states (
    source_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    commit_id VARCHAR,
    tree_id VARCHAR
);
-- Files at the places of posts, with endings that posts may have and that the dialect of the source does not read.
CREATE TABLE internal.files_not_read (source_id VARCHAR NOT NULL, ending VARCHAR NOT NULL, files BIGINT NOT NULL);
CREATE TABLE internal.generation (
    generation BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    schema_version VARCHAR NOT NULL,
    aggregates_version VARCHAR
);
CREATE TABLE internal.aggregates_built (name VARCHAR NOT NULL, generation BIGINT NOT NULL, sql VARCHAR NOT NULL);
-- Which refresh was the first to see a category of a source. The categories of a table built anew are all of one
-- refresh: none of them is news.
CREATE TABLE internal.categories_seen (
    source_id VARCHAR NOT NULL,
    category_id VARCHAR NOT NULL,
    refresh_id BIGINT NOT NULL
);
