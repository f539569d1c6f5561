"""What the pages of a run and of the tables tell a person, as Dagster keeps it."""

from __future__ import annotations

import dagster as dg
from conftest import Site
from graph_runs import GoodRun

from assets.checks import CHECK_STEPS
from assets.columns import table_metadata
from assets.freshness import FRESHNESS_CHECK, SOURCES_READ_CHECK
from assets.markdown import escape_html
from etl_project.database.contract import contract
from etl_project.definitions import defs

pytest_plugins = ["graph_fixtures"]


def metadata_of(good_run: GoodRun, asset: str) -> dict[str, dg.MetadataValue]:
    event = good_run.instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event and event.asset_materialization
    return dict(event.asset_materialization.metadata)


def rows(value: dg.MetadataValue) -> list[dict[str, object]]:
    assert isinstance(value, dg.TableMetadataValue)
    return [dict(record.data) for record in value.records]


def test_the_page_of_rejected_files_names_each_file_what_is_wrong_and_what_to_do(good_run: GoodRun) -> None:
    [rejected] = rows(metadata_of(good_run, "rejected_files")["what to do"])
    assert (rejected["path"], rejected["reason"]) == ("_posts/2026-02-04-out.md", "not_regular_file")
    assert "plain file" in str(rejected["what_to_do"])


def test_the_pages_of_tables_show_rows_and_how_to_ask_for_more(good_run: GoodRun) -> None:
    newest = rows(metadata_of(good_run, "articles")["newest articles"])
    assert [row["title"] for row in newest] == ["三", "Two", "One"]
    assert rows(metadata_of(good_run, "post_files")["files by source and status"]) == [
        {"source": "site", "status": "loaded", "files": 3},
        {"source": "site", "status": "rejected", "files": 1},
    ]
    assert rows(metadata_of(good_run, "tags")["most used"]) == [
        {"tag": "b", "articles": 2},
        {"tag": "a", "articles": 1},
    ]
    assert len(rows(metadata_of(good_run, "articles_by_month")["first rows"])) == 2
    assert table_metadata(contract()["articles"])["ask it with"] == 'etl sql "FROM articles LIMIT 5"'
    assert table_metadata(contract()["articles"])["dagster/table_name"] == "posts.main.articles"


def test_a_comment_in_angle_brackets_is_shown_and_not_taken_for_html() -> None:
    assert escape_html("<source>:<identity>, the same") == r"\<source>:\<identity>, the same"
    columns = table_metadata(contract()["articles"])["dagster/column_schema"].schema.columns  # type: ignore[attr-defined]
    assert columns[0].description.startswith(r"\<source>:\<identity>")


def test_the_last_line_of_a_run_is_the_summary_as_a_warning_where_a_file_is_rejected(good_run: GoodRun) -> None:
    lines = [e for e in good_run.instance.all_logs(good_run.run.run_id) if not e.is_dagster_event]
    assert lines[-1].level == 30
    said = lines[-1].user_message
    assert said.startswith("Refresh 1\n") and "3, 3 of them live now (3 added)" in said
    assert "not_regular_file" in said and "rejected: 1 of the 4 files of site" in said


def test_sizes_have_units(good_run: GoodRun) -> None:
    assert str(metadata_of(good_run, "published_file")["size"].value).endswith(" MB")
    assert str(metadata_of(good_run, "post_files")["read"].value).startswith("4 files, ")


def test_terminal_and_pages_count_the_same_checks(good_run: GoodRun) -> None:
    specs = [spec for checks in CHECK_STEPS for spec in checks.check_specs]
    shown = {(spec.asset_key, spec.name) for spec in specs} | {FRESHNESS_CHECK.key, SOURCES_READ_CHECK.key}
    run = good_run.run
    assert len(run.checks) + len(run.reported) == len(shown) and all(run.reported)


def test_the_owners_of_the_settings_are_those_of_the_tables(posts: Site) -> None:
    posts.configure(extra="[schedule]\nowners = ['team:desk', 'a@example.org']\n")
    specs = {spec.key.to_user_string(): spec for spec in defs().resolve_all_asset_specs()}
    assert specs["articles"].owners == specs["published_file"].owners == ["team:desk", "a@example.org"]


def test_an_event_keeps_its_message_and_nothing_twice(good_run: GoodRun) -> None:
    entries = good_run.instance.all_logs(good_run.run.run_id)
    yielded = next(entry for entry in entries if entry.dagster_event and entry.dagster_event.is_successful_output)
    assert yielded.message.startswith("Yielded output") and yielded.user_message == ""
    assert yielded.dagster_event and not yielded.dagster_event.logging_tags
    assert any(entry.user_message.startswith("Refresh 1\n") for entry in entries), "what our code logs is as it was"
