-- Tables that record what refreshes saw. They are carried over when the others are built anew.

CREATE TABLE article_changes (
    refresh_id BIGINT NOT NULL,
    source_id VARCHAR NOT NULL,
    article_id VARCHAR NOT NULL,
    old_article_id VARCHAR,
    change VARCHAR NOT NULL,
    title VARCHAR,
    old_path VARCHAR,
    new_path VARCHAR,
    old_hash VARCHAR,
    new_hash VARCHAR,
    old_status VARCHAR,
    new_status VARCHAR,
    was_live BOOLEAN,
    is_live BOOLEAN,
    old_published_on DATE,
    new_published_on DATE,
    old_categories VARCHAR[],
    new_categories VARCHAR[]
);
COMMENT ON TABLE article_changes IS 'One row per article that a refresh added, changed, moved, deleted, rejected or restored, or in which it came out or expired.';
COMMENT ON COLUMN article_changes.refresh_id IS 'Refresh that saw the change → refreshes.';
COMMENT ON COLUMN article_changes.source_id IS 'Source of the article → sources.';
COMMENT ON COLUMN article_changes.article_id IS 'Article → articles.';
COMMENT ON COLUMN article_changes.old_article_id IS 'Article it was before a move that changed its id → articles.';
COMMENT ON COLUMN article_changes.change IS 'added, changed (its file, or the status, date or categories read from it), moved (its path or its id), deleted, rejected or restored; came_out or expired where time alone put it in or out.';
COMMENT ON COLUMN article_changes.title IS 'Title after the change; before it, where the article is gone.';
COMMENT ON COLUMN article_changes.old_path IS 'File before.';
COMMENT ON COLUMN article_changes.new_path IS 'File after.';
COMMENT ON COLUMN article_changes.old_hash IS 'file_hash before.';
COMMENT ON COLUMN article_changes.new_hash IS 'file_hash after.';
COMMENT ON COLUMN article_changes.old_status IS 'published or draft, before.';
COMMENT ON COLUMN article_changes.new_status IS 'published or draft, after.';
COMMENT ON COLUMN article_changes.was_live IS 'Whether it was out, as articles_live has it, at the refresh before; NULL in rows of an older version.';
COMMENT ON COLUMN article_changes.is_live IS 'Whether it is out at this refresh; NULL in rows of an older version.';
COMMENT ON COLUMN article_changes.old_published_on IS 'Date before.';
COMMENT ON COLUMN article_changes.new_published_on IS 'Date after.';
COMMENT ON COLUMN article_changes.old_categories IS 'category_id of each category before, in order.';
COMMENT ON COLUMN article_changes.new_categories IS 'category_id of each category after, in order.';

CREATE TABLE article_history (
    article_id VARCHAR NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_changed_at TIMESTAMPTZ NOT NULL,
    missing_since TIMESTAMPTZ,
    previous_article_id VARCHAR
);
COMMENT ON TABLE article_history IS 'One row per article ever seen. Key: article_id.';
COMMENT ON COLUMN article_history.article_id IS 'Article → articles.';
COMMENT ON COLUMN article_history.first_seen_at IS 'as_of of the refresh that first saw it, inherited through moves.';
COMMENT ON COLUMN article_history.last_changed_at IS 'as_of of the last refresh that changed it or, where [warehouse] history is on, read it otherwise because of settings or code.';
COMMENT ON COLUMN article_history.missing_since IS 'as_of of the refresh that no longer saw it; NULL while it is there.';
COMMENT ON COLUMN article_history.previous_article_id IS 'Article it was before the last move that changed its id → articles.';

