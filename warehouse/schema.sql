-- The contract: every table a SQL user sees, each column with its comment. This is the only place it is said;
-- the Polars schemas, the Dagster column schemas and the table `metrics` are read from here.
-- A table comment is its grain. A comment on a column of article_metrics is "unit: definition".
-- Instants are TIMESTAMPTZ, `_local` is the wall clock in the source's zone, `_on` is a DATE of that clock.

CREATE TABLE readme (
    position INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    query VARCHAR NOT NULL
);
COMMENT ON TABLE readme IS 'One row per thing to know about this file, the first to read first. Key: position.';
COMMENT ON COLUMN readme.position IS 'Order to read in, from 1.';
COMMENT ON COLUMN readme.subject IS 'What the row is about.';
COMMENT ON COLUMN readme.text IS 'What to know.';
COMMENT ON COLUMN readme.query IS 'A query that shows it, to run as it is.';

CREATE TABLE sources (
    source_id VARCHAR NOT NULL,
    title VARCHAR,
    url VARCHAR,
    dialect VARCHAR NOT NULL,
    time_zone VARCHAR NOT NULL,
    location VARCHAR NOT NULL
);
COMMENT ON TABLE sources IS 'One row per source: a folder of posts named in etl.toml. Key: source_id.';
COMMENT ON COLUMN sources.source_id IS 'Name of the source in etl.toml.';
COMMENT ON COLUMN sources.title IS 'Title of the site, from etl.toml.';
COMMENT ON COLUMN sources.url IS 'Address of the site, from etl.toml.';
COMMENT ON COLUMN sources.dialect IS 'How its posts are read: jekyll, plain and so on.';
COMMENT ON COLUMN sources.time_zone IS 'IANA zone of the local times and dates of its posts.';
COMMENT ON COLUMN sources.location IS 'Folder of the posts, or the git repository they are in, without a password.';

CREATE TABLE post_files (
    source_id VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    article_id VARCHAR NOT NULL,
    is_shadowed BOOLEAN NOT NULL,
    is_deferred BOOLEAN NOT NULL,
    size BIGINT NOT NULL,
    file_hash VARCHAR,
    encoding VARCHAR,
    front_matter_format VARCHAR,
    warnings VARCHAR[] NOT NULL,
    reason VARCHAR
);
COMMENT ON TABLE post_files IS 'One row per file of the last complete listing. Key: source_id, path.';
COMMENT ON COLUMN post_files.source_id IS 'Source of the file → sources.';
COMMENT ON COLUMN post_files.path IS 'Path below the location of the source; bytes that are not UTF-8 are written \xNN.';
COMMENT ON COLUMN post_files.status IS 'loaded or rejected: there is no third way.';
COMMENT ON COLUMN post_files.article_id IS 'The article this file stands for, also when it is shadowed or rejected → articles.';
COMMENT ON COLUMN post_files.is_shadowed IS 'Another file of the same identity is the article; this one steps in when that one goes.';
COMMENT ON COLUMN post_files.is_deferred IS 'The file was caught half written; its last good row is kept for now.';
COMMENT ON COLUMN post_files.size IS 'Bytes.';
COMMENT ON COLUMN post_files.file_hash IS 'BLAKE2b-128 of the bytes, in hexadecimal; NULL when the file could not be read.';
COMMENT ON COLUMN post_files.encoding IS 'Encoding the bytes were decoded with.';
COMMENT ON COLUMN post_files.front_matter_format IS 'yaml, toml, json and so on; NULL when there is none.';
COMMENT ON COLUMN post_files.warnings IS 'Codes of what was repaired or missing, in the order found.';
COMMENT ON COLUMN post_files.reason IS 'Code of the reason when rejected; rejected_files has the details.';

