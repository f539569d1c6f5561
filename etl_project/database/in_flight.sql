-- The temporary tables that the stages of one refresh hand to each other, and the only place that declares them.
-- They live in the connection of a plan, from the plan to the end of the load. `article_id` is `<source>:<identity>`.

-- The plan: listing and comparison (etl_project/scan).

-- One row per listed file of every source.
CREATE TEMP TABLE listing (
    article_id VARCHAR,
    shares_identity BOOLEAN,                    -- several files of its source may be the same article
    source_id VARCHAR, path VARCHAR,
    rank INTEGER,                               -- position of the first `include` pattern that the path matches
    size BIGINT, mtime_ns BIGINT, ctime_ns BIGINT, inode UBIGINT, blob_id VARCHAR,  -- signature
    committed_us BIGINT                         -- when it was last committed, where the source dates updates by that
);

-- One row per file of the listing that the inventory does not have so, per file of the inventory that is not listed so,
-- and per young file; none where all files are compared.
CREATE TEMP TABLE differing_files (
    source_id VARCHAR, path VARCHAR, article_id VARCHAR,
    was_so BOOLEAN,                             -- the inventory has it so
    is_so BOOLEAN                               -- it is listed so
);

-- One row per listed file of each identity of which a file may not be as it was, and of all with --verify: its listing,
-- what the inventory knows of it, and what is to be done with it. Every other listed file is as the inventory says.
CREATE TEMP TABLE listed_files (
    article_id VARCHAR, shares_identity BOOLEAN, source_id VARCHAR, path VARCHAR, rank INTEGER,
    size BIGINT, mtime_ns BIGINT, ctime_ns BIGINT, inode UBIGINT, blob_id VARCHAR, committed_us BIGINT,
    known_hash VARCHAR,                         -- hash of its bytes at the last refresh
    known_status VARCHAR,                       -- of the inventory, and once it is read: loaded, rejected, gone, closed
    was_shadowed BOOLEAN,
    was_young BOOLEAN,
    known_committed_us BIGINT,
    is_new BOOLEAN,                             -- the inventory does not have it
    is_changed BOOLEAN,                         -- new, or another signature, or another hash
    is_reparse BOOLEAN,                         -- settings or code of its source changed
    may_defer BOOLEAN,                          -- caught half written, it may keep its last good row
    is_read BOOLEAN,
    is_winner BOOLEAN                           -- it is the article of its identity
);

-- One row per file of the inventory that is not listed any more.
CREATE TEMP TABLE deleted_files (
    source_id VARCHAR, path VARCHAR, article_id VARCHAR, status VARCHAR, is_shadowed BOOLEAN,
    size BIGINT, mtime_ns BIGINT, inode UBIGINT, blob_id VARCHAR
);

-- One row per young file whose bytes were found unchanged once more: it is young no longer.
CREATE TEMP TABLE confirmed_young (source_id VARCHAR, path VARCHAR);

-- One row per file of one source that is read now, numbered in path order.
CREATE TEMP TABLE files_to_read (
    number BIGINT, path VARCHAR, article_id VARCHAR, is_shadowed BOOLEAN, known_hash VARCHAR, may_defer BOOLEAN,
    committed_us BIGINT, size BIGINT, mtime_ns BIGINT, ctime_ns BIGINT, inode UBIGINT, blob_id VARCHAR
);

-- The load: one transaction (etl_project/load).

-- One row per file that was read: its last staged row.
CREATE TEMP TABLE staged_files (
    source_id VARCHAR, path VARCHAR,
    status VARCHAR,                             -- loaded, rejected, same, deferred or gone: see extract/frames.py
    article_id VARCHAR, is_shadowed BOOLEAN,
    file_hash VARCHAR, encoding VARCHAR, front_matter_format VARCHAR, warnings VARCHAR[], reason VARCHAR,
    size BIGINT, mtime_ns BIGINT, ctime_ns BIGINT, inode UBIGINT, blob_id VARCHAR, is_young BOOLEAN
);

