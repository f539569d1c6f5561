"""The job `refresh` does what the plain stages do, and a run that fails publishes nothing."""

from __future__ import annotations

import concurrent.futures
import shutil
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from conftest import CHECK_ALL_ROWS_NEXT, Site
from graph_runs import GoodRun, dg_command, program, run_job

from assets.aggregates import AGGREGATES
from assets.automation import evaluate_tick
from assets.freshness import FRESHNESS_CHECK
from assets.records import records_of
from assets.resources import Session
from assets.run import LOCATION
from assets.subjects import SUBJECTS
from assets.surroundings import with_surroundings
from assets.tables import TABLES
from etl_project.database.contract import contract
from etl_project.definitions import defs, wire
from etl_project.refresh import Refresh
from etl_project.servers.dagster_home import prepare_home

pytest_plugins = ["graph_fixtures"]


def orphan(site: Site) -> None:
    """Leave a row without its article in the work file, as a fault of a stage would."""
    with duckdb.connect(str(site.published.parent / ".work" / "posts.duckdb")) as con:
        con.execute(
            "INSERT INTO article_tags BY NAME "
            "SELECT 'site:nobody' AS article_id, * EXCLUDE article_id FROM article_tags LIMIT 1;"
            f"{CHECK_ALL_ROWS_NEXT}"
        )


def run_assets(site: Site, instance: dg.DagsterInstance, *names: str) -> dg.ExecuteInProcessResult:
    """Materialize some assets, as a person does in the web server."""
    job = dg.define_asset_job("some_assets", dg.AssetSelection.assets(*names))
    wired = dg.Definitions.merge(wire(site.settings), dg.Definitions(jobs=[job]))
    return wired.resolve_job_def("some_assets").execute_in_process(instance=instance, raise_on_error=False)


Launch = Callable[[Site], None]
"""Launches all assets of a site that has records and was never refreshed."""


def compare_launch(good_run: GoodRun, empty_home: Path, folder: Path, launch: Launch) -> None:
    """The job and a launch of all assets publish what the plain stages publish."""
    text = good_run.site.config.read_text("utf-8").replace('location = "site"', f'location = "{good_run.site.posts}"')
    plain, launched = Site(folder / "plain"), Site(folder / "launched")
    for other in (plain, launched):
        other.folder.mkdir()
        other.config.write_text(text, "utf-8")

    plain.refresh()
    expected = plain.derived()
    assert len(expected["articles"]) == 3 and len(expected["rejected_files"]) == 1
    assert good_run.site.derived() == expected

    shutil.copytree(empty_home, launched.settings.dagster_home)
    launch(launched)
    assert launched.derived() == expected


