"""The DuckDB file of a lake: the same rows, comments and answers as the file of a refresh, whole or by views."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from conftest import OF_LINKS_AND_TRENDS, Site

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

from commands import etl, said
from lakes import fill, new_lake

from etl_project.assistants.allowed import NotAllowed, require_one_select
from etl_project.assistants.limits import CallLimits
from etl_project.assistants.locked import open_locked
from etl_project.database.contract import declared, describe
from etl_project.database.work_file import WorkFile
from etl_project.lake import maintain
from etl_project.lake.publish import Form, large_tables, publish_file
from etl_project.lake.store import Lake, Pins
from etl_project.lake.tables import lake_tables
from etl_project.show.query import open_published

Filled = tuple[Site, Lake, Pins]


def build(folder: Path) -> Site:
    site = Site(folder)
    site.configure()
    for n in range(1, 6):
        site.write(f"_posts/2026-01-0{n}-{n}.md", title=f"It's {n}", date=f"2026-01-0{n} 09:00:00 +0800")
    site.write(
        "_posts/2026-01-06-draft.md", "---\ntitle: Secret\npublished: false\nx: {a: [1]}\n---\nhidden [l](/a/)\n"
    )
    site.write("_posts/2026-01-07-open.md", b"---\ntitle: open\n\nno end\n")
    site.refresh()
    return site


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        site = build(tmp_path_factory.mktemp("built"))
        lake = new_lake(site.folder, "the lake's")
        return site, lake, fill(lake, site.published)


def published(filled: Filled, form: Form, folder: Path) -> Path:
    _, lake, pins = filled
    file = folder / "posts.duckdb"
    publish_file(lake, pins, WorkFile(file), form)
    return file


@pytest.fixture(scope="module")
def shown(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site whose published file shows the lake by views; tests only read it."""
    site = filled[0].at(tmp_path_factory.mktemp("shown"))
    site.configure()
    published(filled, "views", site.published.parent)
    return site


def rows_of(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    names = [name for name in (*declared(), *lake_tables()) if name not in OF_LINKS_AND_TRENDS]
    return {name: con.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in names}


@pytest.mark.parametrize("form", ["file", "views"])
def test_the_file_has_the_rows_types_and_comments_of_that_of_a_refresh(
    filled: Filled, shown: Site, form: Form, tmp_path: Path
) -> None:
    with (
        open_published(filled[0].published) as refreshed,
        open_published(shown.published if form == "views" else published(filled, form, tmp_path)) as file,
    ):
        assert rows_of(file) == rows_of(refreshed)
        one, other = describe(file), describe(refreshed)
        assert one.keys() == other.keys()
        for name, table in one.items():
            assert table.is_view == other[name].is_view and table.comment == other[name].comment
            facts = [[(column.name, column.type, column.comment) for column in t.columns] for t in (table, other[name])]
            assert facts[0] == facts[1], name


def test_a_file_of_views_holds_small_tables_and_no_texts(shown: Site) -> None:
    with duckdb.connect(str(shown.published), read_only=True) as con:
        views = {name for (name,) in con.execute(
            "SELECT CASE schema_name WHEN 'main' THEN '' ELSE schema_name || '.' END || view_name FROM duckdb_views() "
            "WHERE contains(sql, 'delta_scan(')").fetchall()}  # fmt: skip
        assert views == large_tables() and "articles" in views and "internal.inventory" in views
        assert con.execute("SELECT count(*) FROM articles_by_date").fetchone() == (5,)
        assert con.execute("SELECT count(*) FROM refreshes").fetchone() == (1,)


def test_the_views_are_those_that_the_extension_of_duckdb_would_answer(filled: Filled, shown: Site) -> None:
    """Whoever has the extension needs no `etl`: what a view asks of it is the table by its address and version."""
    _, lake, pins = filled
    with duckdb.connect(str(shown.published), read_only=True) as con:
        [(sql,)] = con.execute("SELECT sql FROM duckdb_views() WHERE view_name = 'articles'").fetchall()
    address = lake.place.address("articles").replace("'", "''")
    assert f"FROM delta_scan('{address}', \"version\" := {pins.versions['articles']})" in sql
    assert 'CAST(front_matter AS "JSON")' in sql


def test_the_commands_answer_from_views(shown: Site, tmp_path: Path) -> None:
    site = shown
    assert json.loads(etl(site, "sql", "SELECT count(*) AS n FROM articles_live", "--format", "json").output) == [
        {"n": 5}
    ]
    assert "It's 3" in said(etl(site, "search", "words"))
    assert "site │ jekyll │ 7 │ 1 │ 6" in said(etl(site, "status"))
    assert "every article is new" in said(etl(site, "changes"))
    assert "_posts/2026-01-07-open.md" in said(etl(site, "rejected"))
    assert "articles_full" in said(etl(site, "tables"))
    assert "front_matter" in said(etl(site, "describe", "articles"))
    assert etl(site, "export", "--output", str(tmp_path / "exported")).exit_code == 0
    assert list((tmp_path / "exported").glob("articles.*"))


@pytest.mark.prove("lake")
def test_the_page_is_written_from_views(shown: Site, tmp_path: Path) -> None:
    told = etl(shown, "report", "--output", str(tmp_path / "page.html"))
    assert told.exit_code == 0 and "page.html shows refresh 1 " in said(told)


def test_a_query_of_views_reaches_no_other_file(shown: Site, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n", "utf-8")
    with open_published(shown.published) as con, pytest.raises(duckdb.PermissionException):
        con.execute(f"FROM '{other}'")


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '{to}' (USE_TMP_FILE false)",
        "WITH x AS (COPY (SELECT 1) TO '{to}' (USE_TMP_FILE false)) FROM x",
        "EXPORT DATABASE '{to}'",
        "ATTACH '{to}' AS o; CREATE TABLE o.t AS SELECT 1",
    ],
)
def test_a_query_of_views_writes_nothing_into_the_lake(shown: Site, filled: Filled, statement: str) -> None:
    folder = Path(filled[1].place.address(""))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    [data, *_] = sorted(path for path in before if path.suffix == ".parquet")
    for place in (data, data.with_name("new.parquet"), folder / "new"):
        for to in (f"{place}", f"pinned://{place}", f"file://{place}"):
            assert etl(shown, "sql", statement.format(to=to)).exit_code == 1, to
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_query_of_views_reads_the_files_of_its_versions_and_no_other(shown: Site, filled: Filled) -> None:
    folder = Path(filled[1].place.address(""))
    [log, *_] = sorted(folder.rglob("*.json"))
    for place in (
        f"{log}",
        f"pinned://{log}",
        f"pinned://{folder}/articles/../../{shown.config}",
        "pinned:///etc/hostname",
    ):
        for call in (f"read_text('{place}')", f"glob('{place}')", f"'{place}'"):
            told = etl(shown, "sql", f"SELECT count(*) AS n FROM {call}", "--format", "json")
            assert told.exit_code == 1 or told.output == '[{"n":0}]\n', call


