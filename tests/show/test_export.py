"""`etl export`: every public table in every format, by month, guarded, and never over what is not its own."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from conftest import Site
from typer.testing import CliRunner, Result

from etl_project.cli import app
from etl_project.database.contract import declared
from etl_project.show.export import BadExport, ExportFormat, export_tables

SECRET = '=1+1 港\n"x", y'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Three posts of two months, one without a date, one with a title that a spreadsheet would run."""
    site = Site(tmp_path_factory.mktemp("exported"))
    site.configure()
    site.write("_posts/2026-01-01-a.md", title=json.dumps(SECRET), date="2026-01-01 09:00:00", tags="x")
    site.write("_posts/2026-02-02-b.md", title="b", date="2026-02-02 09:00:00", tags="x y")
    site.write("_posts/c.md", "---\ntitle: c\n---\nno date\n")
    site.write("_posts/2026-01-07-open.md", "---\ntitle: open\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        site.refresh()
    return site


def etl_export(site: Site, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["export", *arguments, "--config", str(site.config)])


def rows_of(site: Site, table: str) -> list[tuple[Any, ...]]:
    return sorted(site.query(f"SELECT * FROM {table}"), key=str)


def manifest(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return read


PUBLIC = sorted(name for name, table in declared().items() if not table.is_view)


def test_every_public_table_is_parquet_with_its_types_and_rows(site: Site, tmp_path: Path) -> None:
    written = export_tables(site.published, tmp_path / "x", ExportFormat.parquet)
    assert [table.name for table in written] == PUBLIC
    names = {file.name for file in (tmp_path / "x").iterdir()}
    assert names == {f"{name}.parquet" for name in PUBLIC} | {"manifest.json", "README.md"}, (
        "none of the schema internal"
    )
    with duckdb.connect() as con:
        for table in written:
            file = tmp_path / "x" / f"{table.name}.parquet"
            assert sorted(con.execute(f"FROM '{file}'").fetchall(), key=str) == rows_of(site, table.name)
            kinds = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM '{file}')").fetchall()
            assert kinds == [(column.name, column.type) for column in declared()[table.name].columns]
            assert table.rows == len(rows_of(site, table.name))


def test_csv_holds_every_row_and_no_formula(site: Site, tmp_path: Path) -> None:
    for table in export_tables(site.published, tmp_path / "x", ExportFormat.csv):
        text = (tmp_path / "x" / f"{table.name}.csv").read_text("utf-8")
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        assert header == [column.name for column in declared()[table.name].columns]
        assert len(rows) == table.rows
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t"))]
    titles = pl.read_csv(tmp_path / "x/articles.csv", infer_schema=False)["title"].to_list()
    told = site.column("SELECT title FROM articles")
    assert sorted(titles) == sorted(f"'{title}" if title.startswith("=") else title for title in told)
    assert [title for title in titles if title.startswith("'=1+1 港")]


def test_each_line_of_jsonl_is_one_row(site: Site, tmp_path: Path) -> None:
    for table in export_tables(site.published, tmp_path / "x", ExportFormat.jsonl):
        text = (tmp_path / "x" / f"{table.name}.jsonl").read_text("utf-8")
        rows = [json.loads(line) for line in text.split("\n")[:-1]]
        assert len(rows) == table.rows
        assert all(list(row) == [column.name for column in declared()[table.name].columns] for row in rows)
    titles = {json.loads(line)["title"] for line in (tmp_path / "x/articles.jsonl").read_text("utf-8").splitlines()}
    assert titles == set(site.column("SELECT title FROM articles"))


def test_tables_with_a_date_are_folders_by_month_and_the_others_are_files(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    result = etl_export(site, "--partition", "month", "--output", str(folder))
    assert result.exit_code == 0 and result.output.startswith(f"{len(PUBLIC)} tables, ")
    months = {path.name for path in (folder / "articles").iterdir()}
    assert months == {f"published_month={m}" for m in ("2026-01", "2026-02", "__HIVE_DEFAULT_PARTITION__")}
    assert (folder / "tags.parquet").is_file() and (folder / "articles_by_month").is_dir()
    assert {file["path"] for table in manifest(folder)["tables"] for file in table["files"]} == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")
    }
    with duckdb.connect() as con:
        for table in manifest(folder)["tables"]:
            if len(table["files"]) > 1:
                read = f"read_parquet('{folder}/{table['name']}/**/*.parquet', hive_partitioning = true)"
                rows = con.execute(f"SELECT * EXCLUDE (published_month) FROM {read}").fetchall()
                assert sorted(rows, key=str) == rows_of(site, table["name"])


def test_named_tables_and_views_alone_are_written(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    result = etl_export(site, "--tables", "tags, articles_full", "--format", "csv", "--output", str(folder))
    assert result.exit_code == 0
    assert {path.name for path in folder.glob("*.csv")} == {"tags.csv", "articles_full.csv"}
    assert [table["name"] for table in manifest(folder)["tables"]] == ["articles_full", "tags"]
    told = (folder / "README.md").read_text("utf-8")
    assert "| tag_id | VARCHAR | NFKC, casefolded name with single spaces. |" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--format", "xlsx"], "There is no format 'xlsx'; the formats are parquet, csv, jsonl."),
        (["--tables", "tagz"], "There is no table 'tagz'. Did you mean tags"),
        (["--tables", "internal.inventory"], "There is no table 'internal.inventory'."),
        (["--tables", "tags; DROP TABLE tags"], "There is no table"),
        (["--tables", " , "], "Name tables, as in --tables articles,tags"),
        (["--partition", "day"], "There are no folders by 'day'; write --partition month."),
    ],
)
def test_a_wrong_call_is_a_sentence_and_writes_nothing(
    site: Site, tmp_path: Path, arguments: list[str], told: str
) -> None:
    result = etl_export(site, *arguments, "--output", str(tmp_path / "x"))
    assert result.exit_code == 2 and told in result.output
    assert list(tmp_path.iterdir()) == []


