"""Posts of sixteen real sites, each read in the dialect it is detected as, in one warehouse and one refresh."""

from __future__ import annotations

import random
import re
from pathlib import Path

import duckdb
import pytest
from conftest import Site
from reading import reading
from real_sites import EXPECTED
from retellings import Told, copies, edited, templates
from shelf import Post, Shelf

from etl_project.dialects import DIALECTS, detect_dialect, is_post

ROOT = Path(__file__).parents[2]

pytest_plugins = ["site_fixtures"]


@pytest.mark.parametrize("name", EXPECTED)
def test_every_post_is_an_article_and_none_is_rejected(sites: Site, name: str) -> None:
    posts, titles, dates = EXPECTED[name]
    assert sites.query(f"SELECT status, count(*) FROM post_files WHERE source_id = '{name}' GROUP BY 1") == [
        ("loaded", posts)
    ]
    assert sites.query(
        f"SELECT count(*), count(title), count(published_at) FROM articles WHERE source_id = '{name}'"
    ) == [(posts, titles, dates)]


def test_the_table_names_every_site(shared: Path) -> None:
    assert set(EXPECTED) == {folder.name for folder in (shared / "sites").iterdir() if folder.is_dir()}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_is_left_out_only_for_what_it_is_or_where_it_lies(sites: Site, shared: Path, name: str) -> None:
    location = shared / "sites" / name
    dialect = DIALECTS[detect_dialect(location)]
    files = {str(f.relative_to(location)) for f in location.rglob("*") if f.is_file()}
    listed = set(sites.column(f"SELECT path FROM post_files WHERE source_id = '{name}'"))
    assert listed <= files
    for path in files - listed:
        is_page_of_jekyll = dialect.name == "jekyll" and "/_posts/" not in f"/{path}"
        assert not is_post(dialect, path.rpartition("/")[2]) or is_page_of_jekyll, path


def test_a_post_without_a_title_states_none(sites: Site, shared: Path) -> None:
    untitled = sites.query("SELECT source_id, path FROM articles WHERE title IS NULL")
    for source, path in untitled:
        text = (shared / "sites" / source / path).read_text("utf-8")
        assert not re.search(r'^\s*"?title"?: *"?\w', text, re.MULTILINE | re.IGNORECASE), path
        assert not re.search(r"^# ", text, re.MULTILINE), path


def test_a_post_without_a_date_writes_none_in_its_front_matter_that_could_be_used(sites: Site) -> None:
    written = sites.query(
        "SELECT path, front_matter->>'date' FROM articles WHERE published_at IS NULL AND front_matter->>'date' <> ''"
    )
    assert written == [("_posts/-202205262391921712.md", "+0800")]


def test_every_article_with_text_has_words_and_nearly_every_one_a_language(sites: Site) -> None:
    with_text = sites.query(
        """
        SELECT path, words, language
        FROM articles JOIN article_bodies USING (article_id) JOIN article_metrics USING (article_id)
        WHERE regexp_matches(text, '\\pL{3}')
        """
    )
    assert all(words for _, words, _ in with_text)
    # Lists of names and of commits are in no language.
    assert sum(language is None for *_, language in with_text) <= 5


def test_every_file_is_utf8_and_one_holds_control_characters(sites: Site) -> None:
    assert sites.column("SELECT DISTINCT encoding FROM post_files") == ["utf-8"]
    assert sites.column(
        "SELECT source_id FROM post_files WHERE list_contains(warnings, 'control_characters_removed')"
    ) == ["lctt"]


