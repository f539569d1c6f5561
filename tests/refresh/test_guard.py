"""The guard counts what readers lose, whatever the reason; settings and code have a share of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_sites import BuiltSites
from conftest import Site

from etl_project.refresh.guard import RefreshStopped, guard_leaving, refuse_garbled_names
from etl_project.scan.leaving import Leaving
from etl_project.settings import SettingsError

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{:064d}\nsize 99\n"


@pytest.fixture(autouse=True)
def _nothing_is_deferred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etl_project.scan.compare.MOST_DEFERRALS", 0)


def load_ten(folder: Path) -> Site:
    """Load ten posts that differ in their titles."""
    site = Site(folder)
    site.configure()
    for n in range(10):
        site.write(f"_posts/2026-01-02-{n}.md", title=f"Post {n}")
    site.load()
    return site


@pytest.fixture
def ten(built_sites: BuiltSites, tmp_path: Path) -> Site:
    return built_sites.copy(load_ten, tmp_path)


@pytest.mark.parametrize("text", ["", POINTER.format(1), "---\ntitle: never closed\n", "no front matter"])
def test_posts_that_cannot_be_loaded_any_more_stop_a_refresh(ten: Site, text: str) -> None:
    for n in range(3):
        ten.write(f"_posts/2026-01-02-{n}.md", text, age=3600)
    with pytest.raises(
        RefreshStopped, match=r"3 of the 10 posts of the source 'site'.*cannot be loaded any more.*_posts"
    ):
        ten.load()
    assert ten.column_of_work("SELECT count(*) FROM articles") == [10], "nothing was committed"


def test_posts_renamed_into_what_cannot_be_loaded_are_no_moves(ten: Site) -> None:
    for n in range(3):
        file = ten.posts / f"_posts/2026-01-02-{n}.md"
        file.rename(file.with_name(f"2026-01-03-{n}.md"))
    loaded = ten.load()
    assert loaded and loaded.changes == {"moved": 3}
    for n in range(3):
        (ten.posts / f"_posts/2026-01-03-{n}.md").unlink()
        ten.write(f"_posts/2026-01-04-{n}.md", "", age=3600)
    with pytest.raises(RefreshStopped, match="3 of the 10 posts"):
        ten.load()


def test_one_post_of_several_that_is_broken_stops_nothing(site: Site) -> None:
    for n in range(3):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.load()
    site.write("_posts/2026-01-02-0.md", "", age=3600)
    loaded = site.load()
    assert loaded and loaded.changes == {"rejected": 1}


def test_settings_that_leave_posts_out_stop_nothing_and_are_told(ten: Site) -> None:
    ten.configure(f'{ten.source}exclude = ["*-[0-5].md"]\n')
    loaded = ten.load()
    assert loaded and loaded.changes == {"deleted": 6}
    assert ten.last_plan and any("no post by its settings" in reason for reason in ten.last_plan.reasons)


def test_the_share_that_settings_may_take_can_be_set(ten: Site) -> None:
    ten.configure(f'{ten.source}exclude = ["*-[0-5].md"]\n', "[limits]\nsettings_share = 0.5\n")
    with pytest.raises(RefreshStopped, match=r"6 of the 10 posts.*because of its settings.*settings_share allows 50%"):
        ten.load()


NOTHING = 'dialect = "jekyll"\ninclude = ["nowhere/**"]\n'


def test_settings_that_match_none_of_the_posts_there_stop_the_first_build(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.write("_posts/2026-01-02-two.md")
    site.write("notes/three.md")
    site.configure(NOTHING)
    said = r"line 6: the source 'site' has no post: 2 files lie in _posts/, 1 file lies in notes/ of .*/site, and none "
    with pytest.raises(RefreshStopped, match=said + r"matches nowhere/\*\*\. .*--allow-deletes"):
        site.load()
    site.configure('dialect = "zola"\n')
    with pytest.raises(RefreshStopped, match=r"2 files lie in _posts/.* and none matches content/\*\*"):
        site.load()


def test_a_source_without_any_file_that_may_be_a_post_is_built_with_a_warning(site: Site) -> None:
    """A vault that was made a minute ago."""
    site.write(".obsidian/workspace.md", "{}")
    site.write("picture.png", b"\x89PNG")
    site.configure('dialect = "obsidian"\n')
    refresh, plan = site.plan()
    refresh.load_tables(plan)
    failed = {result.check.name: result.sample for result in refresh.run_checks("tables") if not result.passed}
    said = f"the source site has no post: no file that may be one lies in {site.posts}"
    assert failed == {"every_source_has_posts": [said]}


def test_what_lies_at_a_source_that_was_allowed_to_be_empty_is_told_as_a_warning(site: Site) -> None:
    site.write("one.rst", "One\n===\n")
    site.configure('dialect = "zola"\n')
    refresh, plan = site.plan(allow_deletes=True)
    refresh.load_tables(plan)
    (failed,) = [result for result in refresh.run_checks("tables") if not result.passed]
    assert failed.sample == [
        f"the source site has no post: 1 file lies in the top folder of {site.posts}, and none has an ending of the "
        "dialect zola: .md"
    ]


def test_settings_that_match_nothing_any_more_are_refused(ten: Site) -> None:
    ten.configure(NOTHING)
    with pytest.raises(RefreshStopped, match="no post would be left"):
        ten.load()
    ten.load(allow_deletes=True)
    assert ten.column_of_work("SELECT count(*) FROM articles") == [0]


def test_posts_that_went_while_settings_changed_count_as_gone(ten: Site) -> None:
    for n in range(5):
        (ten.posts / f"_posts/2026-01-02-{n}.md").unlink()
    ten.configure(f'{ten.source}exclude = ["*-9.md"]\n')
    with pytest.raises(RefreshStopped, match="5 of the 10 posts of the source 'site' would leave: 5 no longer there"):
        ten.load()


def test_a_source_that_left_the_settings_is_a_sentence_of_its_own(site: Site) -> None:
    with pytest.raises(RefreshStopped, match=r"the source 'old' is no longer in .*etl\.toml.*renamed_from = \"old\""):
        site.write("_posts/2026-01-02-a.md")
        guard_leaving({"old": Leaving(total=3, some_stay=False, absent=3, example="a.md")}, site.settings)


def test_a_process_that_would_garble_the_names_of_the_settings_refuses_them(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl_project.refresh.guard.names_are_utf8", lambda: False)
    refuse_garbled_names(site.settings)
    site.config.write_text(site.config.read_text().replace('location = "site"', 'location = "文章"'), "utf-8")
    with pytest.raises(SettingsError, match="PYTHONUTF8=1"):
        refuse_garbled_names(site.settings)
    assert Path(site.config).exists()