def test_the_job_and_the_launch_of_all_assets_publish_what_the_plain_stages_publish(
    good_run: GoodRun, empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that launches them, as a process, is another test's; as a fork it is in test_matrix.py."""

    def launch(site: Site) -> None:
        monkeypatch.setenv("ETL_CONFIG", str(site.config))
        with records_of(prepare_home(site.settings)) as instance:
            assert run_assets(site, instance, *TABLES, *AGGREGATES, "published_file").success

    compare_launch(good_run, empty_home, tmp_path, launch)


@pytest.mark.prove("servers")
def test_the_command_that_launches_all_assets_publishes_what_the_plain_stages_publish(
    good_run: GoodRun, empty_home: Path, tmp_path: Path
) -> None:
    def launch(site: Site) -> None:
        ended = dg_command("launch", "--assets", "*", ETL_CONFIG=str(site.config))
        assert ended.returncode == 0, ended.stdout + ended.stderr

    compare_launch(good_run, empty_home, tmp_path, launch)


def test_a_run_of_the_job_hands_back_what_its_steps_did(good_run: GoodRun) -> None:
    run = good_run.run
    assert run.tables and run.tables.changes["added"] == 3
    assert set(run.aggregates) == set(AGGREGATES) and run.aggregates["articles_by_month"] == 2
    broken = [check.check.name for check in run.checks if not check.passed]
    assert len(run.checks) > 20 and broken == ["few_files_are_rejected"], "1 of 4, which only warns"
    assert run.published and run.published.generation == 1


def test_the_two_hundred_events_of_a_run_take_few_connections_to_their_file(good_run: GoodRun) -> None:
    opened = good_run.connections.count("event_log.db")
    assert 1 <= opened <= 3, "one, and one more where reads and writes are nested"


def test_a_run_of_the_job_is_recorded_under_the_code_location(good_run: GoodRun) -> None:
    run, instance = good_run.run, good_run.instance
    recorded = instance.get_run_by_id(run.run_id)
    assert recorded and recorded.is_success and recorded.job_name == "refresh"
    of_location = instance.get_runs(dg.RunsFilter(tags={".dagster/repository": f"__repository__@{LOCATION}"}))
    assert [r.run_id for r in of_location] == [run.run_id]
    rows = instance.get_latest_materialization_event(dg.AssetKey("articles"))
    assert rows and rows.asset_materialization.metadata["dagster/row_count"].value == 3
    told = {name: value for name, value in recorded.tags.items() if name.startswith("etl/")}
    assert told == {"etl/refresh": "1", "etl/articles": "3 added", "etl/rejected": "1 file"}


def test_a_check_is_of_rows_that_were_there_before_it(good_run: GoodRun) -> None:
    checks = [dg.AssetCheckKey(dg.AssetKey(one.check.table), one.check.name) for one in good_run.run.checks]
    latest = good_run.instance.event_log_storage.get_latest_asset_check_execution_by_key([*checks, FRESHNESS_CHECK.key])
    assert len(latest) == len(checks) + 1
    for key, record in latest.items():
        assert record.event and record.event.dagster_event
        target = record.event.dagster_event.asset_check_evaluation_data.target_materialization_data
        assert target and target.timestamp <= record.event.timestamp, key


@pytest.mark.usefixtures("first_run")
def test_a_check_that_fails_ends_the_run_and_leaves_the_published_file_byte_for_byte(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    """So do aggregates and publication that a person runs alone afterwards."""
    published = posts.published.read_bytes()
    orphan(posts)
    posts.write("_posts/2026-03-01-four.md", title="Four")
    run = run_job(posts)
    assert not run.success and run.published is None and not run.aggregates
    assert run.failure and "every_row_of_article_tags_has_its_article_and_term" in run.failure
    assert "every_row_of_article_tags_has_its_article_and_term" in [c.check.name for c in run.checks if not c.passed]
    assert posts.published.read_bytes() == published
    assert run_assets(posts, instance, *AGGREGATES).success
    refused = run_assets(posts, instance, "published_file")
    assert not refused.success
    failure = next(e for e in refused.all_events if e.is_step_failure).step_failure_data.user_failure_data
    assert failure and "run the job `refresh`" in str(failure.description)
    assert posts.published.read_bytes() == published


def test_a_part_asked_for_before_there_is_a_warehouse_names_the_job_that_builds_it(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    for asset in ("articles_by_tag", "published_file"):
        refused = run_assets(posts, instance, asset)
        failure = next(e for e in refused.all_events if e.is_step_failure).step_failure_data.user_failure_data
        assert failure and str(failure.description).startswith("The warehouse has not been built yet")
        assert "run the job `refresh`" in str(failure.description)


@pytest.mark.usefixtures("first_run")
def test_aggregates_alone_and_publish_alone_work_on_a_checked_generation(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    before = posts.derived()
    assert run_assets(posts, instance, "articles_by_tag", "articles_by_month").success
    assert run_assets(posts, instance, "published_file").success
    assert posts.derived() == before


@pytest.mark.usefixtures("first_run")
def test_a_path_in_the_words_of_a_check_is_not_obeyed_as_markdown_and_materialize_all_changes_nothing(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    posts.write("_posts/2026-03-01-four.md", title="Four")
    posts.write("_posts/2026-02-03-![x](http:a)*b*.md", b"")
    assert run_job(posts).success
    key = dg.AssetCheckKey(dg.AssetKey("post_files"), "few_files_are_rejected")
    [record] = instance.event_log_storage.get_asset_check_execution_history(key, 1)
    assert record.event and record.event.dagster_event
    found = record.event.dagster_event.asset_check_evaluation_data
    assert r"2026\-02\-03\-\!\[x\]\(http\:a\)\*b\*\.md" in str(found.description)
    assert r"\(33\.3\%\; \[checks\] rejected\_share allows 5\.0\%\)" in str(found.description)
    assert "**What to do:** `etl rejected`" in str(found.description)
    assert "_posts/2026-02-03-![x](http:a)*b*.md" in str(found.metadata["some_of_them"].value)
    files = [posts.published, posts.published.with_name("posts.previous.duckdb")]
    before = [file.stat().st_ino for file in files], posts.derived()
    ran = run_assets(posts, instance, *TABLES, *AGGREGATES, "published_file")
    assert ran.success and not ran.asset_materializations_for_node("published_file")[0].metadata["is_new"].value
    assert ([file.stat().st_ino for file in files], posts.derived()) == before
    assert posts.column("SELECT count(*) FROM refreshes") == [2]
    assert "nothing to do" in str(evaluate_tick(instance, posts.settings).skip_message)


def test_a_run_waits_for_another_refresh_and_says_who_is_running(posts: Site, instance: dg.DagsterInstance) -> None:
    """From its first step to its last it holds the lock itself, and not after."""
    refresh = Refresh(posts.settings)
    holders = []
    session = Session(refresh, report=lambda done, total: holders.append(refresh.work.lock.holder()))
    holder = program("print('held', flush=True); sys.stdin.read()")
    assert holder.stdout and holder.stdin
    said: list[str] = []

    def let_go_once_it_is_said() -> None:
        try:
            for _ in range(600):
                said.extend(e.user_message for run in instance.get_runs() for e in instance.all_logs(run.run_id))
                if any("Waiting" in line for line in said):
                    break
                time.sleep(0.1)
        finally:
            holder.stdin.close()

    with holder, concurrent.futures.ThreadPoolExecutor(1) as watcher:
        assert holder.stdout.readline() == "held\n"
        watcher.submit(let_go_once_it_is_said)
        run = wire(posts.settings, session).resolve_job_def("refresh").execute_in_process(instance=instance)
    assert any(f"another refresh is running: a test, process {holder.pid}" in line for line in said)
    assert run.success and posts.published.exists()
    assert holders and all(holder and holder["who"].startswith("Dagster run") for holder in holders)
    assert refresh.work.lock.holder() is None


@pytest.mark.usefixtures("first_run")
def test_the_guard_fails_the_run_with_its_sentence_unless_deletes_are_allowed(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    for post in posts.posts.glob("_posts/2026-0[12]-*.md"):
        post.unlink()
    posts.write("_posts/2026-03-01-four.md", title="Four")
    stopped = run_assets(posts, instance, *TABLES)
    failure = next(e for e in stopped.all_events if e.is_step_failure).step_failure_data.user_failure_data
    assert failure and "--allow-deletes" in str(failure.description)
    assert "`allow_deletes: true` under ops" in str(failure.description)
    assert run_job(posts, allow_deletes=True).success
    assert posts.column("SELECT title FROM articles") == ["Four"]


def test_every_table_and_aggregate_is_a_node_with_group_kinds_grain_and_columns(posts: Site) -> None:
    specs = {spec.key.to_user_string(): spec for spec in defs().resolve_all_asset_specs()}
    views = {table.name for table in contract().values() if table.is_view}
    assert set(specs) == {*TABLES, *AGGREGATES, *views, "published_file", "source/site"}
    assert {spec.group_name for spec in specs.values()} == {*SUBJECTS, "aggregates", "publish", "views", "sources"}
    for name in (*TABLES, *AGGREGATES):
        spec = specs[name]
        assert spec.description and spec.description.startswith("One row per"), name
        assert spec.kinds and all(c.description for c in spec.metadata["dagster/column_schema"].schema.columns), name
    assert "```sql" in specs["articles_by_date"].description
    before = {name: {dep.asset_key.to_user_string() for dep in spec.deps} for name, spec in specs.items()}
    assert before["articles"] == {"post_files"} and before["post_files"] == {"source/site"}
    assert before["published_file"] == {*AGGREGATES} and before["articles_live"] == {"published_file"}
    assert "articles" in {dep.asset_key.to_user_string() for dep in specs["articles_by_month"].deps}


@pytest.mark.parametrize(
    ("location", "kind"),
    [("site", "folder"), ("git+site", "git"), ("https://git.example/a.git", "git"), ("s3://bucket/site", "s3"),
     ("gs://bucket/dumps/*.tar", "googlecloud"), ("dumps/*.zip", "folder")],
)  # fmt: skip
def test_a_source_is_shown_as_the_kind_of_place_it_is(posts: Site, location: str, kind: str) -> None:
    text = posts.config.read_text("utf-8")
    posts.config.write_text(text.replace(f'location = "{posts.posts.name}"', f'location = "{location}"'), "utf-8")
    specs = with_surroundings(posts.settings, [])
    assert [spec.kinds for spec in specs if spec.key.path[0] == "source"] == [{kind}]


def test_every_node_leads_to_the_line_that_makes_it_and_every_aggregate_to_the_columns_it_comes_from(
    posts: Site,
) -> None:
    with warnings.catch_warnings(action="error"):
        specs = {spec.key.to_user_string(): spec for spec in defs().resolve_all_asset_specs()}
    for name in (*TABLES, *AGGREGATES, "published_file"):
        sources = specs[name].metadata["dagster/code_references"].code_references
        lines = [Path(one.file_path).read_text("utf-8").split("\n")[one.line_number - 1] for one in sources]
        assert any(f"TABLE {name} " in line for line in lines) or name == "published_file", lines
        assert lines[-1].startswith(("@dg.", "def ")), lines
    for name in (table.name for table in contract().values() if table.is_view):
        (source,) = specs[name].metadata["dagster/code_references"].code_references
        line = Path(source.file_path).read_text("utf-8").split("\n")[source.line_number - 1]
        assert line.startswith(f"CREATE VIEW {name} AS"), name
    facts = specs["articles_by_month"].metadata
    lineage = facts["dagster/column_lineage"].lineage
    assert lineage.deps_by_column["words"] == [dg.TableColumnDep(dg.AssetKey("article_metrics"), "words")]
    comments = {
        c.name: c.description for c in specs["articles_by_month"].metadata["dagster/column_schema"].schema.columns
    }
    assert comments["words"] == "Words of those articles. ← article_metrics.words"


@pytest.mark.prove("servers")
def test_dg_finds_the_definitions_sound(posts: Site) -> None:
    checked = dg_command("check", "defs")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "Warning" not in checked.stderr


@pytest.mark.prove("servers")
def test_a_wrong_setting_is_named_when_the_definitions_are_loaded(posts: Site) -> None:
    posts.configure(extra="[schedul]\ncron = '@daily'\n")
    checked = dg_command("check", "defs")
    assert checked.returncode != 0
    assert "there is no setting 'schedul'" in checked.stdout + checked.stderr