CREATE TABLE articles (
    article_id VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    slug VARCHAR,
    title VARCHAR,
    published_at TIMESTAMPTZ,
    published_local TIMESTAMP,
    published_on DATE,
    published_precision VARCHAR,
    published_from VARCHAR,
    updated_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ,
    status VARCHAR NOT NULL,
    missing_since TIMESTAMPTZ,
    language VARCHAR,
    layout VARCHAR,
    url VARCHAR,
    original_url VARCHAR,
    medium VARCHAR,
    excerpt VARCHAR,
    text_hash VARCHAR NOT NULL,
    front_matter JSON NOT NULL,
    extra JSON NOT NULL
);
COMMENT ON TABLE articles IS 'One row per article: a post that is live or a draft. Key: article_id.';
COMMENT ON COLUMN articles.article_id IS '<source>:<identity>, the same after every rebuild.';
COMMENT ON COLUMN articles.source_id IS 'Source of the article → sources.';
COMMENT ON COLUMN articles.path IS 'File the article was read from.';
COMMENT ON COLUMN articles.slug IS 'Slug from the front matter, else from the file name.';
COMMENT ON COLUMN articles.title IS 'Title as a reader sees it; NULL when there is none.';
COMMENT ON COLUMN articles.published_at IS 'Instant of publication; NULL when the post has no date that can be trusted.';
COMMENT ON COLUMN articles.published_local IS 'published_at on the clock of the source''s time zone.';
COMMENT ON COLUMN articles.published_on IS 'Date of published_local.';
COMMENT ON COLUMN articles.published_precision IS 'second, minute or day: how exactly the date was written.';
COMMENT ON COLUMN articles.published_from IS 'front_matter, file_name or path: where the date was written.';
COMMENT ON COLUMN articles.updated_at IS 'Instant of the last update: from the front matter, else, where updated_from is git, from the history; never the time of the file.';
COMMENT ON COLUMN articles.expires_at IS 'Instant after which the post is no longer out.';
COMMENT ON COLUMN articles.status IS 'published or draft.';
COMMENT ON COLUMN articles.missing_since IS 'When the file went away, where the source keeps such articles.';
COMMENT ON COLUMN articles.language IS 'Language code, from the front matter, else the folder, else the source.';
COMMENT ON COLUMN articles.layout IS 'Layout, template or type named in the front matter.';
COMMENT ON COLUMN articles.url IS 'Path of the page on the site.';
COMMENT ON COLUMN articles.original_url IS 'Address of the original, found by a rule of the source.';
COMMENT ON COLUMN articles.medium IS 'Medium the article was first published in, found by a rule of the source.';
COMMENT ON COLUMN articles.excerpt IS 'Excerpt from the front matter, else the first paragraph, at most 300 characters.';
COMMENT ON COLUMN articles.text_hash IS 'BLAKE2b-128 of the post''s text with line ends as \n: equal for equal posts whatever their line ends.';
COMMENT ON COLUMN articles.front_matter IS 'The front matter, nested as written, every scalar as its text.';
COMMENT ON COLUMN articles.extra IS 'Values found by the rules of the source that have no column of their own.';

CREATE TABLE article_bodies (
    article_id VARCHAR NOT NULL,
    body VARCHAR NOT NULL USING COMPRESSION zstd,
    text VARCHAR NOT NULL USING COMPRESSION zstd
);
COMMENT ON TABLE article_bodies IS 'One row per article: its body. Key: article_id.';
COMMENT ON COLUMN article_bodies.article_id IS 'Article of the body → articles.';
COMMENT ON COLUMN article_bodies.body IS 'Body as written, Markdown or HTML, line ends as \n.';
COMMENT ON COLUMN article_bodies.text IS 'Plain text a reader sees, paragraphs separated by a blank line, without what the rules name as furniture.';

CREATE TABLE categories (
    category_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    parent_id VARCHAR
);
COMMENT ON TABLE categories IS 'One row per category that an article has. Key: category_id.';
COMMENT ON COLUMN categories.category_id IS 'NFKC, casefolded name with single spaces; of a nested category the path joined with /.';
COMMENT ON COLUMN categories.name IS 'Spelling most articles use, ties by code points.';
COMMENT ON COLUMN categories.parent_id IS 'Category this one is nested in → categories.';

CREATE TABLE tags (
    tag_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL
);
COMMENT ON TABLE tags IS 'One row per tag that an article has. Key: tag_id.';
COMMENT ON COLUMN tags.tag_id IS 'NFKC, casefolded name with single spaces.';
COMMENT ON COLUMN tags.name IS 'Spelling most articles use, ties by code points.';

CREATE TABLE authors (
    author_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL
);
COMMENT ON TABLE authors IS 'One row per author that an article has. Key: author_id.';
COMMENT ON COLUMN authors.author_id IS 'NFKC, casefolded name with single spaces.';
COMMENT ON COLUMN authors.name IS 'Spelling most articles use, ties by code points.';

CREATE TABLE article_categories (
    article_id VARCHAR NOT NULL,
    category_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    name_as_written VARCHAR NOT NULL
);
COMMENT ON TABLE article_categories IS 'One row per article and category. Key: article_id, category_id.';
COMMENT ON COLUMN article_categories.article_id IS 'Article → articles.';
COMMENT ON COLUMN article_categories.category_id IS 'Category → categories.';
COMMENT ON COLUMN article_categories.position IS 'Order in the post, from 1.';
COMMENT ON COLUMN article_categories.name_as_written IS 'Spelling in this post.';

