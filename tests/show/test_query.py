"""`etl sql`: one question, read-only, for people and for programs."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from conftest import Site
from rich.console import Console
from typer.testing import CliRunner, Result

from etl_project.cli import app
from etl_project.show.query import run_query
from etl_project.show.write_rows import Format


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of three posts; its warehouse is only read."""
    site = Site(tmp_path_factory.mktemp("asked"))
    site.configure()
    site.write("_posts/2026-01-01-1.md", title="港湾", date="2026-01-01 09:00:00 +0800", tags="a b")
    site.write("_posts/2026-01-02-2.md", title="'=1+1'", date="2026-01-02", tags="b")
    site.write("_posts/2026-01-03-3.md", title="'said \"so, then\"'", date="2026-01-03", tags="")
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        site.refresh()
    return site


def sql(site: Site, *arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["sql", *arguments, "--config", str(site.config)], input=given)


TITLES = "SELECT path, title, published_on FROM articles ORDER BY path"


def test_a_table_shows_the_names_and_the_rows(site: Site) -> None:
    result = sql(site, TITLES)
    assert result.exit_code == 0
    lines = [[cell.strip() for cell in line.replace("┃", "│").split("│")] for line in result.output.split("\n")]
    assert lines[0] == ["path", "title", "published_on"]
    assert lines[2:5] == [
        ["_posts/2026-01-01-1.md", "港湾", "2026-01-01"],
        ["_posts/2026-01-02-2.md", "=1+1", "2026-01-02"],
        ["_posts/2026-01-03-3.md", 'said "so, then"', "2026-01-03"],
    ]


def test_a_long_table_is_cut_and_says_how_to_get_the_rest(site: Site) -> None:
    result = sql(site, "SELECT 'row ' || range AS r FROM range(150)")
    assert "row 99" in result.output and "row 100" not in result.output
    assert "The first 100 rows; --format csv, json or parquet writes all of them." in result.output


def test_a_long_text_is_not_cut(site: Site) -> None:
    result = sql(site, "SELECT repeat('港', 500) AS t")
    assert result.output.count("港") == 500


def test_a_text_of_megabytes_is_cut_and_says_so_where_people_read_it(site: Site) -> None:
    query = "SELECT repeat('x', 30000000) AS t, repeat('港', 100000) AS u, [repeat('y', 20000)] AS v, 1 AS n"
    cells = [cell.strip() for cell in sql(site, query).output.split("\n")[2].split("│")]
    assert cells[0] == "x" * 10_000 + "… (cut: 30,000,000 characters in all)"
    assert cells[1].endswith("港… (cut: 100,000 characters in all)") and cells[2].endswith(
        "y… (cut: 20,002 characters in all)"
    )
    lines = sql(site, query, "--format", "line").output.split("\n")
    assert lines[1].endswith("x… (cut: 30,000,000 characters in all)") and len(lines[1]) < 100_100
    assert lines[2].count("港") == 100_000 and lines[3] == f"v  [{'y' * 20_000}]"
    for style in ("csv", "json"):
        assert sql(site, "SELECT repeat('x', 3000000) AS t", "--format", style).output.count("x") == 3_000_000


def test_values_of_every_kind_are_shown(site: Site) -> None:
    result = sql(site, "SELECT NULL AS a, [1, 2] AS b, 0.12345::DOUBLE AS c, true AS d, DATE '2026-01-01' AS e")
    assert [cell.strip() for cell in result.output.split("\n")[2].split("│")] == [
        "NULL", "[1, 2]", "0.123", "true", "2026-01-01",
    ]  # fmt: skip


def test_csv_is_what_other_programs_read_and_no_text_is_a_formula(site: Site) -> None:
    result = sql(site, TITLES, "--format", "csv")
    rows = list(csv.reader(io.StringIO(result.stdout)))
    assert rows == [
        ["path", "title", "published_on"],
        ["_posts/2026-01-01-1.md", "港湾", "2026-01-01"],
        ["_posts/2026-01-02-2.md", "'=1+1", "2026-01-02"],
        ["_posts/2026-01-03-3.md", 'said "so, then"', "2026-01-03"],
    ]


KINDS = """
SELECT -1.5 AS n, NULL::VARCHAR AS missing, ['x', 'y'] AS l, {'a': [1]} AS s, '\\xFFa'::BLOB AS b, INTERVAL 3 DAY AS i,
    '{"k": "v"}'::JSON AS j, 7::HUGEINT AS h
"""


def test_csv_writes_what_it_has_no_type_for_as_the_text_of_duckdb(site: Site) -> None:
    [names, values] = list(csv.reader(io.StringIO(sql(site, KINDS, "--format", "csv").stdout)))
    assert names == ["n", "missing", "l", "s", "b", "i", "j", "h"]
    assert values == ["-1.5", "", "[x, y]", "{'a': [1]}", "\\xFFa", "3 days", '{"k": "v"}', "7"]


