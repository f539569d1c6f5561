"""Front matter that others wrote: hostile posts, files that broke real sites, and the posts of sixteen sites."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from etl_project.extract.decode import decode
from etl_project.extract.front_matter.read import Value, read_front_matter
from etl_project.limits import Limits
from etl_project.reasons import Rejection

LIMITS = Limits()

OTHER_CODES = {
    *("date_missing", "date_invalid", "date_out_of_range", "date_from_file_name", "title_empty"),
    *("link_empty", "duplicate_identity", "unknown_date_suffix"),
}


def test_every_hostile_post_ends_as_its_answer_says(shared: Path) -> None:
    cases = json.loads((shared / "hostile/cases.json").read_text())["cases"]
    wrong = []
    for case in cases:
        if case["kind"] != "file" or case["outcome"] == "skipped":
            continue
        for fast_path in (True, False):
            got: dict[str, Any] = {}
            try:
                decoded = decode(base64.b64decode(case["content_base64"]), ("utf-8", "gb18030"))
                post = read_front_matter(decoded.text, LIMITS, required=True, fast_path=fast_path)
            except Rejection as rejection:
                got["reason"] = rejection.reason
                want = {"reason": case.get("reason")}
            else:
                got["warnings"] = {warning.code for warning in (*decoded.warnings, *post.warnings)}
                want = {"warnings": set(case.get("warning", [])) - OTHER_CODES}
                values = case.get("values", {})
                if "title" in values:
                    got["title"], want["title"] = post.fields.get("title") or None, values["title"]
                if "body" in values:
                    got["body"], want["body"] = post.body.strip(), values["body"]
            if got != want:
                wrong.append((case["file"], got, want))
    assert wrong == []


BROKEN_TITLES = {
    "18f-gsa-gov-04-2015-02-24-how-to-use-github-and-the-terminal-a-guide.md": (
        "How to Use Github and the Terminal: A Guide"
    ),
    "18f-gsa-gov-09-2015-10-14-whats-in-a-name-understanding-and-using-gov-acronyms.md": (
        "What's in a name: Understanding and using gov acronyms"
    ),
    "blog-00-9-whys-to-ask-when-evaluating-a-distributed-database.md": (
        "9 Why's to Ask When Evaluating a Distributed Database"
    ),
    "blog-rust-lang-org-00-2020-03-09-rename-rustc-guide.md": "The rustc-guide is now rustc-dev-guide",
    "blog-rust-lang-org-00-call-for-testing-build-dir-layout-v2.md": "Call for Testing: Build Dir Layout v2",
    "blog-cn-03-三篇文章了解 TiDB 技术内幕 —— 谈调度.md": "三篇文章了解 TiDB 技术内幕 —— 谈调度",
    "blog-cn-04-spanner-tangliu.md": "Spanner - CAP, TrueTime and Transaction",
    "site-00-post.md": "{{ title }}",
    "www-ruby-lang-org-00-index.html": '"Ruby Hacking Guide" is out though ...',
    "www-ruby-lang-org-01-2021-11-24-buffer-overrun-in-cgi-escape_html-cve-2021-41816.md": (
        "CVE-2021-41816: Buffer Overrun in CGI.escape_html"
    ),
    "www-ruby-lang-org-02-2003-01-07-ruby-in-2002-contents-wanted.md": "Ruby In 2002: Contents Wanted",
    "nodejs-org-00-404.md": "404",
}


def test_nine_in_ten_files_that_broke_real_sites_load_with_the_title_a_person_reads(shared: Path) -> None:
    files = [path for path in sorted((shared / "broken").rglob("*")) if path.is_file()]
    titles: dict[str, Value] = {}
    for path in files:
        try:
            text = decode(path.read_bytes(), ("utf-8",)).text
            post = read_front_matter(text, LIMITS, required=True)
        except Rejection as rejection:
            assert rejection.reason in ("unterminated_front_matter", "encoding"), path
            continue
        assert post.warnings or path.parent.name == "title-not-str" or "2017-17-10" in text, path
        titles[path.name] = post.fields.get("title", post.fields.get("Title"))
    assert len(titles) >= 0.9 * len(files)
    assert {name: titles[name] for name in BROKEN_TITLES} == BROKEN_TITLES


def test_every_post_of_the_sites_reads_without_repair_and_alike_on_both_paths(shared: Path) -> None:
    count = 0
    for path in sorted((shared / "sites").rglob("*")):
        if path.suffix not in (".md", ".mdx", ".html"):
            continue
        text = decode(path.read_bytes(), ("utf-8",)).text
        formats = ("pelican",) if "this-week-in-rust" in path.parts else ("yaml", "toml", "json", "lctt")
        post = read_front_matter(text, LIMITS, required=False, formats=formats)
        assert post.warnings == [], path
        assert post == read_front_matter(text, LIMITS, required=False, formats=formats, fast_path=False), path
        assert text.endswith(post.body)
        count += 1
    assert count > 500
