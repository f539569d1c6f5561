"""A git repository as a source: commits decide what is read, and nothing is checked out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from built_sites import BuiltSites
from conftest import Site, equals_full_build
from git_site import DAY, QUIET, START, GitSite, Repo

from etl_project.extract.fields import FieldReader
from etl_project.limits import Limits
from etl_project.refresh.guard import RefreshStopped
from etl_project.settings import SettingsError
from etl_project.sources.access import pin
from etl_project.sources.location import location_of
from etl_project.sources.paths import escape_path
from etl_project.sources.source import Source


def write(folder: Path) -> GitSite:
    site = GitSite(folder)
    for n in range(6):
        site.repo.write(f"_posts/2026-01-02-{n}.md", title=f"Post {n}")
    site.repo.commit()
    return site


def build(folder: Path) -> GitSite:
    site = write(folder)
    site.refresh()
    return site


@pytest.fixture
def site(built_sites: BuiltSites, tmp_path: Path, request: pytest.FixtureRequest) -> GitSite:
    """A repository of six posts in one commit; where a test is marked `built(by=build)`, it was refreshed once."""
    mark = request.node.get_closest_marker("built")
    return built_sites.copy(mark.kwargs["by"] if mark else write, tmp_path)


def equals_a_folder(site: GitSite) -> None:
    """Assert that the commit gives what a checkout of it gives as a folder source."""
    ours, theirs = site.derived(), site.read_as_a_folder().built()
    for table in theirs:
        if table != "sources":
            assert ours[table] == theirs[table], table


def test_the_last_commit_is_read_and_what_is_not_committed_is_not(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Not committed")
    loaded = site.refresh()
    assert loaded and loaded.files_read == 6
    assert site.column_of_work("SELECT title FROM articles ORDER BY 1") == [f"Post {n}" for n in range(6)]
    assert site.column_of_work("SELECT source_commit FROM refreshes") == [site.repo.head]
    equals_a_folder(_undone(site))


def _undone(site: GitSite) -> GitSite:
    site.repo.git("checkout", "--", ".")
    return site


@pytest.mark.built(by=build)
def test_adds_edits_renames_and_deletes_between_two_commits_are_exact(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Edited")
    site.repo.write("_posts/2026-01-02-new.md")
    (site.repo.path / "old_post").mkdir()
    (site.repo.path / "_posts/2026-01-02-1.md").rename(site.repo.path / "old_post/2026-01-02-1.md")
    (site.repo.path / "_posts/2026-01-02-2.md").unlink()
    site.repo.commit()
    loaded = site.refresh()
    assert loaded and loaded.files_read == 3
    assert loaded.changes == {"added": 1, "changed": 1, "deleted": 1, "moved": 1}
    equals_full_build(site)
    equals_a_folder(site)


@pytest.mark.built(by=build)
def test_a_commit_that_touches_no_post_makes_no_generation(site: GitSite) -> None:
    site.repo.write("README.txt", "not a post")
    site.repo.commit()
    assert site.refresh() is None
    site.repo.commit()
    assert site.refresh() is None


@pytest.mark.built(by=build)
def test_after_a_force_push_what_was_pushed_counts(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Amended")
    site.repo.commit(amend=True)
    loaded = site.refresh()
    assert loaded and loaded.changes == {"changed": 1} and loaded.files_read == 1
    equals_full_build(site)


@pytest.mark.built(by=build)
def test_a_last_commit_that_was_swept_away_is_no_obstacle(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Amended")
    site.repo.commit(amend=True)
    site.repo.git("reflog", "expire", "--expire=now", "--all")
    site.repo.git("gc", "--quiet", "--prune=now")
    loaded = site.load()
    assert loaded and loaded.changes == {"changed": 1} and loaded.files_read == 1


@pytest.mark.built(by=build)
def test_another_branch_is_a_diff_away(site: GitSite) -> None:
    site.repo.git("checkout", "-q", "-b", "drafts/中")
    site.repo.write("_posts/2026-01-02-0.md", title="On the branch")
    head = site.repo.commit()
    site.repo.git("checkout", "-q", "main")
    assert site.refresh() is None
    site.configure(site.source + 'branch = "drafts/中"\n')
    loaded = site.refresh()
    assert loaded and loaded.files_read == 1
    assert site.column("SELECT max_by(source_commit, refresh_id) FROM refreshes") == [head]
    equals_full_build(site)


def test_settings_of_the_site_come_from_the_commit(site: GitSite) -> None:
    site.repo.write("_config.yml", "permalink: /a/:title/\n")
    site.repo.commit()
    site.repo.write("_config.yml", "permalink: /not-committed/:title/\n")
    site.load()
    assert site.column_of_work("SELECT url FROM articles ORDER BY 1 LIMIT 1") == ["/a/0/"]
    site.repo.write("_config.yml", "permalink: /b/:title/\n")
    site.repo.commit()
    site.refresh()
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
    site.refresh()
    assert site.query("SELECT url, status FROM articles ORDER BY 1") == [
        ("/fr/posts/un/", "draft"),
        ("/posts/deep/one/", "published"),
    ]
    equals_a_folder(site)
    content = location_of(f"git+{site.repo.path}/content", tmp_path, tmp_path, None)
    reader = FieldReader(pin(Source(name="s", location=content, dialect="hugo")), Limits())
    assert reader.read("posts/deep/plain/one.md", {"title": "t"}, first_heading=None).url == "/posts/deep/t/"


NAMES = [
    "quote\"d.md", "line\nbreak.md", "中文.md", "tab\there.md", "back\\slash.md", "a\\x41.md", " space .md", "-dash.md",
    ":(glob)*.md", b"\xd6\xd0.md",
]  # fmt: skip


def test_awkward_names_are_listed_and_read(site: GitSite) -> None:
    site.source = 'dialect = "jekyll"\ninclude = ["**"]\n'
    site.configure()
    site.load()
    folder = os.path.join(os.fsencode(site.repo.path), b"sub")
    os.makedirs(folder)
    titles = {}
    for number, name in enumerate(NAMES):
        raw = name if isinstance(name, bytes) else name.encode()
        with open(os.path.join(folder, raw), "wb") as handle:
            handle.write(b"---\ntitle: Name %d\n---\n\nText %d\n" % (number, number))
        titles[escape_path(f"sub/{os.fsdecode(raw)}")] = f"Name {number}"
    site.repo.commit()
    loaded = site.refresh()
    assert loaded and loaded.files_read == len(NAMES) and loaded.changes == {"added": len(NAMES)}
    assert dict(site.query("SELECT path, title FROM articles WHERE path LIKE 'sub/%'")) == titles
    equals_full_build(site)
    equals_a_folder(site)


def test_line_ends_are_those_of_the_commit(site: GitSite) -> None:
    text = b"---\r\ntitle: One\r\n---\r\n\r\nText\r\n"
    site.repo.write(".gitattributes", "*.md text=auto eol=crlf\n")
    blob = site.repo.git("hash-object", "-w", "--stdin", "--no-filters", given=text)
    site.repo.git("update-index", "--add", "--cacheinfo", f"100644,{blob},_posts/2026-01-03-crlf.md")
    site.repo.git("commit", "-qm", "x")
    site.load()
    [size] = site.column_of_work("SELECT size FROM post_files WHERE path LIKE '%crlf%'")
    assert size == len(text)


@pytest.mark.built(by=build)
def test_an_executable_bit_changes_nothing(site: GitSite) -> None:
    (site.repo.path / "_posts/2026-01-02-0.md").chmod(0o755)
    site.repo.commit()
    assert site.refresh() is None


def test_a_link_is_what_it_leads_to_as_long_as_it_stays_inside(site: GitSite) -> None:
    folder = site.repo.path / "_posts"
    (folder / "2026-01-03-inside.md").symlink_to("2026-01-02-0.md")
    (folder / "2026-01-03-out.md").symlink_to("/etc/passwd")
    (folder / "2026-01-03-dangling.md").symlink_to("nowhere.md")
    (folder / "2026-01-03-loop.md").symlink_to("2026-01-03-loop.md")
    (folder / "2026-01-03-folder.md").symlink_to("../_posts")
    (folder / "2026-01-03-line\nbreak.md").symlink_to("nowhere\n2.md")
    site.repo.commit()
    site.refresh()
    reasons = dict(site.query_work("SELECT path, reason FROM rejected_files"))
    assert set(reasons.values()) == {"not_regular_file"} and len(reasons) == 5
    assert site.column_of_work("SELECT title FROM articles WHERE path LIKE '%inside%'") == ["Post 0"]
    equals_a_folder(site)
    site.repo.write("_posts/2026-01-02-0.md", title="Edited")
    site.repo.commit()
    loaded = site.refresh()
    assert loaded and loaded.files_read == 2
    assert site.column_of_work("SELECT title FROM articles WHERE path LIKE '%inside%'") == ["Edited"]
    equals_full_build(site)


@pytest.mark.built(by=build)
def test_a_file_that_becomes_a_link_and_back_is_read_again(site: GitSite) -> None:
    post = site.repo.path / "_posts/2026-01-02-0.md"
    was = post.read_bytes()
    post.unlink()
    post.symlink_to("2026-01-02-1.md")
    site.repo.commit()
    site.refresh()
    assert site.column_of_work("SELECT title FROM articles WHERE path LIKE '%-0.md'") == ["Post 1"]
    equals_full_build(site)
    post.unlink()
    post.write_bytes(was)
    site.repo.commit()
    site.refresh()
    assert site.column_of_work("SELECT title FROM articles WHERE path LIKE '%-0.md'") == ["Post 0"]
    equals_full_build(site)


def test_a_submodule_and_a_folder_named_like_posts_are_rejected(site: GitSite) -> None:
    site.repo.git("update-index", "--add", "--cacheinfo", f"160000,{site.repo.head},_posts/2026-01-03-module.md")
    site.repo.write("_posts/2026-01-03-folder.md/inside.txt", "x")
    site.repo.git("add", "_posts/2026-01-03-folder.md")
    site.repo.git("commit", "-qm", "x")
    site.refresh()
    assert dict(site.query("SELECT path, message FROM rejected_files")) == {
        "_posts/2026-01-03-module.md": "is a submodule, another repository",
        "_posts/2026-01-03-folder.md": "is a folder, not a plain file",
    }
    assert site.refresh() is None


def test_a_pointer_of_lfs_is_rejected_and_not_taken_for_the_post(site: GitSite) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
    site.repo.write("_posts/2026-01-03-large.md", pointer)
    site.repo.commit()
    site.load()
    rejected = "SELECT path, reason, message LIKE '%pointer of Git LFS%' FROM rejected_files"
    assert site.query_work(rejected) == [("_posts/2026-01-03-large.md", "no_front_matter", True)]
    site.configure('dialect = "obsidian"\n')
    site.load(allow_deletes=True)
    assert ("_posts/2026-01-03-large.md", "lfs_pointer", True) in site.query_work(rejected)


def test_a_blob_above_the_limit_is_not_read(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-03-large.md", b"x" * 5_000)
    site.repo.commit()
    site.configure(extra="[limits]\nfile_bytes = 4000\n")
    site.load()
    assert site.query_work("SELECT reason, size, bytes IS NULL FROM rejected_files") == [
        ("file_size_limit", 5_000, True)
    ]


def test_an_empty_repository_has_no_posts_yet(tmp_path: Path) -> None:
    site = GitSite(tmp_path)
    site.refresh()
    assert site.column("SELECT count(*) FROM post_files") == [0]
    assert site.refresh() is None
    site.repo.write("_posts/2026-01-02-first.md")
    site.repo.commit()
    loaded = site.refresh()
    assert loaded and loaded.changes == {"added": 1}


def stopped(site: GitSite) -> str:
    with pytest.raises(SettingsError) as caught:
        site.refresh()
    return str(caught.value)


def test_a_branch_that_is_not_there_is_named_with_those_that_are(site: GitSite) -> None:
    site.configure(site.source + 'branch = "mian"\n')
    assert "there is no branch 'mian'; there are main" in stopped(site)
    assert "etl.toml, line 6" in stopped(site)
    site.location = f"file://{site.repo.path}"
    site.configure()
    assert "there is no branch 'mian'; there are main" in stopped(site)


def test_a_head_that_names_no_commit_asks_for_a_branch(site: GitSite) -> None:
    site.repo.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    assert "Set `branch` to one of main" in stopped(site)
    site.location = f"file://{site.repo.path}"
    site.configure()
    assert "Set `branch` to one of main" in stopped(site)


def test_what_is_no_repository_is_said_so(site: GitSite, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    for location, why in (
        (f"git+{tmp_path}/plain", "is not a git repository"),
        (f"git+{tmp_path}/nowhere", "there is no repository"),
        (f"file://{tmp_path}/nowhere", "cannot be fetched"),
    ):
        site.location = location
        site.configure()
        assert why in stopped(site)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('location = "s3://bucket/posts"', "not read from s3:// addresses"),
        ('location = "ext::sh -c true://x"', "there is no folder"),
        ('location = "posts"\nbranch = "main"', "`branch` needs a git source"),
        ('location = "posts"\nupdated_from = "git"', "needs a git source"),
        ('location = "git+."\nbranch = "--upload-pack=x"', "is no name of a branch"),
        ('location = "git+."\nbranch = "a:b"', "is no name of a branch"),
        ("location = 3", "write a folder or a git address as a text"),
    ],
)
def test_settings_that_no_git_source_can_have_are_named(tmp_path: Path, line: str, why: str) -> None:
    site = Site(tmp_path)
    site.config.write_text(f'[[source]]\nname = "site"\n{line}\n', "utf-8")
    with pytest.raises(SettingsError, match=r"etl\.toml, line") as caught:
        site.load()
    assert why in str(caught.value)


def test_a_password_in_an_address_is_never_shown(site: GitSite) -> None:
    site.location = "https://me:secret@127.0.0.1:9/x.git"
    site.configure()
    assert "secret" not in (said := stopped(site)) and "https://***@127.0.0.1" in said


def test_without_git_the_reason_is_plain(site: GitSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(site.folder))
    assert "git is not installed" in stopped(site)


def test_a_bare_repository_is_read_in_place(site: GitSite) -> None:
    bare = site.folder / "bare.git"
    site.repo.git("clone", "--quiet", "--bare", str(site.repo.path), str(bare))
    site.location = str(bare)
    site.configure()
    site.refresh()
    assert site.column("SELECT count(*) FROM articles") == [6]
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


@pytest.mark.built(by=build)
def test_moving_every_post_at_once_is_not_taken_for_deleting_them(site: GitSite) -> None:
    site.repo.git("mv", "_posts", "old_post")
    site.repo.commit()
    loaded = site.load()
    assert loaded and loaded.changes == {"moved": 6}


@pytest.mark.built(by=build)
def test_the_guard_stops_when_posts_of_a_repository_leave(site: GitSite) -> None:
    site.repo.git("rm", "-q", "_posts/2026-01-02-0.md", "_posts/2026-01-02-1.md")
    # Of the same size as one that went, and yet no move.
    site.repo.write("_posts/2026-01-02-9.md", title="Post 9")
    site.repo.commit()
    with pytest.raises(RefreshStopped, match="2 of the 6 posts"):
        site.load()
    loaded = site.load(allow_deletes=True)
    assert loaded and loaded.changes == {"added": 1, "deleted": 2}


@pytest.mark.built(by=build)
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
    loaded2 = site.refresh()
    assert loaded2 and loaded2.changes == {"changed": 1}
    equals_full_build(site)


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
    monkeypatch.setattr("etl_project.engines.batch.BATCH_FILES", 400)
    for n in range(1_200):
        site.repo.write(f"_posts/2026-01-02-many-{n}.md")
    site.repo.commit()
    site.load()
    assert site.column_of_work("SELECT count(*) FROM articles") == [1_206]
    children = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True, env=os.environ | QUIET)
    assert f"--git-dir={site.repo.path}" not in children.stdout, "no git process is left behind"


@pytest.mark.built(by=build)
def test_a_repository_that_lies_elsewhere_now_is_the_same_site(site: GitSite) -> None:
    site.location = f"file://{site.repo.path}"
    site.configure()
    loaded = site.refresh()
    assert loaded and loaded.files_read == 0 and loaded.changes == {}
    assert site.column_of_work("SELECT location FROM sources") == [site.location]
    equals_full_build(site)


def test_the_real_history_of_a_site_is_replayed_without_a_difference(tmp_path: Path, shared: Path) -> None:
    site = GitSite(
        tmp_path, 'dialect = "jekyll"\ntime_zone = "Asia/Shanghai"\nidentity = "file_name"\nupdated_from = "git"\n'
    )
    for version in sorted((shared / "updates").iterdir()):
        for post in (version / "_posts").iterdir():
            site.repo.write(f"_posts/{post.name}", post.read_bytes())
        touched = {line[3:] for line in site.repo.git("status", "--porcelain", "-uall", "-z").split("\0") if line}
        site.repo.commit()
        loaded = site.load()
        assert (loaded.files_read if loaded else 0) == len(touched)
    site.refresh()
    equals_full_build(site)
    equals_a_folder_but_for_dates(site)


def equals_a_folder_but_for_dates(site: GitSite) -> None:
    folder = site.read_as_a_folder()
    folder.configure(site.source.replace('updated_from = "git"', ""))
    folder.refresh()
    query = "SELECT * EXCLUDE updated_at FROM articles ORDER BY ALL"
    assert site.query(query) == folder.query(query)
    assert site.query("FROM article_bodies ORDER BY ALL") == folder.query("FROM article_bodies ORDER BY ALL")
