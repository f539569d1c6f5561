"""What a statement of `etl sql` cannot do: every way to write, to read another file, or to change a setting."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Site, one_post
from typer.testing import CliRunner, Result

from etl_project.cli import app

WRITES = [
    "COPY (SELECT 1) TO '{to}' (USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{to}'",
    "COPY (SELECT 1 AS a, 2 AS b) TO '{to}' (PARTITION_BY a, OVERWRITE true)",
    "WITH x AS (COPY (SELECT 1) TO '{to}' (USE_TMP_FILE false)) FROM x",
    "WITH x AS MATERIALIZED (COPY (SELECT 1) TO '{to}' (USE_TMP_FILE false)) SELECT count(*) FROM articles",
    "/* a */ cOpY /* b */ (SELECT 1) TO '{to}' (USE_TMP_FILE false) -- c",
    "PREPARE p AS COPY (SELECT 1) TO '{to}' (USE_TMP_FILE false); EXECUTE p",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{to}' (USE_TMP_FILE false)",
    "SELECT 1; COPY (SELECT 1) TO '{to}' (USE_TMP_FILE false)",
    "CREATE TEMP TABLE t AS SELECT 1; COPY t TO '{to}' (USE_TMP_FILE false)",
    "EXPORT DATABASE '{to}'",
    "ATTACH '{to}' AS o (READ_WRITE); CREATE TABLE o.t AS SELECT 1",
    "ATTACH '{to}' AS o; COPY FROM DATABASE posts TO o",
    "PRAGMA json_execute_serialized_sql(json_serialize_sql('WITH x AS (COPY (SELECT 1) TO ''{to}'') FROM x'))",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site whose published file no statement may change."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        return one_post(tmp_path_factory.mktemp("locked"))


def sql(site: Site, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["sql", *arguments, "--config", str(site.config)])


def files_of(site: Site) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in site.folder.rglob("*")}


@pytest.mark.parametrize("statement", WRITES)
def test_no_statement_writes_a_file_the_published_one_least_of_all(site: Site, statement: str, tmp_path: Path) -> None:
    before = files_of(site)
    published = str(site.published)
    for to in (published, f"{published}.wal", f"{published}.tmp/x", f"duckdb:{published}", str(tmp_path / "made")):
        assert sql(site, statement.format(to=to)).exit_code == 1, to
        assert files_of(site) == before and list(tmp_path.iterdir()) == []
    assert sql(site, "SELECT count(*) FROM articles").exit_code == 0


READS = [
    "FROM read_text('{secret}')", "FROM read_blob('{secret}')", "FROM read_csv('{secret}')", "FROM '{secret}'",
    "FROM read_json('{secret}')", "FROM sniff_csv('{secret}')", "FROM read_parquet('{secret}')",
    "FROM read_duckdb('{published}', table_name := 'articles')", "FROM read_text('{published}')",
    "FROM glob('{folder}/*')", "SELECT (SELECT content FROM read_text('{secret}'))", "FROM query('FROM ''{secret}''')",
    "CREATE TEMP TABLE t (a VARCHAR); COPY t FROM '{secret}'; FROM t", "ATTACH '{secret}' AS o",
    "ATTACH ':memory:' AS o",
    "IMPORT DATABASE '{folder}'", "FROM read_text('{published}/../../{secret}')", "SELECT getenv('HOME')",
    "INSTALL httpfs", "LOAD httpfs", "FROM read_text('https://example.org/')", "CREATE PERSISTENT SECRET (TYPE http)",
    "FROM read_text('file://{secret}')",
]  # fmt: skip


@pytest.mark.parametrize("statement", READS)
def test_no_statement_reads_another_file(site: Site, statement: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("sesame,1\nopen,2\n")
    told = sql(site, statement.format(secret=secret, folder=tmp_path, published=site.published))
    assert told.exit_code == 1 and "sesame" not in told.output


SETTINGS = [
    "SET threads = 64", "SET GLOBAL enable_external_access = true", "SET disabled_filesystems = ''",
    "RESET disabled_filesystems", "PRAGMA memory_limit = '9TB'", "SET lock_configuration = false",
    "SET allowed_configs = ['threads']", "PRAGMA enable_profiling = 'json'", "SET temp_directory = '/tmp'",
    "CALL enable_logging(storage = 'file', storage_path = '{folder}')",
    "SET allowed_directories = ['/']", "PRAGMA profiling_output = '{folder}/x'",
    "SET python_enable_replacements = true",
    "SET home_directory = '{folder}'", "SET custom_extension_repository = 'x'", "BEGIN; DELETE FROM tags; COMMIT",
]  # fmt: skip


@pytest.mark.parametrize("statement", SETTINGS)
def test_no_statement_changes_a_setting_or_a_row(site: Site, statement: str, tmp_path: Path) -> None:
    before = files_of(site)
    told = sql(site, statement.format(folder=tmp_path))
    assert told.exit_code == 1 and files_of(site) == before and list(tmp_path.iterdir()) == []
    assert "of another version" not in told.output


def test_what_lives_and_dies_with_the_command_is_allowed(site: Site) -> None:
    for statement in (
        "CREATE TEMP TABLE t AS SELECT 1 AS a; INSERT INTO t VALUES (2); FROM t",
        "CREATE TEMP MACRO f(x) AS x + 1; SELECT f(2)", "SET VARIABLE x = 5; SELECT getvariable('x')",
        "PREPARE p AS SELECT 1; EXECUTE p", "SET TimeZone = 'Asia/Shanghai'; SELECT now()", "EXPLAIN ANALYZE SELECT 1",
        "PIVOT articles ON status USING count(*)", "BEGIN; FROM tags; COMMIT", "PRAGMA database_list",
    ):  # fmt: skip
        assert sql(site, statement).exit_code == 0, statement


def test_memory_is_never_had_from_the_disk(site: Site) -> None:
    before = files_of(site)
    told = sql(site, "SELECT current_setting('temp_directory') AS folder", "--format", "json")
    assert told.output == '[{"folder":""}]\n' and files_of(site) == before


def test_a_file_is_refused_with_what_writes_one(site: Site) -> None:
    told = sql(site, "COPY tags TO 'tags.csv'").output
    assert f"--output FILE writes its rows, and whole tables etl export --config {site.config}" in told


def test_text_that_is_not_utf_8_is_refused_in_a_sentence(site: Site) -> None:
    told = sql(site, "SELECT '\udcff'")
    assert told.exit_code == 2
    assert told.output == 'What follows "SELECT \'" is not UTF-8; type it in a terminal of UTF-8.\n'
    parameter = ["-- t\n-- $a = 'x': a text\nSELECT $a", "a=b\udcff"]
    asked = CliRunner().invoke(app, ["sql", "--config", str(site.config), "--", *parameter])
    assert asked.output.startswith("What follows 'b' is not UTF-8")
    assert CliRunner().invoke(app, ["search", "a\udcff", "--config", str(site.config)]).exit_code == 2