def test_json_nests_and_writes_bytes_as_the_text_of_duckdb(site: Site) -> None:
    [row] = json.loads(sql(site, KINDS, "--format", "json").stdout)
    assert row["missing"] is None and row["l"] == ["x", "y"] and row["s"] == {"a": [1]}
    assert row["b"] == "\\xFFa" and row["i"] == "3 days" and row["j"] == '{"k": "v"}'


def test_two_columns_of_one_name_are_both_written(site: Site) -> None:
    rows = list(csv.reader(io.StringIO(sql(site, "SELECT 1 AS a, 2 AS a", "--format", "csv").stdout)))
    assert len(set(rows[0])) == 2 and rows[1] == ["1", "2"]


def test_what_is_no_select_but_answers_can_be_written_too(site: Site) -> None:
    for statement in ("SHOW TABLES", "DESCRIBE articles", "FROM tags", "SET TimeZone = 'UTC'; SELECT now()"):
        for style in ("table", "csv"):
            result = sql(site, statement, "--format", style)
            assert result.exit_code == 0 and result.stdout.count("\n") > 1


def test_json_is_an_array_of_objects_with_exact_values(site: Site) -> None:
    result = sql(site, TITLES, "--format", "json")
    assert json.loads(result.stdout) == [
        {"path": "_posts/2026-01-01-1.md", "title": "港湾", "published_on": "2026-01-01"},
        {"path": "_posts/2026-01-02-2.md", "title": "=1+1", "published_on": "2026-01-02"},
        {"path": "_posts/2026-01-03-3.md", "title": 'said "so, then"', "published_on": "2026-01-03"},
    ]


def test_parquet_keeps_the_types(site: Site, tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    result = sql(site, TITLES, "--format", "parquet", "--output", str(output))
    assert result.exit_code == 0 and result.output == ""
    frame = pl.read_parquet(output)
    assert frame.schema == {"path": pl.String, "title": pl.String, "published_on": pl.Date}
    assert frame.row(0) == ("_posts/2026-01-01-1.md", "港湾", dt.date(2026, 1, 1))


def test_parquet_goes_down_a_pipe_whole(site: Site) -> None:
    command = [
        sys.executable,
        "-m",
        "etl_project.cli",
        "sql",
        TITLES,
        "--format",
        "parquet",
        "--config",
        str(site.config),
    ]
    written = subprocess.run(command, capture_output=True, check=True).stdout
    assert pl.read_parquet(io.BytesIO(written))["title"].to_list() == ["港湾", "=1+1", 'said "so, then"']


def test_every_table_can_be_written_in_every_format(site: Site, tmp_path: Path) -> None:
    for (table,) in site.query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"):
        for style in (Format.csv, Format.json, Format.parquet):
            output = tmp_path / f"{table}.{style}"
            run_query(site.published, f"SELECT * FROM {table}", style, output, Console())
            assert output.stat().st_size > 0


def test_a_query_without_rows_is_an_empty_answer(site: Site) -> None:
    nothing = "SELECT path FROM articles WHERE false"
    assert sql(site, nothing).exit_code == 0
    assert sql(site, nothing, "--format", "csv").stdout == "path\n"
    assert json.loads(sql(site, nothing, "--format", "json").stdout) == []


def test_the_statement_may_stand_in_a_file_or_come_down_a_pipe(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "question.sql"
    file.write_text("-- 几篇？\nSELECT count(*) AS n FROM articles;\n", "utf-8")
    assert sql(site, "--file", str(file), "--format", "csv").stdout == "n\n3\n"
    assert sql(site, "-", "--format", "csv", given=file.read_text("utf-8")).stdout == "n\n3\n"


def test_each_of_several_answers_is_shown_and_a_file_holds_one(site: Site) -> None:
    two = "CREATE TEMP TABLE t AS SELECT 7 AS seven; SELECT count(*) AS n FROM articles; FROM t"
    shown = sql(site, two).stdout.split("\n")
    assert [line.strip() for line in shown if line and "━" not in line] == [
        "n",
        "3",
        "(1 row)",
        "seven",
        "7",
        "(1 row)",
    ]
    refused = sql(site, two, "--format", "csv")
    assert refused.exit_code == 2 and refused.output.startswith("Two statements answer with rows, and csv holds those")


def test_a_query_stops_at_its_deadline(site: Site) -> None:
    endless = "SELECT count(*) FROM range(10_000_000) AS a, range(10_000_000) AS b WHERE a.range * b.range % 7 = 8"
    for style in ("table", "csv"):
        stopped = sql(site, endless, "--seconds", "0.2", "--format", style)
        assert stopped.exit_code == 1
        assert "took longer than 0.2 seconds and was stopped; --seconds allows more." in stopped.output


def test_a_query_that_heeds_no_interrupt_ends_its_process(site: Site) -> None:
    code = "import etl_project.show.deadline as d; d.GRACE_SECONDS = 0.1; from etl_project.cli import app; app()"
    one_step = "SELECT list_sum([x * y FOR x IN range(3000000)]) FROM range(1000) AS t(y)"
    ended = subprocess.run(
        [sys.executable, "-c", code, "sql", one_step, "--seconds", "0.2", "--config", str(site.config)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 1 and ended.stdout == ""
    assert "took longer than 0.2 seconds and was stopped" in ended.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tags VALUES ('x', 'x')",
        "DELETE FROM articles",
        "CREATE TABLE mine AS SELECT 1",
        "DROP TABLE articles",
        "COPY articles TO '{file}'",
        "ATTACH '{file}' AS other",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE '{file}'",
        "UPDATE articles SET title = 'x'",
        "ALTER TABLE articles ADD COLUMN x INTEGER",
        "COMMENT ON TABLE articles IS 'x'",
        "CREATE OR REPLACE VIEW articles_live AS SELECT 1",
        "CREATE MACRO mine() AS 1",
        "MERGE INTO tags USING tags AS t ON true WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM tags RETURNING *) FROM gone",
        "TRUNCATE articles",
        "COPY (SELECT 1) TO '/dev/stdout'",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM sniff_csv('{secret}')",
        "COPY tags FROM '{secret}'",
        "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
        "PRAGMA enable_profiling",
        "SET profiling_output = '{file}'",
        "SET log_query_path = '{file}'",
        "CALL enable_logging(storage = 'file', storage_config = {{'path': '{file}'}})",
        "SET memory_limit = '1TB'",
        "PRAGMA threads = 64",
        "RESET lock_configuration",
        "SET allowed_configs = ['threads']",
        "SET temp_directory = '{file}'",
    ],
)
@pytest.mark.parametrize("style", ["table", "csv"])
def test_a_statement_can_neither_write_nor_reach_other_files(
    site: Site, tmp_path: Path, statement: str, style: str
) -> None:
    (tmp_path / "secret.csv").write_text("word\nsesame\n")
    before = site.published.read_bytes()
    statement = statement.format(file=tmp_path / "made", secret=tmp_path / "secret.csv")
    result = sql(site, statement, "--format", style)
    assert result.exit_code == 1
    assert "Error" in result.output and "Traceback" not in result.output and "sesame" not in result.output
    assert not (tmp_path / "made").exists()
    assert site.published.read_bytes() == before


@pytest.mark.parametrize("style", ["table", "csv"])
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT titel FROM articles", "title"),
        ("SELECT * FROM article", "articles"),
        ("SELECT 'a'::INTEGER", "Could not convert string 'a' to INT32"),
    ],
)
def test_a_wrong_statement_is_one_message_and_exit_1(site: Site, statement: str, told: str, style: str) -> None:
    result = sql(site, statement, "--format", style)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert told in result.output


