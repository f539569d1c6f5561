"""The contract: what schema.sql promises, what workers write and what the published file holds are the same."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator

import duckdb
import pytest
from conftest import Site

from etl_project.database.contract import (
    INTERNAL_BY_ARTICLE,
    KEYS,
    OBSERVED,
    TERMS,
    contract,
    declared,
    declared_columns,
    describe,
    macros,
    metric_definitions,
    schema_version,
    tables_by_article,
)
from etl_project.engines.batch import Batch, ManifestRow
from etl_project.engines.local import LocalEngine
from etl_project.load.aggregates import aggregates
from etl_project.refresh import Refresh

PROMISED = {
    "readme": "position subject text query",
    "search_text": "article_id length form",
    "sources": "source_id title url dialect time_zone location",
    "post_files": "source_id path status article_id is_shadowed is_deferred size file_hash encoding "
    "front_matter_format warnings reason",
    "articles": "article_id source_id path slug title published_at published_local published_on published_precision "
    "published_from updated_at expires_at status missing_since language layout url original_url medium excerpt "
    "text_hash front_matter extra",
    "article_bodies": "article_id body text",
    "categories": "category_id name parent_id",
    "tags": "tag_id name",
    "authors": "author_id name",
    "article_categories": "article_id category_id position name_as_written",
    "article_tags": "article_id tag_id position name_as_written",
    "article_authors": "article_id author_id position name_as_written",
    "article_links": "article_id position url host kind text",
    "article_headings": "article_id position level text",
    "article_mentions": "article_id kind key label count",
    "article_metrics": "article_id characters words han_characters sentences paragraphs headings links images "
    "code_blocks reading_minutes",
    "story_pairs": "article_id other_article_id similarity",
    "stories": "story_id article_id is_first similarity",
    "link_targets": "article_id position target_article_id matched_by",
    "metrics": "name unit definition",
    "rejected_files": "source_id path reason message line suggestion size bytes",
    "article_changes": "refresh_id source_id article_id old_article_id change title old_path new_path old_hash "
    "new_hash old_status new_status old_published_on new_published_on old_categories new_categories",
    "article_versions": "article_id source_id path status title published_at published_on categories tags authors "
    "file_hash text first_seen_at replaced_at",
    "article_history": "article_id first_seen_at last_changed_at missing_since previous_article_id",
    "refreshes": "refresh_id as_of started_at loaded_at list_milliseconds extract_milliseconds load_milliseconds "
    "files_listed files_read files_loaded files_rejected files_missed bytes_read source_commit",
}
"""Tables people write queries against: a column may be added, none may go."""

PROMISED_VIEWS = {
    *(
        "articles_live",
        "articles_counted",
        "articles_not_live",
        "articles_full",
        "posts",
        "changes",
        "schema_version",
        "who_was_first",
    ),
    *("backlinks", "orphans", "broken_links", "images_without_text", "heading_jumps"),
    *("article_terms", "dated_stories", "terms_by_week", "terms_by_week_category", "trending_terms"),
    *("tag_pairs", "mentions_by_date", "article_tasks", "article_fields", "article_aliases"),
}

SIGNATURE = {"mtime_ns", "ctime_ns", "inode", "is_young", "blob_id"}
"""What a worker says of a file for the inventory alone."""

SOURCE = """
dialect = "jekyll"
time_zone = "Asia/Shanghai"
[[source.mentions]]
kind = "ship"
selector = "[data-ship]"
key = "data-ship"
"""


class DescribingEngine(LocalEngine):
    """Runs batches like any other, and remembers the columns of what they staged."""

    def __init__(self) -> None:
        super().__init__(1)
        self.staged: dict[str, dict[str, str]] = {}

    def run(self, batches: Iterable[Batch], total_bytes: int) -> Iterator[ManifestRow]:
        for row in super().run(batches, total_bytes):
            for table, path in row.files.items():
                columns = duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
                self.staged[table] = {column[0]: column[1] for column in columns}
            yield row


@pytest.fixture
def full_site(site: Site) -> Site:
    """A site whose two posts fill every table that holds articles, and a file that is rejected."""
    site.configure(SOURCE)
    text = '# Head\n\n<span data-ship="HX-12">海星号</span> [at sea](https://sea.example/)'
    site.write("_posts/2026-01-02-one.md", f"---\ntitle: One\ntags: [a]\ncategories: [b]\nauthor: Ann\n---\n{text}\n")
    site.write("_posts/2026-01-03-empty.md", b"")
    return site


@pytest.mark.parametrize("table", PROMISED)
def test_every_promised_table_has_its_columns(table: str) -> None:
    assert set(PROMISED[table].split()) <= {column.name for column in contract()[table].columns}


def test_there_are_no_tables_but_the_promised_ones_and_the_views() -> None:
    assert set(contract()) == {*PROMISED, *PROMISED_VIEWS}
    assert {*tables_by_article(), *OBSERVED, *TERMS} - {*INTERNAL_BY_ARTICLE} <= set(PROMISED)


def test_every_table_says_its_grain_and_every_column_what_it_holds() -> None:
    silent = [
        f"{table.name}.{column.name}"
        for table in declared().values()
        for column in table.columns
        if len(column.comment) < 4
    ]
    assert silent == []
    assert [name for name, table in contract().items() if not table.comment.startswith("One row per ")] == []


def test_every_table_states_its_key_and_every_column_of_an_id_whose_row_it_names() -> None:
    tables = {name: table for name, table in contract().items() if not table.is_view}
    assert {name for name, table in tables.items() if not table.key} == {"article_changes", "article_versions"}
    assert {name: tables[name].key for name, key in KEYS.items() if key} == {
        name: key for name, key in KEYS.items() if key
    }
    for name, table in tables.items():
        own = {column.name: column for column in table.columns}
        assert set(table.key) <= own.keys(), name
        ids = {c.name for c in table.columns if c.name.endswith("_id") and table.key != (c.name,)}
        assert ids - {c.name for c in table.columns if c.refers_to} == set(), name
        for column in table.columns:
            if owner := column.refers_to:
                [key] = tables[owner].key
                assert {c.name: c.type for c in tables[owner].columns}[key] == column.type, f"{name}.{column.name}"


def test_keys_and_the_rows_they_name_are_as_the_comments_say(full_site: Site) -> None:
    full_site.write(
        "_posts/2026-01-04-two.md", "---\ntitle: Two\ncategories: [b, c]\ntags: a\n---\n[one](one.html) ![](x)\n"
    )
    full_site.refresh()
    for name, table in contract().items():
        if table.key:
            key = ", ".join(table.key)
            assert full_site.query(f"SELECT {key} FROM {name} GROUP BY ALL HAVING count(*) > 1") == [], name
        for column in table.columns:
            if table.is_view or name in OBSERVED or not (owner := column.refers_to):
                continue
            [key] = contract()[owner].key
            loaded = "AND status = 'loaded'" if name == "post_files" else ""
            lost = f"SELECT {column.name} FROM {name} WHERE {column.name} NOT IN (SELECT {key} FROM {owner}) {loaded}"
            assert full_site.query(lost) == [], f"{name}.{column.name}"


def test_what_is_stored_is_understood_by_older_clients(full_site: Site) -> None:
    full_site.refresh()
    stored = full_site.query(
        "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal UNION ALL "
        "SELECT function_name, macro_definition FROM duckdb_functions() WHERE NOT internal"
    )
    # DuckDB 1.2 has no function of that name.
    assert [name for name, sql in stored if re.search(r"\bif\(|\"if\"\(", sql or "")] == []


def test_every_macro_says_what_it_gives_and_what_is_internal_says_what_it_holds(full_site: Site) -> None:
    assert set(macros()) == {
        *("articles_as_of", "search", "search_form", "search_hits", "search_needles", "times"),
        *("compare", "related", "top_tags", "trend_expected", "trend_score", "link_form", "without_code"),
    }
    assert [m.name for m in macros().values() if m.is_table and not m.comment.startswith("One row per ")] == []
    full_site.refresh()
    silent = full_site.query(
        """
        SELECT function_name FROM duckdb_functions() WHERE database_name = current_database() AND NOT internal
            AND length(coalesce(comment, '')) < 20
        UNION ALL SELECT table_name FROM duckdb_tables() WHERE length(coalesce(comment, '')) < 10
        UNION ALL SELECT table_name || '.' || column_name FROM duckdb_columns()
        WHERE database_name = current_database() AND NOT internal AND length(coalesce(comment, '')) < 4
        """
    )
    assert silent == []


def test_what_to_read_first_can_be_run_as_it_is(full_site: Site) -> None:
    full_site.refresh()
    rows = full_site.query("FROM readme ORDER BY position")
    assert [row[0] for row in rows] == [*range(1, len(rows) + 1)] and len(rows) > 8
    for _, subject, text, query in rows:
        assert text.endswith(".") and full_site.query(query) is not None, subject
    named = set(re.findall(r"\b[a-z]+_[a-z_]+\b", " ".join(row[2] for row in rows)))
    known = {*declared(), *macros(), *(column.name for table in declared().values() for column in table.columns)}
    # These are names of tables and columns cut short.
    assert named - known <= {"articles_by_", "_at", "_local", "_on"}
    assert full_site.query("FROM schema_version") == [(schema_version(),)]


def test_one_row_per_article_has_its_terms_in_order_and_its_counts(full_site: Site) -> None:
    text = "---\ntitle: Late\ndate: 2098-01-01\ntags: [z, A, z]\ncategories: [x, b]\nauthors: [Bo, Al]\n---\none two\n"
    full_site.write("_posts/2098-01-01-late.md", text)
    full_site.refresh()
    columns = "title, is_live, category_ids, categories, tag_ids, tags, authors, words"
    rows = full_site.query(f"SELECT {columns} FROM articles_full ORDER BY title")
    assert rows == [
        ("Late", False, ["x", "b"], ["x", "b"], ["z", "a"], ["z", "A"], ["Bo", "Al"], 2),
        ("One", True, ["b"], ["b"], ["a"], ["A"], ["Ann"], 6),
    ]
    assert full_site.query(f"SELECT {columns} FROM posts ORDER BY title") == rows


def test_the_whole_address_is_that_of_the_site_and_of_the_page(full_site: Site) -> None:
    full_site.configure(f'{SOURCE.partition("[[")[0]}url = "https://sea.example/blog/"')
    full_site.refresh()
    address = "SELECT address FROM articles_full"
    assert full_site.query(address) == [("https://sea.example/blog/b/2026/01/02/one.html",)]
    full_site.configure(SOURCE)
    full_site.refresh()
    assert full_site.query(address) == [(None,)], "where the settings name no site"


def test_a_table_counts_in_units_that_its_metrics_name() -> None:
    columns = [column.name for column in contract()["article_metrics"].columns]
    definitions = metric_definitions(contract())
    assert [name for name, _, _ in definitions] == columns[1:]
    assert all(unit and " " not in unit and len(definition) > 4 for _, unit, definition in definitions)


def test_the_table_metrics_has_a_row_for_each_column_of_article_metrics(full_site: Site) -> None:
    full_site.refresh()
    assert full_site.query("SELECT * FROM metrics") == metric_definitions(contract())


def test_what_workers_stage_is_what_the_tables_declare(full_site: Site) -> None:
    refresh = Refresh(full_site.settings)
    engine = DescribingEngine()
    refresh.engine = engine
    refresh.load_tables(refresh.plan())
    assert set(engine.staged) == {*tables_by_article(), "post_files", "rejected_files"}
    for table, staged in engine.staged.items():
        columns = {(f"{schema}.{name}".removeprefix("main."), *column) for schema, name, *column in declared_columns()}
        declared = {column: kind.replace("[21]", "[]") for name, column, kind in columns if name == table}
        if table == "post_files":
            assert set(staged) >= SIGNATURE
            staged = {name: kind for name, kind in staged.items() if name not in SIGNATURE} | {"is_deferred": "BOOLEAN"}
        # Parquet knows no JSON: it is staged as the text it is.
        assert staged == {name: kind.replace("JSON", "VARCHAR") for name, kind in declared.items()}, table


def test_the_published_file_has_the_tables_and_comments_of_the_contract(full_site: Site) -> None:
    full_site.refresh()
    with duckdb.connect(str(full_site.published), read_only=True) as con:
        published = describe(con)
    assert {name: published[name] for name in contract()} == contract()
    assert [name for name, table in contract().items() if table.is_view != published[name].is_view] == []
    assert {name: published[name] for name in aggregates()} == {a.name: a.table for a in aggregates().values()}
    assert set(published) == {*contract(), *aggregates()}, "nothing else stands where people look"


def test_reading_the_contract_leaves_no_database_open_that_a_forked_process_would_crash_on() -> None:
    code = """
import os, sys
from etl_project import definitions
import duckdb
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
duckdb.connect().execute("SELECT 1")
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=100).returncode == 0