CREATE TABLE article_tags (
    article_id VARCHAR NOT NULL,
    tag_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    name_as_written VARCHAR NOT NULL
);
COMMENT ON TABLE article_tags IS 'One row per article and tag. Key: article_id, tag_id.';
COMMENT ON COLUMN article_tags.article_id IS 'Article → articles.';
COMMENT ON COLUMN article_tags.tag_id IS 'Tag → tags.';
COMMENT ON COLUMN article_tags.position IS 'Order in the post, from 1.';
COMMENT ON COLUMN article_tags.name_as_written IS 'Spelling in this post.';

CREATE TABLE article_authors (
    article_id VARCHAR NOT NULL,
    author_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    name_as_written VARCHAR NOT NULL
);
COMMENT ON TABLE article_authors IS 'One row per article and author. Key: article_id, author_id.';
COMMENT ON COLUMN article_authors.article_id IS 'Article → articles.';
COMMENT ON COLUMN article_authors.author_id IS 'Author → authors.';
COMMENT ON COLUMN article_authors.position IS 'Order in the post, from 1.';
COMMENT ON COLUMN article_authors.name_as_written IS 'Spelling in this post.';

CREATE TABLE article_links (
    article_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    url VARCHAR NOT NULL,
    host VARCHAR,
    kind VARCHAR NOT NULL,
    text VARCHAR
);
COMMENT ON TABLE article_links IS 'One row per link or image of an article, in reading order. Key: article_id, position.';
COMMENT ON COLUMN article_links.article_id IS 'Article → articles.';
COMMENT ON COLUMN article_links.position IS 'Order in the body, from 1.';
COMMENT ON COLUMN article_links.url IS 'Address as written.';
COMMENT ON COLUMN article_links.host IS 'Host of the address in lower case; NULL for addresses without one.';
COMMENT ON COLUMN article_links.kind IS 'internal, external, image or anchor.';
COMMENT ON COLUMN article_links.text IS 'Text of the link, alternative text of the image.';

CREATE TABLE article_headings (
    article_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    level INTEGER NOT NULL,
    text VARCHAR NOT NULL
);
COMMENT ON TABLE article_headings IS 'One row per heading of an article, in reading order. Key: article_id, position.';
COMMENT ON COLUMN article_headings.article_id IS 'Article → articles.';
COMMENT ON COLUMN article_headings.position IS 'Order in the body, from 1.';
COMMENT ON COLUMN article_headings.level IS '1 to 6.';
COMMENT ON COLUMN article_headings.text IS 'Text of the heading.';

CREATE TABLE article_mentions (
    article_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    count INTEGER NOT NULL
);
COMMENT ON TABLE article_mentions IS 'One row per article and entity its markup names, such as a stock. Key: article_id, kind, key.';
COMMENT ON COLUMN article_mentions.article_id IS 'Article → articles.';
COMMENT ON COLUMN article_mentions.kind IS 'Kind of entity, from the rule in etl.toml.';
COMMENT ON COLUMN article_mentions.key IS 'Key of the entity: the parts of the attribute that the rule names.';
COMMENT ON COLUMN article_mentions.label IS 'Spelling this article uses most, ties by code points.';
COMMENT ON COLUMN article_mentions.count IS 'Number of times.';

CREATE TABLE article_metrics (
    article_id VARCHAR NOT NULL,
    characters BIGINT NOT NULL,
    words BIGINT NOT NULL,
    han_characters BIGINT NOT NULL,
    sentences BIGINT NOT NULL,
    paragraphs BIGINT NOT NULL,
    headings BIGINT NOT NULL,
    links BIGINT NOT NULL,
    images BIGINT NOT NULL,
    code_blocks BIGINT NOT NULL,
    reading_minutes DOUBLE NOT NULL
);
COMMENT ON TABLE article_metrics IS 'One row per article: counts over its plain text and structure. Key: article_id.';
COMMENT ON COLUMN article_metrics.article_id IS 'Article → articles.';
COMMENT ON COLUMN article_metrics.characters IS 'characters: Code points of the plain text, white space apart.';
COMMENT ON COLUMN article_metrics.words IS 'words: Each Han, Hiragana, Katakana or Hangul character counts as one; elsewhere the words of Unicode UAX 29 that hold a letter or digit.';
COMMENT ON COLUMN article_metrics.han_characters IS 'characters: Code points of the script Han.';
COMMENT ON COLUMN article_metrics.sentences IS 'sentences: Runs of text with a letter or digit, each ended by 。！？!?…, by a full stop before white space or a closing quote or bracket, or by the end of the line.';
COMMENT ON COLUMN article_metrics.paragraphs IS 'paragraphs: Blocks of the plain text: paragraphs, headings, lists, tables, blocks of code.';
COMMENT ON COLUMN article_metrics.headings IS 'headings: Headings of level 1 to 6 that hold text.';
COMMENT ON COLUMN article_metrics.links IS 'links: Links, images apart.';
COMMENT ON COLUMN article_metrics.images IS 'images: Images.';
COMMENT ON COLUMN article_metrics.code_blocks IS 'blocks: Fenced, indented or preformatted blocks, code or not; their text is part of the plain text.';
COMMENT ON COLUMN article_metrics.reading_minutes IS 'minutes: Han, kana and Hangul characters at 500 a minute (as Medium counts) plus other words at 238 a minute (Brysbaert 2019), to two decimals.';

