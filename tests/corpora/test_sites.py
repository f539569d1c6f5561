"""Posts of sixteen real sites, each read in the dialect it is detected as, in one warehouse and one refresh."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import Site

from etl_project.dialects import DIALECTS, detect_dialect, is_post

ROOT = Path(__file__).parents[2]

# Posts, and how many of them have a title and a date; none is rejected.
EXPECTED = {
    "18f": (45, 45, 44),
    "bitcoinops": (20, 20, 20),
    "finews": (109, 108, 108),
    "go-blog": (45, 45, 25),
    "hexo-site": (35, 35, 1),
    "hugo-notes": (29, 29, 2),
    "lctt": (30, 30, 28),
    "nodejs": (30, 30, 22),
    "obsidian-hub": (45, 45, 1),
    "pingcap-cn": (30, 30, 30),
    "plain-til": (10, 10, 0),
    "plain-weekly": (6, 6, 0),
    "ruby-lang": (60, 60, 60),
    "rust-blog": (35, 35, 35),
    "this-week-in-rust": (12, 12, 12),
    "yihui": (68, 68, 67),
}
INCLUDE = {"finews": ["_posts/**", "old_post/**"]}
"""The one site whose posts do not all lie where its generator looks for them."""


@pytest.fixture(scope="module")
def sites(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("sites"))
    text = '[warehouse]\npath = "warehouse/posts.duckdb"\n'
    for name in EXPECTED:
        location = shared / "sites" / name
        text += f'\n[[source]]\nname = "{name}"\nlocation = {json.dumps(str(location))}\n'
        text += f'dialect = "{detect_dialect(location)}"\ninclude = {json.dumps(INCLUDE.get(name, []))}\n'
    site.config.write_text(text, "utf-8")
    site.refresh()
    return site


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
