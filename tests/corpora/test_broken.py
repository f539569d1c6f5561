"""Front matter that once broke real sites: each file loads with a warning or is rejected, titled as a person reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import Site

_BLOCK = re.compile(rb"(?:---|\+\+\+)[ \t]*\n(.*?)\n(?:---|\+\+\+)", re.DOTALL)
_TITLE = re.compile(rb"^(?:title|Title) *[:=](.*)$", re.MULTILINE)
REJECTED = {
    "non-utf8/www-ruby-lang-org-00-2021-04-05-ruby-2-6-7-released.md": "encoding",
    "unclosed/18f-gsa-gov-01-jacobharris.md": "unterminated_front_matter",
    "unclosed/website-00-intro-generics.md": "unterminated_front_matter",
    "unclosed/www-ruby-lang-org-00-2017-12-14-ruby-2-5-0-rc1-released.md": "unterminated_front_matter",
}
"""Their bytes are of no encoding that is declared, or nobody can tell where the front matter ends."""


@pytest.fixture(scope="module")
def broken(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("broken"))
    site.configure('dialect = "plain"\nlanguage = "en"\nencodings = ["utf-8", "windows-1252"]')
    text = site.config.read_text("utf-8")
    place = f"location = {json.dumps(str(shared / 'broken'))}"
    site.config.write_text(text.replace('location = "site"', place), "utf-8")
    site.refresh()
    return site


def title_a_person_reads(file: Path) -> str | None:
    """Read the last line of the front matter that starts with `title`, without quotes around it or one left alone."""
    block = _BLOCK.match(file.read_bytes())
    written = _TITLE.findall(block[1] if block else b"")
    if not written:
        return None
    title: str = written[-1].decode("cp1252" if "non-utf8" in file.parts else "utf-8").strip()
    is_alone = title.count('"') == 1
    return title.strip("\"'") if is_alone or title[0] == title[-1] else title


def test_every_broken_file_is_loaded_with_a_warning_or_rejected(broken: Site, shared: Path) -> None:
    files = broken.query("SELECT path, status, reason, warnings FROM post_files")
    assert {path for path, *_ in files} == {
        str(file.relative_to(shared / "broken")) for file in (shared / "broken").rglob("*") if file.is_file()
    }
    assert {path: reason for path, status, reason, _ in files if status == "rejected"} == REJECTED
    assert all(warnings for _, status, _, warnings in files if status == "loaded")
    assert len(REJECTED) < 0.1 * len(files)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("dup-keys", "duplicate_key"),
        ("non-utf8", "decoded_fallback"),
        ("toml-fail", "repaired_quotes"),
    ],
)
def test_the_warning_names_the_fault(broken: Site, kind: str, code: str) -> None:
    warned = broken.column(
        f"SELECT list_contains(warnings, '{code}') FROM post_files WHERE path LIKE '{kind}/%' AND status = 'loaded'"
    )
    assert warned and all(warned)


def test_what_yaml_refuses_is_repaired_and_said(broken: Site) -> None:
    unrepaired = broken.column(
        "SELECT path FROM post_files WHERE path LIKE 'yaml-fail/%' "
        "AND NOT list_has_any(warnings, ['repaired_plain_scalar', 'repaired_quotes'])"
    )
    # Its YAML is well formed: the month is 17.
    assert unrepaired == ["yaml-fail/nodejs-org-00-oct-2017-dos.md"]


def test_the_titles_are_those_a_person_reads(broken: Site, shared: Path) -> None:
    titles = dict(broken.query("SELECT path, title FROM articles"))
    read = {path: title_a_person_reads(shared / "broken" / path) for path in titles}
    stated = {path: title for path, title in read.items() if title is not None}
    assert len(stated) > 55
    assert {path: titles[path] for path in stated} == stated


def test_a_page_whose_title_is_a_number_has_it_as_text(broken: Site) -> None:
    assert broken.query("SELECT DISTINCT title FROM articles WHERE path LIKE 'title-not-str/%'") == [("404",)]