def test_links_in_double_brackets_lead_from_note_to_note(sites: Site) -> None:
    notes = sites.query(
        """
        SELECT a.path, body, list(l.url)
        FROM articles AS a JOIN article_bodies USING (article_id) JOIN article_links AS l USING (article_id)
        WHERE a.source_id = 'obsidian-hub' AND contains(body, '[[')
        GROUP BY ALL ORDER BY 1
        """
    )
    assert len(notes) > 20
    for path, body, urls in notes:
        seen = re.sub(r"<!--.*?-->|%%.*?%%|^```.*?^```|`[^`]*`", "", body, flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\[\[([^\]|\\]+)", seen):
            assert target in urls, path


def test_what_a_note_comments_out_is_not_its_text(sites: Site) -> None:
    commented = (
        "SELECT count(*) FROM article_bodies WHERE starts_with(article_id, 'obsidian-hub:') AND contains({}, '%%')"
    )
    assert sites.column(commented.format("body"))[0] > 20
    assert sites.column(commented.format("text")) == [0]


def test_no_code_knows_a_site(sites: Site) -> None:
    # `lctt` names the header format that this archive made known; its name stands for nothing else.
    names = re.compile("|".join(map(re.escape, EXPECTED.keys() - {"lctt"})), re.IGNORECASE)
    for folder in ("etl_project", "assets", "warehouse"):
        for file in [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.sql")]:
            assert not names.search(file.read_text("utf-8")), file


HAN_SITES = ("finews", "yihui", "lctt")
HAN = re.compile("[\u3400-\u9fff\U00020000-\U000323af]+")


def han_queries(texts: dict[str, tuple[str, str]], number: int) -> list[str]:
    """Runs of one to four Han characters of texts, and words: whole runs between other characters."""
    chance = random.Random(11)
    runs = sorted({run for pair in texts.values() for part in pair for run in HAN.findall(part)})
    words = chance.sample([run for run in runs if 2 <= len(run) <= 6], number)
    pieces = {run[at : at + chance.randint(1, 4)] for run in runs for at in (chance.randrange(len(run)),)}
    return [*words, *chance.sample(sorted(pieces), number)]


def holders(texts: dict[str, tuple[str, str]], query: str) -> set[str]:
    """Articles of which title or text contains a query as it is."""
    return {key for key, (title, text) in texts.items() if query in title or query in text}


@pytest.fixture(scope="module")
def han_texts(sites: Site) -> dict[str, tuple[str, str]]:
    rows = sites.query(
        "SELECT article_id, coalesce(title, ''), text FROM articles JOIN article_bodies USING (article_id) "
        f"WHERE source_id IN {HAN_SITES}"
    )
    return {key: (title, text) for key, title, text in rows}


def test_search_loses_no_han_word_and_finds_none_more(sites: Site, han_texts: dict[str, tuple[str, str]]) -> None:
    queries = han_queries(han_texts, 500)
    with reading(sites.published) as con:
        found = con.execute(
            """
            WITH q AS MATERIALIZED (
                SELECT query, search_needles(query) AS needles FROM (SELECT unnest($queries) AS query)
            )
            SELECT query, list(article_id) FROM q, (
                FROM search_text WHERE list_contains($articles, article_id)
            ) WHERE len(needles) = 1 AND contains(form, needles[1]) GROUP BY query
            """,
            {"queries": queries, "articles": [*han_texts]},
        ).fetchall()
        assert len(queries) == 1_000
        assert {query: set(keys) for query, keys in found} == {query: holders(han_texts, query) for query in queries}
        assert_hits_are_holders(con, han_texts, queries[::50])


@pytest.mark.prove("laws")
def test_search_hits_are_what_contains_finds(sites: Site, han_texts: dict[str, tuple[str, str]]) -> None:
    with reading(sites.published) as con:
        assert_hits_are_holders(con, han_texts, han_queries(han_texts, 500))


def assert_hits_are_holders(
    con: duckdb.DuckDBPyConnection, texts: dict[str, tuple[str, str]], queries: list[str]
) -> None:
    for query in queries:
        found = {row[0] for row in con.execute("SELECT article_id FROM search_hits($1)", [query]).fetchall()}
        assert found & texts.keys() == holders(texts, query), query


FIRST_THREE: dict[str, tuple[int, list[str]]] = {
    "芯片": (
        12,
        [
            "2021-12-08-202112082206897139.md",
            "20231030 Linux Kernel 6.6 Arrives With Numerous Refinements.md",
            "2021-12-08-202112082206734275.md",
        ],
    ),
    "人民币 汇率": (2, ["2021-12-08-202112082206778173.md", "2021-12-08-202112082206799679.md"]),
    "目标价": (
        7,
        ["2021-12-08-202112082206796032.md", "2021-12-08-202112082206736819.md", "2021-12-08-202112082206954012.md"],
    ),
    "新能源汽车": (
        3,
        ["2021-12-08-202112082206885192.md", "2021-12-08-202112082206891293.md", "-202205262391921712.md"],
    ),
    "北向资金": (
        4,
        ["2021-12-08-202112082206777086.md", "2021-12-08-202112082206761079.md", "2021-12-08-202112082207020388.md"],
    ),
    "数据中心": (
        8,
        ["2021-12-08-202112082206768417.md", "2021-12-08-202112082206756112.md", "user-case-zheshang-bank.md"],
    ),
    "A股 涨停": (1, ["2021-12-08-202112082206943957.md"]),
    "美联储": (
        3,
        ["2021-12-08-202112082206960440.md", "2021-12-08-202112082206808923.md", "2021-12-08-202112082206949211.md"],
    ),
    "统计": (30, ["2005-06-08-21-39-00.md", "2018-04-12-stat-phd-qualify-exam.md", "2017-03-10-seeing-theory.md"]),
    "R语言": (
        2,
        ["20220818 The Functions in the R Stats Package.md", "2007-11-12-1st-version-of-animation-package.md"],
    ),
    "Linux 内核": (
        8,
        [
            "20231030 Linux Kernel 6.6 Arrives With Numerous Refinements.md",
            "20200404 Bodhi Linux 5.1 Review- Slightly Different Lightweight Linux.md",
            "20170515 Commands to check System & Hardware Information.md",
        ],
    ),
    "锂电池": (0, []),
    "ｋｎｉｔｒ": (
        5,
        ["2018-11-09-biggest-regret-knitr.md", "2017-08-24-so-gh-email.md", "2016-12-29-student-project.md"],
    ),
    "GPT-4": (1, ["survey2024-h1-results.md"]),
    "security vulnerabilities": (
        16,
        ["june-2018-security-releases.md", "september-2019-openssl-no-updates.md", "april-2021-security-releases.md"],
    ),
    "Lightning channel": (10, ["2026-05-29-newsletter.md", "2022-04-06-newsletter.md", "2025-10-03-newsletter.md"]),
    "goroutines": (4, ["synctest.md", "gccgo-in-gcc-471.md", "io2010-faq.md"]),
    "TiDB 性能": (18, ["tidb-3.0-ga.md", "tidb-2.1-ga-release-notes.md", "pcp-report-201911.md"]),
    "Hugo 网站": (2, ["2017-04-13-watch-twitter.md", "2017-02-10-xaringan.md"]),
    "写作": (3, ["2022-02-15-finals.md", "2014-02-12-zhong-hua-zi-jing.md", "issue-301.md"]),
}
"""Query -> how many live articles are found, and the file names of the first three."""


def test_twenty_queries_and_what_comes_first(sites: Site) -> None:
    with reading(sites.published) as con:
        told = {}
        for query in FIRST_THREE:
            rows = con.execute(
                "SELECT parse_filename(a.path) FROM search($1) AS h JOIN articles AS a ON a.article_id = h.article_id "
                "ORDER BY h.score DESC, a.published_at DESC NULLS LAST, a.article_id", [query]
            ).fetchall()  # fmt: skip
            told[query] = (len(rows), [row[0] for row in rows[:3]])
    assert told == FIRST_THREE


TWINS = {
    ("2022-05-31-202205312398034850", "2022-05-31-NW202205312398034850"),
    ("2022-01-07-202201072239307540", "2022-01-07-NW202201072239307540"),
    ("2022-05-30-202205302396671645", "2022-05-30-NW202205302396671645"),
    ("2022-04-21-202204212352227421", "2022-04-21-NW202204212352227421"),
    ("2021-12-08-202112082206896571", "2021-12-08-202112082206936037"),  # two media, two titles
}
"""Posts of finews that people found to tell the same."""


def test_the_stories_of_real_sites_are_those_that_people_found_and_no_others(sites: Site) -> None:
    told = sites.query(
        "SELECT story_id, list(article_id ORDER BY article_id) FROM stories GROUP BY 1 HAVING count(*) > 1"
    )
    assert all(article.startswith("finews:") for _, articles in told for article in articles)
    names = [{article.rpartition("/")[2].removesuffix(".md") for article in articles} for _, articles in told]
    assert {tuple(sorted(found)) for found in names if len(found) > 1} == TWINS
    # Posts that a script copied to old_post, some of them of twins.
    copied = sites.column(
        "SELECT path FROM articles WHERE source_id = 'finews' AND starts_with(path, 'old_post/') "
        "AND replace(path, 'old_post/', '_posts/') IN (SELECT path FROM articles)"
    )
    assert len(copied) == 6
    for path in copied:
        assert any({f"finews:{path}", f"finews:_posts/{path[9:]}"} <= set(articles) for _, articles in told), path
    firsts, live, stories = sites.query(
        "SELECT count(*) FILTER (WHERE is_first), count(*), count(DISTINCT story_id) "
        "FROM stories JOIN articles_live USING (article_id)"
    )[0]
    assert firsts == stories < live
    assert sites.column("SELECT sum(stories) FROM articles_by_category WHERE category_id = '(none)'")[0] > 0
    assert sites.column("SELECT DISTINCT position FROM who_was_first ORDER BY 1")[:2] == [1, 2]


def stories_to_retell(sites: Site) -> list[Told]:
    """A few hundred posts, each of another story."""
    return [
        Told(title, text)
        for title, text in sites.query(
            """
            SELECT coalesce(title, ''), text FROM articles JOIN article_bodies USING (article_id)
            SEMI JOIN (SELECT DISTINCT story_id FROM stories) ON story_id = article_id
            WHERE length(text) BETWEEN 250 AND 8000 AND source_id IN
                ('finews', 'lctt', 'yihui', 'rust-blog', '18f', 'pingcap-cn', 'go-blog', 'ruby-lang')
            ORDER BY article_id
            """
        )
    ]


@pytest.mark.parametrize("seed", range(2))
def test_nine_of_ten_copies_of_real_posts_are_found_and_no_post_of_a_template_is_taken_for_one(
    sites: Site, seed: int
) -> None:
    posts = stories_to_retell(sites)
    assert len(posts) > 200
    made = list(copies(posts, 300, seed))
    shelf = Shelf.empty()
    with shelf.con:
        shelf.change({f"s:post-{n:03}": Post(post) for n, post in enumerate(posts)})
        shelf.change({f"s:copy-{n:03}": Post(copy) for n, (_, _, copy) in enumerate(made)})
        shelf.change({f"s:template-{n:03}": Post(post) for n, post in enumerate(templates(300, seed))})
        shelf.relate()
        lost = [
            kind
            for n, (at, kind, _) in enumerate(made)
            if shelf.story_of(f"s:copy-{n:03}") != shelf.story_of(f"s:post-{at:03}")
        ]
        assert len(lost) <= 30 and {*lost} <= {"all"}, lost
        taken = shelf.con.execute("SELECT count(DISTINCT story_id) FROM stories WHERE contains(article_id, 'template')")
        assert taken.fetchone() == (300,)
        mixed = shelf.con.execute(
            "SELECT story_id FROM stories WHERE contains(article_id, ':post-') GROUP BY 1 HAVING count(*) > 1"
        )
        assert mixed.fetchall() == [], "copies never connect two posts"


@pytest.mark.parametrize("seed", range(2))
def test_edited_copies_of_real_posts_are_found(sites: Site, seed: int) -> None:
    posts = stories_to_retell(sites)
    made = list(edited(posts, 210, seed))
    shelf = Shelf.empty()
    with shelf.con:
        shelf.change({f"s:post-{n:03}": Post(post) for n, post in enumerate(posts)})
        shelf.change({f"s:copy-{n:03}": Post(copy) for n, (_, _, copy) in enumerate(made)})
        shelf.relate()
        lost = [
            (kind, posts[at].title)
            for n, (at, kind, _) in enumerate(made)
            if shelf.story_of(f"s:copy-{n:03}") != shelf.story_of(f"s:post-{at:03}")
        ]
    assert len(lost) <= 10, lost


def test_links_lead_from_post_to_post_of_real_sites(sites: Site) -> None:
    ways = sites.query("SELECT split_part(article_id, ':', 1), matched_by, count(*) FROM link_targets GROUP BY ALL")
    # The sites are samples of posts: most of what they link to is not among them.
    assert sorted(ways) == [
        ("bitcoinops", "address", 4), ("go-blog", "path_end", 3), ("nodejs", "path_end", 1),
        ("obsidian-hub", "alias", 1), ("yihui", "address", 1),
    ]  # fmt: skip
    same = sites.query(
        """
        SELECT l.url, a.url, a.path, a.front_matter::VARCHAR
        FROM link_targets JOIN article_links AS l USING (article_id, position)
        JOIN articles AS a ON a.article_id = target_article_id
        """
    )
    for link, url, path, front_matter in same:
        name = link.partition("#")[0].strip("/")
        assert name in (url or "") or f"{name}." in path or name in front_matter, (link, path)


def test_links_that_lead_nowhere_are_of_posts_that_the_samples_lack(sites: Site) -> None:
    links = sites.query("SELECT source_id, link FROM broken_links WHERE because = 'no_article'")
    assert len(links) > 300
    is_of_post = {
        "bitcoinops": r"/\w+/(newsletters|podcast)/\d{4}/\d\d/\d\d\b.*|/zh/bitcoin-core-28-wallet-integration-guide/.*",
        "go-blog": r"(developing|release-workflow|using-go-modules|version-numbers)(#.*)?"
        r"|/(blog|doc)/[^.]*(go1\.[\d.]+[^.]*|\.html)?",
        "hexo-site": r"(/docs/|\.\./|\w).*",
        "hugo-notes": r"/notes/.*\.md",
        "nodejs": r"/blog/release/v[\d.]+/?|/about/(eol|previous-releases#.*)",
        "obsidian-hub": r"[^.]*",
        "ruby-lang": r"(\{% ?link |\{\{ site.url \}\})?/?\w+/news/.*",
        "this-week-in-rust": "INSERT_LINK_HERE",
        "yihui": r"/(cn|en)/\d{4}/\d\d/.*",
    }
    assert [(source, link) for source, link in links if not re.fullmatch(is_of_post[source], link)] == []