def test_a_wrong_name_is_answered_with_where_the_right_ones_are(site: Site) -> None:
    assert (
        f"What can be asked: etl tables --config {site.config}; articles_full has" in sql(site, "FROM entries").output
    )
    assert "Columns of a table: etl describe NAME" in sql(site, "SELECT word_count FROM articles_full").output


@pytest.mark.parametrize("style", ["table", "csv"])
@pytest.mark.parametrize("statement", ["", " ;\n", "-- only a comment\n"])
def test_no_statement_at_all_is_exit_2(site: Site, statement: str, style: str) -> None:
    result = sql(site, "-", "--format", style, given=statement)
    assert result.exit_code == 2
    assert result.output.startswith("There is no statement to run.")


@pytest.mark.parametrize(
    "arguments", [(), ("SELECT 1", "--file", "etl.toml"), ("SELECT 1", "--format", "xlsx"), ("--file", "nowhere.sql")]
)
def test_a_wrong_call_is_exit_2(site: Site, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site.folder)
    result = sql(site, *arguments)
    assert result.exit_code == 2 and "Traceback" not in result.output


def test_an_output_that_cannot_be_written_is_one_sentence(site: Site, tmp_path: Path) -> None:
    result = sql(site, "SELECT 1 AS n", "--output", str(tmp_path / "nowhere/out.csv"))
    assert result.exit_code == 1
    assert result.output.startswith(f"No such file or directory: {tmp_path / 'nowhere/out.csv'}.")
    assert isinstance(result.exception, SystemExit)


def test_before_the_first_refresh_it_says_what_to_run(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.configure()
    result = sql(site, "SELECT 1")
    assert result.exit_code == 1
    assert "posts.duckdb has not been built yet. Run: etl refresh" in result.output.replace("\n", " ")


def test_a_stale_log_beside_the_published_file_is_named(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.configure()
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    leave_a_log_of_another_file(tmp_path / "other.duckdb", Path(f"{site.published}.wal"), site.published)
    result = sql(site, "SELECT 1")
    assert result.exit_code == 1
    assert "does not open" in result.output and "Remove the stale" in result.output


def leave_a_log_of_another_file(other: Path, log: Path, origin: Path) -> None:
    """Leave what a program leaves that wrote a copy and was killed: a log of changes to a table this file lacks."""
    shutil.copy(origin, other)
    other.chmod(0o644)
    with duckdb.connect(str(other)) as con:
        con.execute("CREATE TABLE mine (n INTEGER)")
        con.execute("CHECKPOINT")
        con.execute("PRAGMA disable_checkpoint_on_shutdown")
        con.execute("INSERT INTO mine VALUES (1)")
    Path(f"{other}.wal").rename(log)
