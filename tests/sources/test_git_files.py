"""Files of a repository that are not plain, small posts with plain names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from built_sites import BuiltSites
from git_site import GitSite, equals_a_folder, six_committed, six_read
from loaded_tables import equals_a_full_load

from etl_project.sources.paths import escape_path

NAMES = [
    "quote\"d.md", "line\nbreak.md", "中文.md", "tab\there.md", "back\\slash.md", "a\\x41.md", " space .md", "-dash.md",
    ":(glob)*.md", b"\xd6\xd0.md",
]  # fmt: skip


TITLES = {escape_path(f"sub/{os.fsdecode(name)}"): f"Name {number}" for number, name in enumerate(NAMES)}
CRLF = b"---\r\ntitle: One\r\n---\r\n\r\nText\r\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"


def odd_files(folder: Path) -> GitSite:
    """Load a repository of six posts, and then a commit that adds odd files to them."""
    site = six_committed(folder)
    site.configure('dialect = "jekyll"\ninclude = ["**"]\n', "[limits]\nfile_bytes = 4000\n")
    site.load()
    repo, posts = site.repo, site.repo.path / "_posts"
    for number, name in enumerate(NAMES):
        file = Path(os.fsdecode(os.path.join(os.fsencode(repo.path), b"sub", os.fsencode(name))))
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"---\ntitle: Name %d\n---\n\nText %d\n" % (number, number))
    repo.write(".gitattributes", "*crlf.md text=auto eol=crlf\n")
    blob = repo.git("hash-object", "-w", "--stdin", "--no-filters", given=CRLF)
    repo.write("_posts/2026-01-03-large.md", b"x" * 5_000)
    (posts / "2026-01-03-inside.md").symlink_to("2026-01-02-0.md")
    (posts / "2026-01-03-out.md").symlink_to("/etc/passwd")
    (posts / "2026-01-03-dangling.md").symlink_to("nowhere.md")
    (posts / "2026-01-03-loop.md").symlink_to("2026-01-03-loop.md")
    (posts / "2026-01-03-folder.md").symlink_to("../_posts")
    (posts / "2026-01-03-line\nbreak.md").symlink_to("nowhere\n2.md")
    repo.git("add", "--all")
    repo.git("update-index", "--add", "--cacheinfo", f"100644,{blob},_posts/2026-01-03-crlf.md")
    repo.git("commit", "-qm", "x")
    loaded = site.load()
    assert loaded and loaded.changes == {"added": len(NAMES) + 2}, "a post of CRLF, and one by a link"
    return site


@pytest.fixture(scope="module")
def odd(built_sites: BuiltSites, tmp_path_factory: pytest.TempPathFactory) -> GitSite:
    """A repository of odd files, for reading only."""
    return built_sites.copy(odd_files, tmp_path_factory.mktemp("odd"))


@pytest.fixture
def site(built_sites: BuiltSites, tmp_path: Path) -> GitSite:
    """A repository of six posts in one commit, refreshed once."""
    return built_sites.copy(six_read, tmp_path)


def test_awkward_names_are_listed_and_read(odd: GitSite) -> None:
    assert dict(odd.query_work("SELECT path, title FROM articles WHERE path LIKE 'sub/%'")) == TITLES


def test_line_ends_are_those_of_the_commit(odd: GitSite) -> None:
    assert odd.column_of_work("SELECT size FROM post_files WHERE path LIKE '%crlf%'") == [len(CRLF)]


def test_a_blob_above_the_limit_is_not_read(odd: GitSite) -> None:
    large = "SELECT reason, size, bytes IS NULL FROM rejected_files WHERE path LIKE '%large%'"
    assert odd.query_work(large) == [("file_size_limit", 5_000, True)]


def test_a_link_is_what_it_leads_to_as_long_as_it_stays_inside(odd: GitSite) -> None:
    assert odd.column_of_work("SELECT title FROM articles WHERE path LIKE '%inside%'") == ["Post 0"]
    rejected = "SELECT path FROM rejected_files WHERE reason = 'not_regular_file'"
    links = ("dangling", "folder", "line\nbreak", "loop", "out")
    assert sorted(odd.column_of_work(rejected)) == [f"_posts/2026-01-03-{name}.md" for name in links]


def test_odd_files_are_the_same_in_a_folder(odd: GitSite) -> None:
    equals_a_folder(odd)


def test_what_a_link_leads_to_is_read_again_when_it_changes(built_sites: BuiltSites, tmp_path: Path) -> None:
    site = built_sites.copy(odd_files, tmp_path)
    site.repo.write("_posts/2026-01-02-0.md", title="Edited")
    site.repo.commit()
    loaded = site.load()
    assert loaded and loaded.files_read == 2
    assert site.column_of_work("SELECT title FROM articles WHERE path LIKE '%inside%'") == ["Edited"]
    equals_a_full_load(site)


def test_a_file_that_becomes_a_link_and_back_is_read_again(site: GitSite) -> None:
    post = site.repo.path / "_posts/2026-01-02-0.md"
    was = post.read_bytes()
    post.unlink()
    post.symlink_to("2026-01-02-1.md")
    site.repo.commit()
    site.load()
    assert site.column_of_work("SELECT title FROM articles WHERE path LIKE '%-0.md'") == ["Post 1"]
    post.unlink()
    post.write_bytes(was)
    site.repo.commit()
    site.load()
    assert site.column_of_work("SELECT title FROM articles WHERE path LIKE '%-0.md'") == ["Post 0"]


def test_an_executable_bit_changes_nothing(site: GitSite) -> None:
    (site.repo.path / "_posts/2026-01-02-0.md").chmod(0o755)
    site.repo.commit()
    assert site.refresh() is None


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
    site.repo.write("_posts/2026-01-03-large.md", POINTER)
    site.repo.commit()
    site.configure(extra=f'[[source]]\nname = "notes"\nlocation = "{site.location}"\ndialect = "obsidian"\n')
    site.load()
    assert site.query_work(
        "SELECT source_id, path, reason, message LIKE '%pointer of Git LFS%' FROM rejected_files ORDER BY 1"
    ) == [
        ("notes", "_posts/2026-01-03-large.md", "lfs_pointer", True),
        ("site", "_posts/2026-01-03-large.md", "no_front_matter", True),
    ]