CREATE TABLE search_text (
    article_id VARCHAR NOT NULL,
    length INTEGER NOT NULL,
    form VARCHAR NOT NULL USING COMPRESSION zstd
);
COMMENT ON TABLE search_text IS 'One row per article: title and plain text as search compares them; empty where [insight] search is off. Key: article_id.';
COMMENT ON COLUMN search_text.article_id IS 'Article → articles.';
COMMENT ON COLUMN search_text.length IS 'Characters of form.';
COMMENT ON COLUMN search_text.form IS 'search_form of the title, then of the plain text: two spaces end the title.';

CREATE TABLE story_pairs (
    article_id VARCHAR NOT NULL,
    other_article_id VARCHAR NOT NULL,
    similarity DOUBLE NOT NULL
);
COMMENT ON TABLE story_pairs IS 'One row per two articles that were found to tell the same story; two of equal text may be connected through a third. Key: article_id, other_article_id.';
COMMENT ON COLUMN story_pairs.article_id IS 'Article, the lower id of the two → articles.';
COMMENT ON COLUMN story_pairs.other_article_id IS 'The other article → articles.';
COMMENT ON COLUMN story_pairs.similarity IS 'Share of the shingles of both texts that each of them has, estimated to within 0.1; 1 for equal texts.';

CREATE TABLE stories (
    story_id VARCHAR NOT NULL,
    article_id VARCHAR NOT NULL,
    is_first BOOLEAN NOT NULL,
    similarity DOUBLE NOT NULL
);
COMMENT ON TABLE stories IS 'One row per article: the story it tells; empty where [insight] stories is off. Key: article_id.';
COMMENT ON COLUMN stories.story_id IS 'article_id of the earliest article of the story, live or not; those without a date are last → articles.';
COMMENT ON COLUMN stories.article_id IS 'Article → articles.';
COMMENT ON COLUMN stories.is_first IS 'It is the earliest live article of the story: one of each story that has a live one.';
COMMENT ON COLUMN stories.similarity IS 'Similarity of its text with that of the article story_id, as in story_pairs; 1 for itself.';

CREATE TABLE link_targets (
    article_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    target_article_id VARCHAR NOT NULL,
    matched_by VARCHAR NOT NULL
);
COMMENT ON TABLE link_targets IS 'One row per internal link that leads to an article of the same source, live or not; empty where [insight] links is off. Key: article_id, position.';
COMMENT ON COLUMN link_targets.article_id IS 'Article that has the link → articles.';
COMMENT ON COLUMN link_targets.position IS 'Position of the link in article_links.';
COMMENT ON COLUMN link_targets.target_article_id IS 'Article that the link leads to → articles.';
COMMENT ON COLUMN link_targets.matched_by IS 'How the link names it: address, path, path_end (the last folders and the name of the file), file_name or alias.';

CREATE TABLE metrics (
    name VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    definition VARCHAR NOT NULL
);
COMMENT ON TABLE metrics IS 'One row per metric: what a column of article_metrics counts. Key: name.';
COMMENT ON COLUMN metrics.name IS 'Column of article_metrics.';
COMMENT ON COLUMN metrics.unit IS 'Unit of the number.';
COMMENT ON COLUMN metrics.definition IS 'What is counted.';

CREATE TABLE rejected_files (
    source_id VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    line INTEGER,
    suggestion VARCHAR NOT NULL,
    size BIGINT NOT NULL,
    bytes BLOB
);
COMMENT ON TABLE rejected_files IS 'One row per listed file that could not be loaded. Key: source_id, path.';
COMMENT ON COLUMN rejected_files.source_id IS 'Source of the file → sources.';
COMMENT ON COLUMN rejected_files.path IS 'Path below the location of the source.';
COMMENT ON COLUMN rejected_files.reason IS 'Code of the reason.';
COMMENT ON COLUMN rejected_files.message IS 'What is wrong, in words.';
COMMENT ON COLUMN rejected_files.line IS 'Line of the file, from 1, where it is known.';
COMMENT ON COLUMN rejected_files.suggestion IS 'What to do about it.';
COMMENT ON COLUMN rejected_files.size IS 'Bytes.';
COMMENT ON COLUMN rejected_files.bytes IS 'The file as it was; NULL above the size limit or when it could not be read.';