CREATE TABLE article_versions (
    article_id VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    title VARCHAR,
    published_at TIMESTAMPTZ,
    published_on DATE,
    categories VARCHAR[] NOT NULL,
    tags VARCHAR[] NOT NULL,
    authors VARCHAR[] NOT NULL,
    file_hash VARCHAR,
    text VARCHAR NOT NULL USING COMPRESSION zstd,
    first_seen_at TIMESTAMPTZ NOT NULL,
    replaced_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE article_versions IS 'One row per version of an article that a later one replaced; filled where [warehouse] history is on.';
COMMENT ON COLUMN article_versions.article_id IS 'Article → articles.';
COMMENT ON COLUMN article_versions.source_id IS 'Source of the article → sources.';
COMMENT ON COLUMN article_versions.path IS 'File the version was read from.';
COMMENT ON COLUMN article_versions.status IS 'published or draft.';
COMMENT ON COLUMN article_versions.title IS 'Title of the version.';
COMMENT ON COLUMN article_versions.published_at IS 'Instant of publication, as this version stated it.';
COMMENT ON COLUMN article_versions.published_on IS 'Date of publication on the clock of the source.';
COMMENT ON COLUMN article_versions.categories IS 'category_id of each category, in order.';
COMMENT ON COLUMN article_versions.tags IS 'tag_id of each tag, in order.';
COMMENT ON COLUMN article_versions.authors IS 'author_id of each author, in order.';
COMMENT ON COLUMN article_versions.file_hash IS 'file_hash of the version.';
COMMENT ON COLUMN article_versions.text IS 'Plain text of the version.';
COMMENT ON COLUMN article_versions.first_seen_at IS 'as_of of the refresh that brought the version.';
COMMENT ON COLUMN article_versions.replaced_at IS 'as_of of the refresh that no longer saw it.';

CREATE TABLE refreshes (
    refresh_id BIGINT NOT NULL,
    as_of TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    loaded_at TIMESTAMPTZ NOT NULL,
    list_milliseconds BIGINT NOT NULL,
    extract_milliseconds BIGINT NOT NULL,
    load_milliseconds BIGINT NOT NULL,
    aggregate_milliseconds BIGINT,
    files_listed BIGINT NOT NULL,
    files_read BIGINT NOT NULL,
    files_loaded BIGINT NOT NULL,
    files_rejected BIGINT NOT NULL,
    files_missed BIGINT NOT NULL,
    bytes_read BIGINT NOT NULL,
    source_commit VARCHAR
);
COMMENT ON TABLE refreshes IS 'One row per refresh that changed the warehouse. Key: refresh_id.';
COMMENT ON COLUMN refreshes.refresh_id IS 'Number of the refresh, from 1; the generation of the file it made.';
COMMENT ON COLUMN refreshes.as_of IS 'Instant at which future posts were cut off.';
COMMENT ON COLUMN refreshes.started_at IS 'When it began to look.';
COMMENT ON COLUMN refreshes.loaded_at IS 'When its tables were committed.';
COMMENT ON COLUMN refreshes.list_milliseconds IS 'Time to list the sources and find what changed.';
COMMENT ON COLUMN refreshes.extract_milliseconds IS 'Time to read and transform the changed files.';
COMMENT ON COLUMN refreshes.load_milliseconds IS 'Time to load the tables.';
COMMENT ON COLUMN refreshes.aggregate_milliseconds IS 'Time to build the aggregates.';
COMMENT ON COLUMN refreshes.files_listed IS 'Files of all sources.';
COMMENT ON COLUMN refreshes.files_read IS 'Files read because they were new or could have changed.';
COMMENT ON COLUMN refreshes.files_loaded IS 'Files with the status loaded afterwards.';
COMMENT ON COLUMN refreshes.files_rejected IS 'Files with the status rejected afterwards.';
COMMENT ON COLUMN refreshes.files_missed IS 'Files whose bytes had changed although their signature had not, found by --verify; 0 on a sound disk.';
COMMENT ON COLUMN refreshes.bytes_read IS 'Bytes of the files that were read.';
COMMENT ON COLUMN refreshes.source_commit IS 'Commit the posts were read at, for a git source; of several, name and commit of each.';
