"""Warehouses of every earlier schema version: real files, made by the code of their day."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import duckdb
import pytest
from conftest import Site, one_post
from typer.testing import CliRunner

from etl_project.cli import app
from etl_project.database.contract import schema_version
from etl_project.errors import DONE, FAILED, WORK_TO_DO
from etl_project.refresh.refresh import Refresh

FILES = sorted(Path(__file__).with_name("earlier").glob("*.duckdb.gz"))


@pytest.fixture
def upgraded(tmp_path: Path, request: pytest.FixtureRequest) -> Site:
    """A warehouse of an earlier version, beside the two posts that it was last refreshed from."""
    site = Site(tmp_path, source='dialect = "jekyll"\n', warehouse="wh/posts.duckdb")
    site.configure()
    site.config.write_text(site.config.read_text("utf-8").replace('name = "site"', 'name = "s"'), "utf-8")
    for n, title in ((1, "Post 1 edited"), (2, "Post 2")):
        site.write(
            f"_posts/2024-0{n}-01-p{n}.md",
            f"---\ntitle: {title}\ndate: 2024-0{n}-01 08:00:00\ntags: [a]\ncategories: [news]\n---\nHello\n",
        )
    site.published.parent.mkdir()
    site.published.write_bytes(gzip.decompress(request.param.read_bytes()))
    return site


@pytest.mark.parametrize("upgraded", FILES, ids=lambda file: file.name.partition(".")[0], indirect=True)
def test_what_was_observed_is_carried_over_from_a_file_of_each_earlier_version(upgraded: Site) -> None:
    changes = upgraded.query("SELECT refresh_id, article_id, change FROM article_changes ORDER BY ALL")
    history = upgraded.query("SELECT article_id, first_seen_at FROM article_history ORDER BY ALL")
    refreshes = upgraded.query("SELECT refresh_id, as_of, files_read FROM refreshes ORDER BY ALL")
    assert len(changes) == 5 and len(history) == 3 and len(refreshes) == 2
    upgraded.load(full=True)
    assert upgraded.query_work("SELECT refresh_id, as_of, files_read FROM refreshes ORDER BY ALL")[:2] == refreshes
    old = "SELECT refresh_id, article_id, change FROM article_changes WHERE refresh_id <= 2 ORDER BY ALL"
    assert upgraded.query_work(old) == changes
    assert set(history) <= set(upgraded.query_work("SELECT article_id, first_seen_at FROM article_history"))
    # `articles` of the old file names the source of an article that is still there.
    known = "SELECT DISTINCT source_id FROM article_changes SEMI JOIN articles USING (article_id) WHERE refresh_id <= 2"
    assert upgraded.query_work(known) == [("s",)]
    assert upgraded.column_of_work("SELECT title FROM articles ORDER BY 1") == ["Post 1 edited", "Post 2"]
    _, plan = upgraded.plan()
    assert plan.reasons == ["the tables of the last refresh have not been checked"], "nothing else is left to do"


def test_there_is_a_file_of_the_present_version() -> None:
    names = {file.name.partition(".")[0] for file in FILES}
    assert schema_version() in names, "the schema has changed: run tests/database/earlier/make.py"


def test_the_page_beside_them_names_every_file() -> None:
    page = FILES[0].with_name("README.md").read_text("utf-8")
    named = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(named) == [file.name.removesuffix(".duckdb.gz") for file in FILES]


@pytest.mark.built(by=one_post)
def test_a_file_of_a_later_version_is_built_anew_too(site: Site) -> None:
    work = Refresh(site.settings).work
    with work.opened() as con:
        con.execute("ALTER TABLE refreshes ADD COLUMN of_the_future VARCHAR NOT NULL DEFAULT 'x'")
        con.execute("UPDATE internal.generation SET schema_version = 'later'")
    loaded = site.load()
    assert loaded and site.last_plan and site.last_plan.reasons == ["the tables have another form in this version"]
    assert site.column_of_work("SELECT refresh_id FROM refreshes ORDER BY 1")[0] == 1


COMMANDS = (
    *(["status"], ["changes"], ["changes", "--since", "1"], ["rejected"], ["rejected", "--export", "out"]),
    *(
        ["sql", "FROM articles"],
        ["sql", "SELECT of_the_future FROM changes"],
        ["explain", "site/_posts/2024-01-01-p1.md"],
    ),
    *(["refresh", "--plan"],),
)


def assert_every_command_ends_in_a_sentence(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, is_present: bool = False
) -> dict[str, str]:
    """Run each command; one that fails says so in a sentence, as an error of this program, before any other output."""
    monkeypatch.chdir(site.folder)
    shown = {}
    for words in COMMANDS:
        result = CliRunner().invoke(app, [*words, "--config", str(site.config)])
        assert isinstance(result.exception, SystemExit | None), (words, result.exception)
        assert "Traceback" not in result.output and "fault of the program" not in result.output
        if result.exit_code == FAILED and words[0] != "refresh":
            said = " ".join(result.output.split())
            assert said.startswith(str(site.published)) or words[0] == "sql", said
            assert is_present or (
                "of another version" in said and said.endswith(f"etl refresh --config {site.config}")
            ), said
        else:
            assert result.exit_code in (DONE, WORK_TO_DO) or "--allow-deletes" in result.output, (words, result.output)
        shown[" ".join(words)] = result.output
    return shown


@pytest.mark.parametrize("upgraded", FILES, ids=lambda file: file.name.partition(".")[0], indirect=True)
def test_every_command_on_a_file_of_an_earlier_version_ends_in_a_sentence(
    upgraded: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_present = upgraded.column("SELECT schema_version FROM internal.generation") == [schema_version()]
    shown = assert_every_command_ends_in_a_sentence(upgraded, monkeypatch, is_present=is_present)
    assert "Post 1 edited" in shown["changes"] or "of another version" in shown["changes"]


LATER = {
    "a table is gone": "DROP VIEW changes; DROP TABLE article_changes",
    "a column is gone": "ALTER TABLE refreshes DROP COLUMN files_read",
    "a state is new": "UPDATE internal.generation SET state = 'of the future'",
    "no table of ours": "DROP SCHEMA internal CASCADE; DROP TABLE rejected_files; DROP TABLE sources",
}


@pytest.mark.parametrize("upgraded", FILES[:1], ids=["file"], indirect=True)
@pytest.mark.parametrize("statements", LATER.values(), ids=LATER)
def test_every_command_on_a_file_of_a_later_version_ends_in_a_sentence(
    upgraded: Site, monkeypatch: pytest.MonkeyPatch, statements: str
) -> None:
    with duckdb.connect(str(upgraded.published)) as con:
        con.execute("UPDATE internal.generation SET schema_version = 'later'")
        con.execute(statements)
    shown = assert_every_command_ends_in_a_sentence(upgraded, monkeypatch)
    assert any("of another version" in text for text in shown.values())