def test_assistants_see_no_draft_through_views(shown: Site) -> None:
    file = shown.published
    with open_locked(file, CallLimits(), internal=False) as locked:
        assert locked.con.execute("SELECT title FROM articles WHERE title = 'Secret'").fetchall() == []
        assert len(locked.con.execute("FROM articles").fetchall()) == 5
        macros = [macro.name for macro in locked.macros]
        for query in ("FROM delta_scan('articles')", "FROM query('FROM articles')"):
            with pytest.raises(NotAllowed):
                require_one_select(locked.con, query, list(locked.tables), macros)
    with open_locked(file, CallLimits(), internal=True) as locked:
        assert len(locked.con.execute("FROM articles").fetchall()) == 6


def test_the_file_is_written_again_only_where_its_pins_or_its_form_differ(filled: Filled, tmp_path: Path) -> None:
    _, lake, pins = filled
    work = WorkFile(tmp_path / "posts.duckdb")
    forms: tuple[Form, ...] = ("file", "file", "views")
    assert [publish_file(lake, pins, work, form).is_new for form in forms] == [True, False, True]
    other = replace(pins, versions={**pins.versions, "tags": pins.versions["tags"] - 1}, sequence=2)
    assert not publish_file(lake, other, work, "views").is_new, "tags are no view"
    other = replace(pins, versions={**pins.versions, "articles": pins.versions["articles"] - 1}, sequence=2)
    assert publish_file(lake, other, work, "views").is_new
    assert work.published.stat().st_mode & 0o222 == 0 and not work.path.exists()


@pytest.mark.prove("lake")
def test_a_lake_that_was_maintained_shows_its_views_at_versions_that_are_kept(
    filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Merged files are of another version of the same refresh; the one before would be forgotten by and by."""
    lake = new_lake(tmp_path)
    pins = fill(lake, filled[0].published)
    site = filled[0].at(tmp_path)
    site.configure()
    extra = f'kind = "lake"\nlocation = "{lake.place.location}"\nparts = 4\npublish = "views"\nkeep_generations = 2'
    site.config.write_text(site.config.read_text("utf-8").replace("[warehouse]\n", f"[warehouse]\n{extra}\n"), "utf-8")
    publish_file(lake, pins, WorkFile(site.published), "views")
    monkeypatch.setattr(maintain, "MOST_FILES_A_PART", 0)
    for _ in range(2):
        told = said(etl(site, "maintain"))
        assert re.match(
            r"The lake: \d+ small files merged, \d publications? forgotten, \d+ objects of .* removed\.", told
        )
    assert [
        row["n"]
        for row in json.loads(etl(site, "sql", "SELECT count(*) AS n FROM articles", "--format", "json").output)
    ] == [6]


def test_the_way_of_a_single_file_imports_nothing_of_a_lake(filled: Filled) -> None:
    program = (
        "import sys; from etl_project.cli import app\n"
        "try: app(['sql', 'FROM articles', '--config', sys.argv[1]])\n"
        "except SystemExit as end: assert not end.code\n"
        "print(sorted(name for name in sys.modules if name.startswith(('deltalake', 'obstore', 'etl_project.lake'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(filled[0].config)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
