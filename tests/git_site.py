"""A git repository of posts as a test writes it, and the site that is read from it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from conftest import POST, Site
from loaded_tables import loaded_tables

QUIET = {
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b", "LC_ALL": "C",
}  # fmt: skip
DAY = 86_400
START = 1_767_225_600
"""2026-01-01T00:00Z, the moment of the first commit; each later one is a day later."""


@dataclass
class Repo:
    """A working repository."""

    path: Path
    commits: int = 0

    def __post_init__(self) -> None:
        if not self.path.exists():
            self.path.mkdir(parents=True)
            self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, given: bytes = b"", check: bool = True) -> str:
        moment = f"{START + self.commits * DAY} +0000"
        ended = subprocess.run(
            ["git", "-C", str(self.path), *arguments], input=given, capture_output=True, check=False,
            env=os.environ | QUIET | {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment},
        )  # fmt: skip
        assert not (check and ended.returncode), ended.stderr.decode()
        return ended.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, path: str, text: str | bytes | None = None, **values: str) -> Path:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_symlink():
            file.unlink()
        if text is None:
            words = {"title": file.stem, "date": "2026-01-02 03:04:05 +0800", "categories": "news", "tags": "one two"}
            text = POST.format(**(words | {"body": "Some words."} | values))
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def commit(self, *, amend: bool = False) -> str:
        """Commit everything; the id of the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=x", *(["--amend"] if amend else []))
        self.commits += 1
        return self.head

    def import_posts(self, posts: dict[str, str]) -> None:
        """Commit many posts at once, past the working files."""
        moment = START + self.commits * DAY
        lines = [f"commit refs/heads/main\ncommitter a <a@b> {moment} +0000\ndata 1\nx\nfrom refs/heads/main^0\n"]
        lines += [f"M 100644 inline {path}\ndata {len(text)}\n{text}\n" for path, text in posts.items()]
        self.git("fast-import", "--quiet", given="".join(lines).encode())
        self.commits += 1

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")


@dataclass
class GitSite(Site):
    """A site whose only source is a repository."""

    location: str = ""
    repo: Repo = field(init=False)

    def __post_init__(self) -> None:
        self.repo = Repo(self.folder / "repo")
        self.location = self.location or f"git+{self.repo.path}"
        self.configure()

    def at(self, folder: Path) -> GitSite:
        """The same site in another folder, to which its repository and its other files were copied."""
        other = GitSite(folder, self.source, self.extra)
        other.repo.commits = self.repo.commits
        return other

    def configure(self, source: str | None = None, extra: str | None = None) -> None:
        self.source = self.source if source is None else source
        self.extra = self.extra if extra is None else extra
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(
            f'[warehouse]\npath = "warehouse/posts.duckdb"\n\n[[source]]\nname = "site"\n'
            f'location = "{self.location}"\n{self.source}\n{self.extra}',
            "utf-8",
        )

    def read_as_a_folder(self) -> Site:
        """The same commit, checked out, as a folder source in a warehouse of its own."""
        other = Site(self.folder / "as_a_folder", self.source, self.extra)
        other.configure()
        self.repo.git("--work-tree", str(other.posts), "checkout", "--force", "HEAD", "--", ".")
        return other


def six_committed(folder: Path) -> GitSite:
    """Commit six posts, and read nothing yet."""
    site = GitSite(folder)
    for n in range(6):
        site.repo.write(f"_posts/2026-01-02-{n}.md", title=f"Post {n}")
    site.repo.commit()
    return site


def six_read(folder: Path) -> GitSite:
    """Build the warehouse of six posts in one commit."""
    site = six_committed(folder)
    site.refresh()
    return site


def equals_a_folder(site: GitSite) -> None:
    """Assert that the tables loaded from commits are those of one load of a checkout of the last one, as a folder."""
    folder = site.read_as_a_folder()
    folder.load()
    ours, theirs = loaded_tables(site), loaded_tables(folder)
    for table in theirs:
        if table != "sources":
            assert ours[table] == theirs[table], table
