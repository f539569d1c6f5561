"""Sites of Hugo that tests write, and what is read from them."""

from __future__ import annotations

from pathlib import Path

from conftest import pinned

from etl_project.extract.fields import Fields
from etl_project.extract.posts import PostReader
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.source import Source

POST = "---\ntitle: 'Hello: A & B'\ndate: 2024-03-05\n---\nx\n"
NO_PAGE = "no page"


def header(*lines: str) -> str:
    return "\n".join(["---", *lines, "---", "x", ""])


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def reader(root: Path, **source: str) -> PostReader:
    return PostReader(pinned(Source(name="s", location=root, dialect="hugo", **source)), Limits())  # type: ignore[arg-type]


def read(root: Path, path: str, **source: str) -> Fields:
    return reader(root, **source).read(path, (root / path).read_bytes()).fields


def addresses(
    root: Path, config: dict[str, str], posts: dict[str, str], others: dict[str, str]
) -> dict[str, str | None]:
    """Write a site and give the address of each post, or `NO_PAGE`."""
    write(root, config | posts | others)
    posts_of_site = reader(root)
    found: dict[str, str | None] = {}
    for path in posts:
        try:
            found[path] = posts_of_site.read(path, (root / path).read_bytes()).fields.url
        except Rejection as rejection:
            assert rejection.reason == "not_a_page"
            found[path] = NO_PAGE
    return found
