"""Posts in reStructuredText and Org, Nikola's comments, and files of endings that nobody reads."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import Any

import pytest

from etl_project.dialects import DIALECTS, ending_not_read
from etl_project.extract.body.org import org_to_html
from etl_project.extract.body.read import BodyReader
from etl_project.extract.body.rst import rst_to_html
from etl_project.extract.front_matter.read import FrontMatter, read_front_matter
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.folder import PinnedFolder
from etl_project.sources.source import Source


def read(text: str, *formats: str) -> FrontMatter:
    return read_front_matter(text, Limits(), required=False, formats=formats)


@pytest.mark.parametrize(
    ("text", "fields", "body"),
    [
        ("Title\n=====\n\n:date: 2024-03-05 10:00\n:Tags: a, b\n\nBody", {"title": "Title", "date": "2024-03-05 10:00",
         "tags": "a, b"}, "\nBody"),
        ("#####\nTitle\n#####\n:slug: x\n\nBody\n", {"title": "Title", "slug": "x"}, "\nBody\n"),
        ("A ``code`` *title* `link <u>`_ \\*\n=============================\n\nBody", {"title": "A code title link *"},
         "\nBody"),
        ("标题\n====\n\n:summary: one\n   two\n:authors: - Doe, A\n          - Roe, B\n\nBody", {"title": "标题",
         "summary": "one two", "authors": ["Doe, A", "Roe, B"]}, "\nBody"),
        (".. a comment\n   of two lines\n\nT\n-\n", {"title": "T"}, ""),
        ("Ab\n=\n", {}, "Ab\n=\n"),
        ("Title\n=====\n\n.. image:: x.png\n", {"title": "Title"}, "\n.. image:: x.png\n"),
        (".. title: Nikola\n.. slug: n\n.. date: 2024-03-05 10:00:00 UTC\n.. tags:\n\nBody", {"title": "Nikola",
         "slug": "n", "date": "2024-03-05 10:00:00 UTC", "tags": None}, "Body"),
        ("T\n=\n\n:date: 2024-03-05\n\nBody", {"title": "T", "date": "2024-03-05"}, "\nBody"),
        (":title: Fields first\n:date: 2024-03-05\n\nBody", {"title": "Fields first", "date": "2024-03-05"}, "\nBody"),
        ("No title here\n\nText: a", {}, "No title here\n\nText: a"),
    ],
)  # fmt: skip
def test_a_header_of_restructuredtext_is_its_title_and_fields(text: str, fields: dict[str, Any], body: str) -> None:
    post = read(text, "rst")
    assert (post.fields, post.body) == (fields, body)


def test_nikola_puts_the_same_fields_into_a_comment_of_markdown() -> None:
    text = "<!--\n.. title: Hello\n.. slug: hello\n.. tags: a, b\n-->\n\nBody"
    post = read(text, "yaml", "json", "nikola")
    assert post.fields == {"title": "Hello", "slug": "hello", "tags": "a, b"}
    assert (post.body, post.body_line) == ("\nBody", 6)
    assert read("<!-- just a comment -->\nBody", "nikola").format is None


@pytest.mark.parametrize(
    ("text", "fields", "body"),
    [
        ("#+TITLE: Hello\n#+date: <2024-03-05 Tue 10:00>\n#+tags[]: a b\n\n* Head", {"title": "Hello",
         "date": "2024-03-05", "tags": ["a", "b"]}, "\n* Head"),
        ("# -*- mode: org -*-\n:PROPERTIES:\n:ID: x\n:END:\n#+title: T\n#+filetags: :a:b c:\nText", {"title": "T",
         "filetags": ["a", "b", "c"], "tags": ["a", "b", "c"]}, "Text"),
        ("#+title: Long\n#+title: title\n#+draft: true\n#+begin_quote\nq", {"title": "Long title", "draft": "true"},
         "#+begin_quote\nq"),
        ("Text\n#+title: late", {}, "Text\n#+title: late"),
    ],
)  # fmt: skip
def test_a_header_of_org_is_the_keywords_at_its_start(text: str, fields: dict[str, Any], body: str) -> None:
    post = read(text, "org")
    assert (post.fields, post.body) == (fields, body)


def test_the_body_of_restructuredtext_is_read_by_docutils() -> None:
    body = BodyReader().read(
        "Text with *stress* and `a link <https://a.example/>`_.\n\nPart\n----\n\n.. code-block:: python\n\n   x = 1\n\n"
        ".. a comment\n\n:abbr:`HTML (a language)` and :unknown:`role`\n",
        "rst",
    )
    assert body.text.startswith("Text with stress and a link.\n\nPart\n\nx = 1\n\nHTML and ")
    assert (body.link_urls, body.heading_levels, body.code_blocks) == (["https://a.example/"], [2], 1)


@pytest.mark.parametrize(
    "text",
    [
        ".. include:: {secret}\n",
        ".. raw:: html\n   :file: {secret}\n",
        ".. literalinclude:: {secret}\n",
        ".. csv-table::\n   :file: {secret}\n",
        ".. raw:: html\n\n   <p>secret</p>\n",
    ],
)
def test_restructuredtext_reads_no_files_and_passes_no_raw_html(tmp_path: Path, text: str) -> None:
    (tmp_path / "f").write_text("<p>secret</p>")
    html = rst_to_html(f"Before\n\n{text.format(secret=tmp_path / 'f')}\nAfter\n")
    assert "<p>secret" not in html
    assert "Before" in html and "After" in html


@pytest.mark.parametrize(
    "text",
    ["x" * 30_000, "`a " * 10_000, "a\n=\n\n" * 600, "".join(" " * depth + "- a\n\n" for depth in range(600))],
    ids=["line", "marks", "titles", "depth"],
)
def test_restructuredtext_that_would_take_long_is_read_as_it_is_written(text: str) -> None:
    assert rst_to_html(f"First words\n\n{text}").startswith("<p>First words</p>")


def test_restructuredtext_without_docutils_is_rejected_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(Rejection) as rejected:
        BodyReader().read("Text", "rst")
    assert rejected.value.reason == "docutils_missing"
    assert "pip install docutils" in (rejected.value.suggestion or "")


def test_the_body_of_org_is_text_headings_links_and_code() -> None:
    body = BodyReader().read(
        "Intro with *bold*, =code= and [[https://a.example/x][a link]].\nSame paragraph.\n\n* TODO Head :tag:\n"
        ":PROPERTIES:\n:ID: 1\n:END:\n- one\n  goes on\n- two\n\n#+BEGIN_SRC python\nx < 1\n#+END_SRC\n"
        "#+begin_comment\nhidden\n#+end_comment\n| a | b |\n|---+---|\n"
        "# comment\n#+caption: none\n2*3*4 snake_case_name\n",
        "org",
    )
    assert body.text.split("\n\n") == [
        "Intro with bold, code and a link. Same paragraph.",
        "Head",
        "one goes on\ntwo",
        "x < 1",
        "a b",
        "2*3*4 snake_case_name",
    ]
    assert (body.link_urls, body.heading_levels, body.code_blocks) == (["https://a.example/x"], [2], 1)


@pytest.mark.parametrize(
    ("body", "text", "urls"),
    [
        ("a https://a.test/x，b <https://b.test> 见http://c.test/路", "a https://a.test/x，b <https://b.test> 见http://c.test/路",
         ["https://a.test/x", "https://b.test", "http://c.test/"]),
        ("*[[https://a.test][a]]* _b +c+_", "a b c", ["https://a.test"]),
        ("/b *c* =*d*=/ [[/e][e [x] /f/]] [[/g][/h.png]]", "b c *d* e [x] f", ["/e", "/g", "/h.png"]),
        ("H_{2}O x^{2} a_b x^2", "H2O x2 a_b x^2", []),
        ("a\\\\\nb \\\\ c", "a\nb \\\\ c", []),
        ("“*a*”，*b*。 (*c*), *d\ne*.", "“*a*”，*b*。 (c), d e.", []),
        ("a @@html:<kbd>x</kbd>@@ @@latex:y@@b", "a x b", []),
        ("a[fn:1] b[fn::c [[/d][d]]]\n\n[fn:1] e\n\nf[fn:g:h]", "a b\n\ne\n\nf\n\nc d\n\nh", ["/d"]),
    ],
)  # fmt: skip
def test_marks_within_a_line_of_org_are_those_of_hugo(body: str, text: str, urls: list[str]) -> None:
    read_body = BodyReader().read(body, "org")
    assert (read_body.text, read_body.link_urls) == (text, urls)


def test_a_cell_of_rst_is_no_paragraph() -> None:
    pytest.importorskip("docutils")
    table = "=====  =====\nA      B\n=====  =====\n*1*    2\n=====  =====\n\n- a\n- b\n\nterm\n  definition\n"
    assert BodyReader().read(table, "rst").text == "A B\n1 2\n\na\nb\n\nterm\ndefinition"


@pytest.mark.parametrize("piece", ["[fn::[", "*a\n", "@@html:@", "[[a][[", "_{", "*/_+=~", "https://", "\\\\ "])
def test_hostile_org_takes_time_in_proportion_to_its_length(piece: str) -> None:
    start = time.process_time()
    org_to_html(piece * 10_000)
    assert time.process_time() - start < 4  # each takes some tenths of a second; this guards against squares


def test_a_block_of_org_that_is_not_closed_loses_nothing() -> None:
    assert "words" in org_to_html("#+begin_comment\nwords")
    assert "words" in org_to_html(":PROPERTIES:\nwords")


@pytest.mark.parametrize(
    ("dialect", "name", "ending"),
    [
        ("pelican", "a.org", ".org"),
        ("pelican", "a.rst", None),
        ("hugo", "a.adoc", ".adoc"),
        ("hugo", "a.pandoc", ".pandoc"),
        ("hugo", "a.org", None),
        ("jekyll", "a.TXT", ".txt"),
        ("jekyll", "robots.txt", None),
        ("plain", "a.ipynb", ".ipynb"),
        ("plain", "a.png", None),
        ("zola", "a.markdown", ".markdown"),
        ("obsidian", ".hidden.txt", None),
    ],
)
def test_endings_that_posts_may_have_are_told_from_others(dialect: str, name: str, ending: str | None) -> None:
    assert ending_not_read(DIALECTS[dialect], name) == ending


def test_files_of_such_endings_are_counted_where_posts_are(tmp_path: Path) -> None:
    for name in ("content/a.md", "content/b.org", "content/x/c.ORG", "content/d.adoc", "content/no/e.org", "f.org"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    source = Source(name="s", location=tmp_path, dialect="pelican", exclude=("content/no/**",))
    listing = PinnedFolder(tmp_path).walk(source)
    assert dict(listing.not_read) == {".org": 2, ".adoc": 1}
    assert list(listing.paths()) == ["content/a.md"]