def test_an_export_is_replaced_whole_by_the_next_one(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    export_tables(site.published, folder, ExportFormat.csv, by_month=True)
    export_tables(site.published, folder, ExportFormat.jsonl, ["tags"])
    assert {path.name for path in folder.rglob("*")} == {"tags.jsonl", "manifest.json", "README.md"}
    assert [path.name for path in tmp_path.iterdir()] == ["x"], "nothing is left beside it"


def own_file(folder: Path) -> None:
    (folder / "mine.txt").write_text("mine")


def edited_file(folder: Path) -> None:
    (folder / "tags.csv").write_text("mine")


def linked_file(folder: Path) -> None:
    (folder / "tags.csv").unlink()
    (folder / "tags.csv").symlink_to("/etc/hostname")


def other_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"made_by": "somebody"}')


def no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


@pytest.mark.parametrize("change", [own_file, edited_file, linked_file, other_manifest, no_manifest])
def test_a_folder_with_anything_else_in_it_is_not_replaced(site: Site, tmp_path: Path, change: Any) -> None:
    folder = tmp_path / "x"
    export_tables(site.published, folder, ExportFormat.csv, ["tags"])
    change(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(BadExport, match="--output"):
        export_tables(site.published, folder, ExportFormat.csv, ["tags"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_folder_of_the_warehouse_a_file_and_a_link_are_not_replaced(site: Site, tmp_path: Path) -> None:
    before = site.published.read_bytes()
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "file").write_text("mine")
    for folder in (site.published.parent, tmp_path / "link", tmp_path / "file"):
        with pytest.raises(BadExport):
            export_tables(site.published, folder, ExportFormat.parquet, ["tags"])
    assert site.published.read_bytes() == before and (tmp_path / "file").read_text() == "mine"


def test_an_export_that_fails_leaves_the_last_one_and_nothing_beside_it(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "x"
    export_tables(site.published, folder, ExportFormat.csv, ["tags"])

    def fail(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("etl_project.show.export._readme", fail)
    result = etl_export(site, "--format", "csv", "--output", str(folder))
    assert result.exit_code == 1 and "No space left on device" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert {path.name for path in folder.iterdir()} == {"tags.csv", "manifest.json", "README.md"}
