"""Posts made to hurt, in one folder and one refresh: each ends as it must, and the refresh never fails.

The cases are those of ../shared/hostile. An outcome of `loaded` allows notes that say where a value came from, not
what was wrong with it: `date_from_file_name` (how Jekyll posts are dated) and `duplicate_identity`. A case that lists
warnings carries all of them, and maybe more.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import SHARED, Site, pinned
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

from etl_project.dialects import DIALECTS
from etl_project.extract.posts import PostReader
from etl_project.limits import Limits
from etl_project.reasons import SUGGESTIONS, WARNINGS, Rejection
from etl_project.sources.source import MentionRule, Rule, Source

EXAMPLE = Path(__file__).parents[2] / "examples" / "finews.toml"
CASES: list[dict[str, Any]] = (
    json.loads((SHARED / "hostile/cases.json").read_text("utf-8"))["cases"] if SHARED.is_dir() else []
)
NOTES = {"date_from_file_name", "duplicate_identity"}
MOST_BYTES = 1024**3
PROCESSES = 2
"""Workers of the refresh whose memory is measured; the sum of their peaks is counted."""

REFRESH = r"""
import json, re, resource, sys
from pathlib import Path
from conftest import Site

Site(Path(sys.argv[1])).refresh()
# ru_maxrss of this process would count the memory of the one that started it, too.
own = int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps([own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""
"""A refresh in a process of its own, so that its memory is its own."""

TEMPLATE = """---
layout: post
title: "离岸人民币兑美元升至2018年以来最高水平"
date: 2021-12-08 10:46:18 +0800
categories: emnews
tags: 东财滚动新闻
---

{body}

<http://finance.eastmoney.com/news/11060,202112082206672930.html>

[返回东财滚动新闻](//finews.withounder.com/emnews/)｜[返回首页](//finews.withounder.com/)"""

BIG = {
    "2000 nested block mappings (2 MB of indentation)": lambda: (
        "---\n" + "".join(f"{' ' * i}k{i}:\n" for i in range(2000)) + "---\n\n正文\n"
    ),
    "one line of 300 000 characters (900 KB)": lambda: TEMPLATE.format(body="沪" * 300_000),
    "18 MB body": lambda: TEMPLATE.format(body="word " * 3_600_000),
    "6 MB title scalar": lambda: f'---\ntitle: "{"x" * 6_000_000}"\n---\n\n正文\n',
}
"""What a big case is -> how it is made."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """The site after its refresh."""

    site: Site
    files: dict[str, tuple[str, str | None, list[str], str]]
    """Path -> status, reason, warnings, article_id."""
    articles: dict[str, dict[str, Any]]
    """article_id -> columns."""
    peak_bytes: int


def write(root: Path, case: dict[str, Any]) -> None:
    file = root / case["file"]
    make_folder(file.parent)
    match case["kind"]:
        case "symlink":
            file.symlink_to(case["target"])
        case "fifo":
            os.mkfifo(file)
        case "directory":
            file.mkdir()
        case "big":
            file.write_text(BIG[case["what"]](), "utf-8")
        case _:
            file.write_bytes(base64.b64decode(case["content_base64"]))


def make_folder(folder: Path) -> None:
    for part in reversed([folder, *folder.parents]):
        part.mkdir(exist_ok=True)


def write_more(posts: Path) -> None:
    """Write what no file of cases can hold."""
    good = TEMPLATE.format(body="正文")
    (posts / "2021-12-08-folder.md").mkdir()
    (posts / "2021-12-08-folder.md" / "2021-12-08-inside.md").write_text(good, "utf-8")
    (posts / os.fsdecode(b"2021-12-08-\xff\xfe.md")).write_text(good, "utf-8")
    (posts / "2021-12-08-inner-link.md").symlink_to("2021-12-08-line\nbreak.md")
    (posts / "linked-folder").symlink_to("/etc")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(posts, os.O_RDONLY)  # the path is longer than a socket's may be
        listener.bind(f"/proc/self/fd/{here}/2021-12-08-socket.md")
        os.close(here)
    with (posts / "2021-12-08-sparse.md").open("wb") as sparse:
        sparse.truncate(1024**4)
    if os.geteuid() == 0:
        os.mknod(posts / "2021-12-08-device.md", stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero never ends
    else:
        (posts / "2021-12-08-unreadable.md").write_text(good, "utf-8")
        (posts / "2021-12-08-unreadable.md").chmod(0)


@pytest.fixture(scope="module")
def hostile(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    folder = tmp_path_factory.mktemp("hostile")
    text = EXAMPLE.read_text("utf-8")
    for old, new in (
        ('path = "warehouse/finews.duckdb"', 'path = "warehouse/posts.duckdb"'),
        ('"../../shared/sites/finews"', '"site"'),
        ('include = ["_posts/**", "old_post/**"]', 'include = ["_posts/**", "old_post/**", "big/**"]'),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "etl.toml").write_text(text, "utf-8")
    for case in CASES:
        write(folder / "site", case)
    write_more(folder / "site/_posts")
    done = subprocess.run(
        [sys.executable, "-c", REFRESH, str(folder)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "LOKY_MAX_CPU_COUNT": str(PROCESSES)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    own, largest_child = json.loads(done.stdout.splitlines()[-1])
    site = Site(folder)
    return Hostile(
        site,
        {
            path: (*row,)
            for path, *row in site.query("SELECT path, status, reason, warnings, article_id FROM post_files")
        },
        dict(site.query(ARTICLES)),
        1024 * (own + PROCESSES * largest_child),
    )


ARTICLES = """
SELECT a.article_id, {
    title: a.title,
    published_at: strftime(a.published_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%f'),
    published_on: a.published_on::VARCHAR,
    categories: coalesce((SELECT list(name_as_written ORDER BY position) FROM article_categories AS c
        WHERE c.article_id = a.article_id), []),
    tags: coalesce((SELECT list(name_as_written ORDER BY position) FROM article_tags AS t
        WHERE t.article_id = a.article_id), []),
    original_url: a.original_url,
    body: trim(b.body, E' \\n')
}
FROM articles AS a JOIN article_bodies AS b USING (article_id)
"""


@pytest.mark.skipif(not CASES, reason="needs ../shared: the hostile cases")
@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case['what'][:40]}" for i, case in enumerate(CASES)])
def test_a_hostile_file_ends_as_it_must(hostile: Hostile, case: dict[str, Any]) -> None:
    if case["outcome"] == "skipped":
        assert case["file"] not in hostile.files
        return
    status, reason, warnings, article_id = hostile.files[case["file"]]
    if case["outcome"] == "rejected":
        assert (status, reason) == ("rejected", case["reason"])
        return
    assert (status, reason) == ("loaded", None)
    assert set(case.get("warning", [])) <= set(warnings)
    if case["outcome"] == "loaded":
        assert set(warnings) <= NOTES
    article = hostile.articles[article_id]
    for column, expected in case.get("values", {}).items():
        if column == "body_contains":
            assert all(part in article["body"] for part in expected)
        elif column == "published_at":
            assert article[column] == (expected[:-1] if "." in expected else expected[:-1] + ".000000")
        else:
            assert article[column] == expected, column


def path_of(what: str) -> str:
    path: str
    (path,) = [case["file"] for case in CASES if case["what"] == what]
    return path


def test_every_listed_file_is_accounted_for_once_and_its_bytes_are_kept(hostile: Hostile, shared: Path) -> None:
    listed = {case["file"] for case in CASES if case["outcome"] != "skipped"}
    assert listed < set(hostile.files)
    assert hostile.site.column("SELECT count(*) FROM post_files") == [len(hostile.files)]
    assert {row[1] for row in hostile.files.values()} - {None} <= set(SUGGESTIONS)
    assert {code for row in hostile.files.values() for code in row[2]} <= set(WARNINGS)
    kept = dict(hostile.site.query("SELECT path, bytes FROM rejected_files"))
    assert set(kept) == {path for path, row in hostile.files.items() if row[0] == "rejected"}
    for case in CASES:
        if case["outcome"] == "rejected" and "content_base64" in case:
            assert kept[case["file"]] == base64.b64decode(case["content_base64"]), case["file"]


def test_every_rejection_says_what_is_wrong_and_what_to_do(hostile: Hostile) -> None:
    said = hostile.site.query("SELECT message, suggestion FROM rejected_files")
    assert all(message and suggestion for message, suggestion in said)


def test_the_refresh_stays_under_a_gibibyte(hostile: Hostile) -> None:
    assert hostile.peak_bytes < MOST_BYTES


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("2021-12-08-folder.md", "not_regular_file"),
        ("2021-12-08-socket.md", "not_regular_file"),
        ("2021-12-08-device.md", "not_regular_file"),
        ("2021-12-08-unreadable.md", "permission_denied"),
        ("2021-12-08-sparse.md", "file_size_limit"),
    ],
)
def test_what_is_no_plain_readable_file_of_some_size_is_rejected_by_name(
    hostile: Hostile, name: str, reason: str
) -> None:
    if name not in os.listdir(hostile.site.posts / "_posts"):
        pytest.skip(f"needs {'a user who is not root' if os.geteuid() == 0 else 'root'}: {name} cannot be made")
    assert hostile.files[f"_posts/{name}"][:2] == ("rejected", reason)


def test_posts_in_a_folder_named_like_a_post_are_loaded(hostile: Hostile) -> None:
    assert hostile.files["_posts/2021-12-08-folder.md/2021-12-08-inside.md"][:2] == ("loaded", None)


def test_a_link_inside_the_source_is_read_and_a_linked_folder_is_not_entered(hostile: Hostile) -> None:
    assert hostile.files["_posts/2021-12-08-inner-link.md"][0] == "loaded"
    assert not any(path.startswith("_posts/linked-folder") for path in hostile.files)


def test_a_name_that_is_not_utf8_is_stored_with_its_bytes_and_a_warning(hostile: Hostile) -> None:
    status, _, warnings, article_id = hostile.files[r"_posts/2021-12-08-\xff\xfe.md"]
    assert (status, warnings) == ("loaded", ["path_not_utf8"])
    assert hostile.articles[article_id]["title"] == "离岸人民币兑美元升至2018年以来最高水平"


def test_of_two_files_of_one_identity_the_earlier_pattern_is_the_article(hostile: Hostile) -> None:
    name = "2021-12-08-202112082206672930.md"
    assert hostile.files[f"_posts/{name}"][2] == []
    assert hostile.files[f"old_post/{name}"][2] == ["duplicate_identity"]
    assert hostile.site.query(f"SELECT path, is_shadowed FROM post_files WHERE path LIKE '%/{name}' ORDER BY 1") == [
        (f"_posts/{name}", False),
        (f"old_post/{name}", True),
    ]


def test_line_ends_do_not_change_the_text_hash(hostile: Hostile) -> None:
    hashes = hostile.site.column(
        "SELECT DISTINCT text_hash FROM articles WHERE path IN ('{}', '{}', '{}')".format(
            path_of("CRLF"), path_of("CR only (old Mac)"), path_of("finews post, well formed, +0800 (control)")
        )
    )
    assert len(hashes) == 1


def test_of_a_key_written_twice_the_last_counts(hostile: Hostile) -> None:
    article_id = hostile.files[path_of("duplicate key with different values")][3]
    assert hostile.articles[article_id]["title"] == "第二"


def test_a_date_that_cannot_be_used_leaves_the_day_of_the_file_name_and_no_time(hostile: Hostile) -> None:
    for what in ("date: 2016-12-31 23:59:60Z", "date: 1638931578", "date: 2021-02-30"):
        assert hostile.site.query(
            f"SELECT published_precision, published_from FROM articles WHERE path = '{path_of(what)}'"
        ) == [("day", "file_name")]


def test_a_file_that_goes_between_the_listing_and_the_reading_is_no_row_and_no_failure(site: Site) -> None:
    site.write("_posts/2026-01-01-stays.md")
    going = site.write("_posts/2026-01-02-goes.md")
    refresh, plan = site.plan()
    going.unlink()
    refresh.load_tables(plan)
    assert all(result.passed for result in refresh.run_checks("tables") if result.check.is_blocking)
    refresh.build_aggregates()
    assert all(result.passed for result in refresh.run_checks("aggregates") if result.check.is_blocking)
    refresh.publish()
    assert site.column("SELECT path FROM post_files") == ["_posts/2026-01-01-stays.md"]


SEEDS = [base64.b64decode(c["content_base64"]) for c in CASES if 0 < len(c.get("content_base64", "")) < 4000] or [
    TEMPLATE.format(body="正文").encode()
]
READERS = [
    PostReader(
        pinned(
            Source(
                name,
                Path("/nowhere"),
                dialect=name,
                language="zh",
                encodings=("utf-8", "gb18030"),
                rules=(Rule("p", r"<>|(https?://\S+)", "original_url"),),
                mentions=(MentionRule("stock", "[data-code]", "data-code~([0-9]+)"),),
            )
        ),
        Limits(),
    )
    for name in DIALECTS
]
PIECES = [
    b"", b"\n---\n", b'"', b"'", b"\\", b": ", b"&a ", b"*a", b"<<: ", b"- ", b"? ", b"!!set ", b"{", b"[", b"}", b"]",
    b"\xff", b"\0", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\r", b"\t", b"<!--", b"```\n", b"+++\n", b";;;\n",
    b"\xed\xa0\x80", b"2021-02-30", b"#", b"|\n", b"%s", b"\xc2\x85", b"<a href='", b"<script>", b"0" * 1500, b"[" * 80,
]  # fmt: skip


MUTATIONS = int(os.environ.get("ETL_MUTATIONS", "200000"))
"""Mutated posts of the proof, over all shards together."""

SHARDS = 4
"""Parts of the proof, so that every core has some."""

EXAMPLES = DirectoryBasedExampleDatabase(Path(__file__).parents[2] / ".hypothesis/examples")
"""Where a post that failed is kept, to be read first by the next run of the proof."""


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_mutated_post_is_read_or_rejected_and_can_be_stored(data: st.DataObject) -> None:
    read_a_mutated_post(data)


@pytest.mark.prove("fuzz")
@pytest.mark.timeout(300 + MUTATIONS // 10)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_mutated_post_is_read_or_rejected_and_can_be_stored(shard: int) -> None:
    @settings(
        max_examples=-(-MUTATIONS // SHARDS), deadline=None, derandomize=False, database=EXAMPLES,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(data=st.data())
    def prove(data: st.DataObject) -> None:
        read_a_mutated_post(data)

    prove()


def read_a_mutated_post(data: st.DataObject) -> None:
    """Change a post at random and read it in every dialect: what comes of it can be stored, or it is rejected."""
    post = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(post)))
        length = data.draw(st.integers(0, 8))
        post[at : at + length] = data.draw(st.sampled_from(PIECES) | st.binary(max_size=8))
    for reader in READERS:
        try:
            read = reader.read("_posts/2021-12-08-a.md", bytes(post))
        except Rejection as rejection:
            assert rejection.reason in SUGGESTIONS
            rejection.message.encode()
            continue
        assert {warning.code for warning in read.warnings} <= set(WARNINGS)
        fields, body = read.fields, read.body
        for text in (fields.title, fields.excerpt, body.text, read.front_matter.body, *fields.tags, *body.link_urls):
            assert "\0" not in (text or "")
            (text or "").encode()