-- One row per article that is there under another id now.
CREATE TEMP TABLE moved_articles (article_id VARCHAR, old_article_id VARCHAR);

-- One row per article that stays without its file, as `on_missing = "keep"` asks.
CREATE TEMP TABLE retained_articles (article_id VARCHAR);

-- One row per article whose rows are deleted and, where it is still there, inserted anew.
CREATE TEMP TABLE articles_to_replace (article_id VARCHAR);

-- One row per article that goes live or expires by the passing of time alone.
CREATE TEMP TABLE turned_live_or_expired (article_id VARCHAR);

-- One row per article of the three tables above: all that this refresh may change.
CREATE TEMP TABLE changing_articles (article_id VARCHAR);

-- One row per category, tag or author of an article that is replaced, before or after.
CREATE TEMP TABLE touched_categories (category_id VARCHAR);
CREATE TEMP TABLE touched_tags (tag_id VARCHAR);
CREATE TEMP TABLE touched_authors (author_id VARCHAR);

-- One row per file that was read: its row in the inventory before.
CREATE TEMP TABLE inventory_before (
    source_id VARCHAR, path VARCHAR, article_id VARCHAR, status VARCHAR, is_shadowed BOOLEAN,
    size BIGINT, mtime_ns BIGINT, ctime_ns BIGINT, inode UBIGINT, blob_id VARCHAR,
    file_hash VARCHAR, is_young BOOLEAN, deferrals INTEGER, deferred_since TIMESTAMPTZ, rank INTEGER,
    committed_us BIGINT
);

-- The change log (etl_project/load/change_log.py, versions.py).

-- One row per article that this refresh may change: what the log tells of it, before the merge.
CREATE TEMP TABLE articles_before (
    article_id VARCHAR, source_id VARCHAR, path VARCHAR, file_hash VARCHAR, title VARCHAR, status VARCHAR,
    published_on DATE, published_at TIMESTAMPTZ, expires_at TIMESTAMPTZ, is_live BOOLEAN, categories VARCHAR[]
);

-- The same after the merge.
CREATE TEMP TABLE articles_after (
    article_id VARCHAR, source_id VARCHAR, path VARCHAR, file_hash VARCHAR, title VARCHAR, status VARCHAR,
    published_on DATE, published_at TIMESTAMPTZ, expires_at TIMESTAMPTZ, is_live BOOLEAN, categories VARCHAR[]
);

-- One row per article that this refresh changed: the columns of `article_changes`, without the refresh.
CREATE TEMP TABLE changed_articles (
    source_id VARCHAR, article_id VARCHAR, old_article_id VARCHAR, change VARCHAR, title VARCHAR,
    old_path VARCHAR, new_path VARCHAR, old_hash VARCHAR, new_hash VARCHAR, old_status VARCHAR, new_status VARCHAR,
    was_live BOOLEAN, is_live BOOLEAN, old_published_on DATE, new_published_on DATE,
    old_categories VARCHAR[], new_categories VARCHAR[]
);

-- One row per changed article: its next row in `article_history`.
CREATE TEMP TABLE next_history (
    article_id VARCHAR, first_seen_at TIMESTAMPTZ, last_changed_at TIMESTAMPTZ, missing_since TIMESTAMPTZ,
    previous_article_id VARCHAR
);

-- One row per article that is replaced: its version before, where [warehouse] history is on.
CREATE TEMP TABLE versions_before (
    article_id VARCHAR, source_id VARCHAR, path VARCHAR, status VARCHAR, title VARCHAR, published_at TIMESTAMPTZ,
    published_on DATE, categories VARCHAR[], tags VARCHAR[], authors VARCHAR[], file_hash VARCHAR, text VARCHAR
);

-- One row per article whose version before differs from the present one.
CREATE TEMP TABLE outdated_versions (article_id VARCHAR);
