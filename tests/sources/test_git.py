"""A git repository as a source: commits decide what is read, and nothing is checked out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from built_sites import BuiltSites
from git_site import DAY, QUIET, START, GitSite, Repo, equals_a_folder, six_committed, six_read
from loaded_tables import equals_a_full_load, loaded_tables

from etl_project.database.contract import contract
from etl_project.extract.fields import FieldReader
from etl_project.limits import Limits
from etl_project.refresh.guard import RefreshStopped
from etl_project.sources.access import pin
from etl_project.sources.location import location_of
from etl_project.sources.source import Source


@pytest.fixture
def site(built_sites: BuiltSites, tmp_path: Path, request: pytest.FixtureRequest) -> GitSite:
    """A repository of six posts in one commit; where a test is marked `built(by=six_read)`, it was refreshed once."""
    mark = request.node.get_closest_marker("built")
    return built_sites.copy(mark.kwargs["by"] if mark else six_committed, tmp_path)


def test_the_last_commit_is_read_and_what_is_not_committed_is_not(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Not committed")
    loaded = site.load()
    assert loaded and loaded.files_read == 6
    assert site.column_of_work("SELECT title FROM articles ORDER BY 1") == [f"Post {n}" for n in range(6)]
    assert site.column_of_work("SELECT source_commit FROM refreshes") == [site.repo.head]
    site.repo.git("checkout", "--", ".")
    equals_a_folder(site)


@pytest.mark.built(by=six_read)
def test_adds_edits_renames_and_deletes_between_two_commits_are_exact(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Edited")
    site.repo.write("_posts/2026-01-02-new.md")
    (site.repo.path / "old_post").mkdir()
    (site.repo.path / "_posts/2026-01-02-1.md").rename(site.repo.path / "old_post/2026-01-02-1.md")
    (site.repo.path / "_posts/2026-01-02-2.md").unlink()
    site.repo.commit()
    loaded = site.load()
    assert loaded and loaded.files_read == 3
    assert loaded.changes == {"added": 1, "changed": 1, "deleted": 1, "moved": 1}
    equals_a_folder(site)


@pytest.mark.built(by=six_read)
def test_a_commit_that_touches_no_post_makes_no_generation(site: GitSite) -> None:
    site.repo.write("README.txt", "not a post")
    site.repo.commit()
    assert site.refresh() is None
    site.repo.commit()
    assert site.refresh() is None


@pytest.mark.built(by=six_read)
def test_after_a_force_push_what_was_pushed_counts(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Amended")
    site.repo.commit(amend=True)
    loaded = site.load()
    assert loaded and loaded.changes == {"changed": 1} and loaded.files_read == 1
    assert site.column_of_work("SELECT title FROM articles WHERE path LIKE '%-0.md'") == ["Amended"]


@pytest.mark.built(by=six_read)
def test_a_last_commit_that_was_swept_away_is_no_obstacle(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Amended")
    site.repo.commit(amend=True)
    site.repo.git("reflog", "expire", "--expire=now", "--all")
    site.repo.git("gc", "--quiet", "--prune=now")
    loaded = site.load()
    assert loaded and loaded.changes == {"changed": 1} and loaded.files_read == 1


@pytest.mark.built(by=six_read)
def test_another_branch_is_a_diff_away(site: GitSite) -> None:
    site.repo.git("checkout", "-q", "-b", "drafts/中")
    site.repo.write("_posts/2026-01-02-0.md", title="On the branch")
    head = site.repo.commit()
    site.repo.git("checkout", "-q", "main")
    assert site.refresh() is None
    site.configure(site.source + 'branch = "drafts/中"\n')
    loaded = site.load()
    assert loaded and loaded.files_read == 1
    assert site.column_of_work("SELECT max_by(source_commit, refresh_id) FROM refreshes") == [head]
    assert site.column_of_work("SELECT title FROM articles WHERE path LIKE '%-0.md'") == ["On the branch"]


def test_settings_of_the_site_come_from_the_commit(site: GitSite) -> None:
    site.repo.write("_config.yml", "permalink: /a/:title/\n")
    site.repo.commit()
    site.repo.write("_config.yml", "permalink: /not-committed/:title/\n")
    site.load()
    assert site.column_of_work("SELECT url FROM articles ORDER BY 1 LIMIT 1") == ["/a/0/"]
    site.repo.write("_config.yml", "permalink: /b/:title/\n")
    site.repo.commit()
    site.load()
    assert site.column_of_work("SELECT url FROM articles ORDER BY 1 LIMIT 1") == ["/b/0/"]
    equals_a_folder(site)


def test_sections_of_hugo_come_from_the_commit(tmp_path: Path) -> None:
    site = GitSite(tmp_path, 'dialect = "hugo"\n')
    site.repo.write("hugo.toml", '[permalinks]\nposts = "/:sections/:slug/"\n')
    site.repo.write("content/posts/deep/_index.md", "---\ntitle: Deep\n---\n")
    site.repo.write("content/posts/deep/plain/one.md")
    site.repo.write("config/_default/languages.toml", '[en]\n[fr]\ncontentDir = "inhalt/fr"\n')
    site.repo.write("inhalt/fr/posts/_index.md", "---\ncascade: {draft: true}\n---\n")
    site.repo.write("inhalt/fr/posts/un.md")
    site.repo.commit()
    site.load()
    assert site.query_work("SELECT url, status FROM articles ORDER BY 1") == [
        ("/fr/posts/un/", "draft"),
        ("/posts/deep/one/", "published"),
    ]
    equals_a_folder(site)
    content = location_of(f"git+{site.repo.path}/content", tmp_path, tmp_path, None)
    reader = FieldReader(pin(Source(name="s", location=content, dialect="hugo")), Limits())
    assert reader.read("posts/deep/plain/one.md", {"title": "t"}, first_heading=None).url == "/posts/deep/t/"


def test_an_empty_repository_has_no_posts_yet(tmp_path: Path) -> None:
    site = GitSite(tmp_path)
    site.refresh()
    assert site.column("SELECT count(*) FROM post_files") == [0]
    assert site.refresh() is None
    site.repo.write("_posts/2026-01-02-first.md")
    site.repo.commit()
    loaded = site.load()
    assert loaded and loaded.changes == {"added": 1}


def test_a_bare_repository_is_read_in_place(site: GitSite) -> None:
    bare = site.folder / "bare.git"
    site.repo.git("clone", "--quiet", "--bare", str(site.repo.path), str(bare))
    site.location = str(bare)
    site.configure()
    site.load()
    assert site.column_of_work("SELECT count(*) FROM articles") == [6]
    assert not (site.published.parent / ".work/posts.mirrors").exists()


def test_a_working_copy_by_its_plain_path_is_a_folder(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-03-not-committed.md")
    site.location = str(site.repo.path)
    site.configure()
    site.load()
    assert site.column_of_work("SELECT count(*) FROM articles") == [7]


def test_a_folder_of_a_repository_is_a_site_of_its_own(site: GitSite) -> None:
    site.repo.write("sites/a/_config.yml", "permalink: /a/:title/\n")
    site.repo.write("sites/a/_posts/2026-01-02-inner.md")
    (site.repo.path / "sites/a/_posts/2026-01-03-out.md").symlink_to("../../../_posts/2026-01-02-0.md")
    site.repo.commit()
    site.location = f"git+{site.repo.path}/sites/a"
    site.configure(site.source + 'updated_from = "git"\n')
    site.refresh()
    moment = f"epoch({START + DAY})"
    assert site.query("SELECT path, url, epoch(updated_at)::BIGINT FROM articles") == [
        ("_posts/2026-01-02-inner.md", "/a/inner/", START + DAY)
    ], moment
    assert site.column("SELECT path FROM rejected_files") == ["_posts/2026-01-03-out.md"]
    site.repo.write("_posts/2026-01-02-0.md", title="Elsewhere")
    site.repo.commit()
    assert site.refresh() is None


def test_a_hook_and_its_environment_do_not_mislead(site: GitSite, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Repo(site.folder / "another")
    other.write("_posts/2026-01-05-other.md")
    other.commit()
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    site.load()
    assert site.column_of_work("SELECT count(*) FROM articles") == [6]


def test_a_repository_can_run_nothing(site: GitSite) -> None:
    ran = site.folder / "ran"
    script = site.folder / "script"
    script.write_text(f"#!/bin/sh\ntouch {ran}\n")
    script.chmod(0o755)
    for setting in ("core.fsmonitor", "core.sshCommand", "core.pager", "gpg.program", "diff.external", "core.editor"):
        site.repo.git("config", setting, str(script))
    site.repo.git("config", "log.showSignature", "true")
    site.repo.git("config", "filter.evil.smudge", str(script))
    site.repo.git("config", "diff.evil.textconv", str(script))
    site.repo.git("config", "core.hooksPath", str(script.parent))
    # A partial clone whose lacking objects would come from a program.
    site.repo.git("config", "remote.origin.url", f"ext::{script}")
    site.repo.git("config", "remote.origin.promisor", "true")
    site.repo.git("config", "protocol.ext.allow", "always")
    site.repo.git("config", "extensions.partialClone", "origin")
    site.repo.write(".gitattributes", "*.md filter=evil diff=evil\n")
    (site.repo.path / ".git/info/attributes").write_text("*.md filter=evil diff=evil\n")
    blob = site.repo.git("rev-parse", "HEAD:_posts/2026-01-02-0.md")
    (site.repo.path / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    site.configure(site.source + 'updated_from = "git"\n')
    loaded = site.load()
    assert loaded and "is missing or damaged" in loaded.unavailable["site"]
    assert not ran.exists()


@pytest.mark.built(by=six_read)
def test_moving_every_post_at_once_is_not_taken_for_deleting_them(site: GitSite) -> None:
    site.repo.git("mv", "_posts", "old_post")
    site.repo.commit()
    loaded = site.load()
    assert loaded and loaded.changes == {"moved": 6}


@pytest.mark.built(by=six_read)
def test_the_guard_stops_when_posts_of_a_repository_leave(site: GitSite) -> None:
    site.repo.git("rm", "-q", "_posts/2026-01-02-0.md", "_posts/2026-01-02-1.md")
    # Of the same size as one that went, and yet no move.
    site.repo.write("_posts/2026-01-02-9.md", title="Post 9")
    site.repo.commit()
    with pytest.raises(RefreshStopped, match="2 of the 6 posts"):
        site.load()
    loaded = site.load(allow_deletes=True)
    assert loaded and loaded.changes == {"added": 1, "deleted": 2}


@pytest.mark.built(by=six_read)
def test_a_blob_that_is_gone_when_it_is_read_leaves_the_source_as_it_was(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Edited")
    before = site.repo.head
    site.repo.commit()
    refresh, plan = site.plan()
    blob = site.repo.git("rev-parse", "HEAD:_posts/2026-01-02-0.md")
    lost = site.repo.path / f".git/objects/{blob[:2]}/{blob[2:]}"
    hidden = lost.rename(site.folder / "hidden")
    loaded = refresh.load_tables(plan)
    assert "is missing or damaged" in loaded.unavailable["site"] and loaded.commits == {"site": before}
    hidden.rename(lost)
    loaded2 = site.load()
    assert loaded2 and loaded2.changes == {"changed": 1}
    equals_a_full_load(site)


def test_two_sources_can_be_two_branches_of_a_repository(site: GitSite) -> None:
    site.repo.git("branch", "other")
    site.configure(
        extra=f'[[source]]\nname = "other"\nlocation = "{site.location}"\nbranch = "other"\ndialect = "jekyll"\n'
    )
    site.load()
    head = site.repo.head
    assert site.column_of_work("SELECT source_commit FROM refreshes") == [f"other {head}, site {head}"]
    assert site.query_work("SELECT source_id, count(*) FROM articles GROUP BY 1 ORDER BY 1") == [
        ("other", 6),
        ("site", 6),
    ]


def test_many_posts_are_read_by_processes(site: GitSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etl_project.engines.local.IN_PROCESS_BYTES", 0)
    monkeypatch.setattr("etl_project.engines.batch.BATCH_FILES", 60)
    for n in range(180):
        site.repo.write(f"_posts/2026-01-02-many-{n}.md")
    site.repo.commit()
    site.load()
    assert site.column_of_work("SELECT count(*) FROM articles") == [186]
    children = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True, env=os.environ | QUIET)
    assert f"--git-dir={site.repo.path}" not in children.stdout, "no git process is left behind"


@pytest.mark.built(by=six_read)
def test_a_repository_that_lies_elsewhere_now_is_the_same_site(site: GitSite) -> None:
    site.location = f"file://{site.repo.path}"
    site.configure()
    loaded = site.load()
    assert loaded and loaded.files_read == 0 and loaded.changes == {}
    assert site.column_of_work("SELECT location FROM sources") == [site.location]


def test_the_real_history_of_a_site_is_replayed_without_a_difference(tmp_path: Path, shared: Path) -> None:
    site = GitSite(
        tmp_path, 'dialect = "jekyll"\ntime_zone = "Asia/Shanghai"\nidentity = "file_name"\nupdated_from = "git"\n'
    )
    committed: dict[str, int] = {}
    for version in sorted((shared / "updates").iterdir()):
        for post in (version / "_posts").iterdir():
            site.repo.write(f"_posts/{post.name}", post.read_bytes())
        site.repo.git("add", "--all")
        touched = {path for path in site.repo.git("diff", "--cached", "--name-only", "-z").split("\0") if path}
        committed |= dict.fromkeys(touched, START + site.repo.commits * DAY)
        site.repo.commit()
        loaded = site.load()
        assert (loaded.files_read if loaded else 0) == len(touched)
    updated = site.query_work("SELECT path, epoch(updated_at)::BIGINT FROM articles")
    assert updated == [(path, committed[path]) for path, _ in updated]
    folder = site.read_as_a_folder()
    folder.configure(site.source.replace('updated_from = "git"', ""))
    folder.load()
    ours, theirs = loaded_tables(site), loaded_tables(folder)
    updated_at = [column.name for column in contract()["articles"].columns].index("updated_at")
    for tables in (ours, theirs):
        tables["articles"] = [row[:updated_at] + row[updated_at + 1 :] for row in tables["articles"]]
        del tables["sources"]
    assert ours == theirs
