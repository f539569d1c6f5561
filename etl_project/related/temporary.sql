-- The temporary tables of the stage `related`, and the only place that declares them. `number` is a rowid of
-- internal.article_sketches: a rule of millions of pairs is quicker on numbers than on ids.

-- One row per article that is related anew.
CREATE OR REPLACE TEMP TABLE articles_to_compare (article_id VARCHAR);

-- One row per text that an article has, or had, that is related anew.
CREATE OR REPLACE TEMP TABLE touched_texts (text_key UBIGINT);

-- One row per article with such a text.
CREATE OR REPLACE TEMP TABLE touched_members (
    number BIGINT, article_id VARCHAR, text_key UBIGINT, title_key UBIGINT, has_title BOOLEAN, length INTEGER
);

-- One row per text and title of several such articles, now or before: the article that stands for all of them.
CREATE OR REPLACE TEMP TABLE standing (article_id VARCHAR, text_key UBIGINT, title_key UBIGINT, is_now BOOLEAN);

-- One row per bucket and text and title that was in it before, and now is no article's.
CREATE OR REPLACE TEMP TABLE left_buckets (bucket UBIGINT, text_key UBIGINT, title_key UBIGINT, length INTEGER);

-- One row per bucket of a touched text and article that stands in it now, of whatever text.
CREATE OR REPLACE TEMP TABLE in_buckets (
    bucket UBIGINT, number BIGINT, text_key UBIGINT, title_key UBIGINT, length INTEGER
);

-- One row per two articles that are compared, because they share a bucket.
CREATE OR REPLACE TEMP TABLE met (number BIGINT, other_number BIGINT);

-- Those of them that are similar, by pages that are judged at once.
CREATE OR REPLACE TEMP TABLE candidates (number BIGINT, other_number BIGINT, similarity DOUBLE, page BIGINT);

-- The pairs of the articles that are related anew, as they are to be.
CREATE OR REPLACE TEMP TABLE pairs_found (article_id VARCHAR, other_article_id VARCHAR, similarity DOUBLE);

-- The same pairs as they are.
CREATE OR REPLACE TEMP TABLE pairs_there (article_id VARCHAR, other_article_id VARCHAR, similarity DOUBLE);

-- One row per article whose story may be another one.
CREATE OR REPLACE TEMP TABLE articles_to_tell (article_id VARCHAR);

-- One row per such article that is connected to others by pairs, and the one that stands for what they tell.
CREATE OR REPLACE TEMP TABLE connected (article_id VARCHAR, root VARCHAR);

-- The rows of `stories` of those articles, as they are to be.
CREATE OR REPLACE TEMP TABLE stories_found (story_id VARCHAR, article_id VARCHAR, is_first BOOLEAN, similarity DOUBLE);

-- The same rows as they are.
CREATE OR REPLACE TEMP TABLE stories_there (story_id VARCHAR, article_id VARCHAR, is_first BOOLEAN, similarity DOUBLE);
