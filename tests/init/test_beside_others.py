"""What `etl init` writes beside other settings, and what it says of a site."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Site
from typer.testing import CliRunner, Result

from etl_project.cli import app
from etl_project.init.zone import find_zone, guess_zone, machine_zone
from etl_project.refresh import Refresh
from etl_project.settings import read_settings


def init(folder: str, *options: str) -> Result:
    ended = CliRunner().invoke(app, ["init", folder, *options])
    assert ended.exit_code == 0, ended.output
    return ended


def place(file: str) -> str:
    return str(read_settings(Path(file)).warehouse.path.relative_to(Path.cwd()))


def test_two_settings_files_of_a_folder_never_share_a_warehouse(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("_posts/2026-01-02-a.md")
    monkeypatch.chdir(site.folder)
    for number, named in enumerate(("site", "site-2", "site-3")):
        init("site", "--output", f"{number}.toml")
        assert place(f"{number}.toml") == f"warehouse/{named}/posts.duckdb", "etl.toml has warehouse/posts.duckdb"
    site.config.write_text(
        '[warehouse]\npath = "./elsewhere/../warehouse/site-2/posts.duckdb"\n\n[[source]]\n', "utf-8"
    )
    Path("1.toml").write_text("not = [toml", "utf-8")
    Path("pyproject.toml").write_text("[project]\n", "utf-8")
    init("site", "--output", "4.toml")
    assert place("4.toml") == "warehouse/posts.duckdb"


def test_a_folder_more_than_two_steps_up_is_named_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path)
    site.write("2026-01-02-a.md")
    for folder, location in (("a/b", "../../site"), ("a/b/c", str(site.posts))):
        (tmp_path / folder).mkdir(parents=True)
        monkeypatch.chdir(tmp_path / folder)
        init(str(site.posts))
        assert f'location = "{location}"' in Path("etl.toml").read_text("utf-8")


def test_a_zone_is_guessed_from_the_language_and_said_to_be_a_guess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        Site(tmp_path).write(f"note {n}.md", "# 港口\n\n今天的港口很安静，船都出海了。\n")
    monkeypatch.chdir(tmp_path)
    said = init("site").output
    assert "Asia/Shanghai is a guess, as its posts are in Chinese." in said
    text = Path("etl.toml").read_text("utf-8")
    assert (
        '# A guess: the site does not say which zone it uses, and its posts are in Chinese.\ntime_zone = "Asia/S'
        in text
    )


def test_only_a_language_of_one_zone_tells_a_zone() -> None:
    assert (find_zone("Asia/shanghai"), find_zone("Asia/Beijing"), find_zone(None)) == ("Asia/Shanghai", None, None)
    assert guess_zone("zh-Hant", []) == ("Asia/Taipei", "Chinese in traditional script")
    assert guess_zone("zh_CN", []) == ("Asia/Shanghai", "Chinese")
    assert guess_zone("en-us", ["今天的港口很安静，船都出海了。"]) is None
    assert guess_zone(None, ["きょうの港はとても静かです。"]) == ("Asia/Tokyo", "Japanese")
    assert guess_zone(None, ["今天的港口很安静。", "The port is calm today.", "No ship came in."]) is None


def test_a_site_whose_language_tells_nothing_is_offered_the_zone_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Site(tmp_path).write("note.md", "# A note\n\nThe port is calm today.\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "Europe/Oslo")
    assert "put yours in time_zone before the first refresh. This machine keeps Europe/Oslo." in init("site").output
    text = Path("etl.toml").read_text("utf-8")
    assert 'Put yours, such as Europe/Oslo.\ntime_zone = "UTC"' in text, "offered, and not chosen"
    for zone in ("UTC", "Etc/UTC", "no/zone", ":/etc/localtime"):
        monkeypatch.setenv("TZ", zone)
        assert machine_zone() is None


def test_other_pages_of_hugo_are_named_and_not_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (site.posts / "hugo.toml").write_text('timeZone = "Europe/Oslo"\n', "utf-8")
    site.write("content/one.md", "---\ntitle: One\n---\n")
    site.write("content/_index.md", "---\ntitle: All\n---\n")
    monkeypatch.chdir(site.folder)
    said = init("site", "--output", "other.toml").output
    assert "dialect hugo with 1 post; it was sampled, and 0 rules were proposed." in said
    assert "1 other page is no post of this dialect: _index.md (1)." in said


@pytest.mark.parametrize("name", ["ruby-lang", "hugo-notes", "yihui"])
def test_as_many_posts_are_told_as_a_refresh_lists(shared: Path, tmp_path: Path, name: str) -> None:
    said = init(str(shared / "sites" / name), "--output", str(tmp_path / "etl.toml")).output
    plan = Refresh(read_settings(tmp_path / "etl.toml")).plan()
    plan.close()
    assert f"with {plan.diff.listed[name]} posts" in said
