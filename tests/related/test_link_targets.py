"""Internal links lead to the articles that they call by an address, a path or a name, whatever changed in between."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from page_shelf import Page, PageShelf
from shelf import Shelf

from etl_project.sources.source import Source

MakeShelf = Callable[..., PageShelf]


@pytest.fixture(scope="module")
def tables() -> Iterator[Shelf]:
    """To create the tables takes longer than any test here."""
    shelf = Shelf.empty()
    with shelf.con:
        yield shelf


@pytest.fixture
def shelf(tables: Shelf) -> MakeShelf:
    def make(dialect: str, url: str | None = None) -> PageShelf:
        for table in ("articles", "article_links", "link_targets", "internal.link_keys", "internal.relations"):
            tables.con.execute(f"DELETE FROM {table}")
        return PageShelf(Source("s", Path("site"), dialect=dialect, url=url), tables)

    return make


def found(shelf: PageShelf, page: Page, path: str) -> dict[str, tuple[str | None, str | None]]:
    """Where each link of one more article leads: path of the target and how it was found; None for nowhere."""
    shelf.change({path: page})
    targets = {row[1]: (str(row[2]).partition(":")[2], str(row[3])) for row in shelf.relate() if row[0] == f"s:{path}"}
    return {link: targets.get(n, (None, None)) for n, link in enumerate(page.links, 1)}


JEKYLL = {
    "_posts/2024-05-06-Boats.md": Page("/news/2024/05/06/Boats.html"),
    "_posts/deep/2024-05-07-nets.md": Page("/2024/05/07/nets/", front_matter='{"redirect_from": ["/old/nets/", "o2"]}'),
    "_posts/2024-05-08-鱼 干.md": Page("/2024/05/08/鱼 干.html"),
}
BOATS, NETS, FISH = JEKYLL
HERE = "_posts/2024-05-06-here.md"


LINKS_OF_JEKYLL: dict[str, tuple[str | None, str | None]] = {
    "/news/2024/05/06/Boats.html": (BOATS, "address"),
    "/news/2024/05/06/Boats": (BOATS, "address"),
    "/news/2024/05/06/Boats/index.html?from=feed#top": (BOATS, "address"),
    "//www.harbour.example/news/2024/05/06/Boats": (BOATS, "address"),
    "https://harbour.example/blog/news/2024/05/06/Boats.html": (BOATS, "address"),
    "/blog/2024/05/07/nets": (NETS, "address"),
    "../07/nets/": (NETS, "address"),
    "./../../../2024//05/07/nets#x": (NETS, "address"),
    "/2024/05/08/%E9%B1%BC%20%E5%B9%B2.html": (FISH, "address"),
    "/2024/05/08/鱼 干": (FISH, "address"),
    "/old/nets": (NETS, "alias"),
    "/o2": (NETS, "alias"),
    "{{ site.baseurl }}/2024/05/07/nets/": (NETS, "address"),
    "{{ '/2024/05/07/nets/' | relative_url }}": (NETS, "address"),
    "{% link _posts/2024-05-06-Boats.md %}#end": (BOATS, "path"),
    "{{site.url}}{%link /_posts/2024-05-06-boats.md%}": (BOATS, "path"),
    "{% post_url 2024-05-06-Boats %}": (BOATS, "path"),
    "{% post_url 2024-05-07-nets %}": (NETS, "file_name"),
    "{% post_url deep/2024-05-07-nets %}": (NETS, "path"),
    "2024-05-06-Boats.md": (BOATS, "path"),
    "/NEWS/2024/05/06/boats.html": (None, None),
    "{{ page.reference }}": (None, None),
    "/2024/05/09/gone.html": (None, None),
    "?page=2": (None, None),
}
"""Link -> path of its target, and how it is found."""


def test_links_of_jekyll(shelf: MakeShelf) -> None:
    made = shelf("jekyll", "https://harbour.example/blog")
    made.change(JEKYLL)
    assert found(made, Page("/2024/05/06/here.html", tuple(LINKS_OF_JEKYLL)), HERE) == LINKS_OF_JEKYLL


NOTES = {
    "Sea/Fish.md": Page(front_matter='{"aliases": ["Finned ones", "海鱼"]}'),
    "Deep/Far/Fish.md": Page(),
    "Sea/Far/Crab.v2.md": Page(),
    "Fish market.md": Page(),
}


LINKS_OF_NOTES: dict[str, tuple[str | None, str | None]] = {
    "Fish market": ("Fish market.md", "path"),
    "fish MARKET.md#Prices": ("Fish market.md", "path"),
    "Fish%20market.md": ("Fish market.md", "path"),
    "Fish": ("Sea/Fish.md", "file_name"),
    "Far/Fish": ("Deep/Far/Fish.md", "path_end"),
    "/Deep/Far/Fish": ("Deep/Far/Fish.md", "path"),
    "Crab.v2": ("Sea/Far/Crab.v2.md", "file_name"),
    "../Sea/Fish": ("Sea/Fish.md", "path"),
    "Finned ones": ("Sea/Fish.md", "alias"),
    "海鱼#^a1": ("Sea/Fish.md", "alias"),
    "/Fish": (None, None),
    "Whale": (None, None),
}
"""Link -> path of its target, and how it is found."""


def test_links_of_notes(shelf: MakeShelf) -> None:
    made = shelf("obsidian")
    made.change(NOTES)
    assert found(made, Page(links=tuple(LINKS_OF_NOTES)), "Log/Today.md") == LINKS_OF_NOTES


def test_a_note_beside_the_own_one_comes_before_the_one_of_the_shortest_path(shelf: MakeShelf) -> None:
    made = shelf("obsidian")
    made.change(NOTES)
    assert found(made, Page(links=("Fish",)), "Deep/Far/Today.md") == {"Fish": ("Deep/Far/Fish.md", "path")}


@pytest.mark.parametrize(
    ("dialect", "page", "path", "links"),
    [
        ("hugo", Page("/posts/here/"), "content/posts/here.md", {
            '{{< ref "boats.md" >}}': "path", '{{% relref "/posts/boats.md#x" %}}': "path",
            '{{< ref path="deep/boats" lang="en" >}}': None, "../boats/": "address", "/ships/": "alias",
        }),
        ("zola", Page("/posts/here/"), "content/posts/here.md", {
            "@/posts/boats.md": "path", "/posts/boats": "address",
        }),
        ("pelican", Page(), "content/posts/here.md", {
            "{filename}boats.md": "path", "|filename|/posts/boats.md#x": "path", "{static}/boats.md": None,
        }),
        ("plain", Page(), "content/posts/here.md", {
            "boats.md": "path", "boats": "path", "../posts/boats.html": "path", "/posts/boats": "path_end",
            "/boats": None, "notes.md": None,
        }),
    ],
)  # fmt: skip
def test_links_of_other_dialects(
    shelf: MakeShelf, dialect: str, page: Page, path: str, links: dict[str, str | None]
) -> None:
    made = shelf(dialect)
    url = "/posts/boats/" if page.url else None
    made.change({"content/posts/boats.md": Page(url, front_matter='{"aliases": ["/ships"]}' if url else "{}")})
    targets = found(made, Page(page.url, tuple(links)), path)
    assert {link: matched_by for link, (_, matched_by) in targets.items()} == links


def test_a_tag_of_hexo_names_a_post_by_its_path_or_its_name(shelf: MakeShelf) -> None:
    made = shelf("hexo")
    made.change({"source/_posts/sea/boats.md": Page("/a/"), "source/_posts/nets.md": Page("/b/")})
    links = ("{% post_link nets %}", "{% post_path sea/boats %}", "{% post_link boats %}", "{% post_link gone %}")
    targets = found(made, Page("/c/", links), "source/_posts/here.md")
    assert [target for target, _ in targets.values()] == [
        "source/_posts/nets.md", "source/_posts/sea/boats.md", "source/_posts/sea/boats.md", None,
    ]  # fmt: skip


def test_of_two_articles_of_one_address_the_shorter_id_is_the_target_and_none_of_another_source(
    shelf: MakeShelf,
) -> None:
    made = shelf("jekyll")
    made.change({"_posts/2024-01-01-longer.md": Page("/a.html"), "_posts/2024-01-01-one.md": Page("/a.html")})
    targets = found(made, Page("/b.html", ("/a", "/c")), "_posts/2024-01-01-b.md")
    assert targets["/a"] == ("_posts/2024-01-01-one.md", "address")
    other = PageShelf(Source("t", Path("site"), dialect="jekyll"), made.shelf)
    other.change({"_posts/2024-01-01-c.md": Page("/c.html")})
    assert len(made.relate()) == 1


def test_a_new_article_turns_an_old_link_good_and_its_end_breaks_it(shelf: MakeShelf) -> None:
    made = shelf("jekyll")
    here = Page("/2024/01/01/here.html", ("/2024/01/02/new.html", "/2024/01/03/not.html"))
    made.change({"_posts/2024-01-01-here.md": here})
    assert made.relate() == [] and len(made.broken()) == 2
    made.change({"_posts/2024-01-02-new.md": Page("/2024/01/02/new.html")})
    assert made.relate() == [("s:_posts/2024-01-01-here.md", 1, "s:_posts/2024-01-02-new.md", "address")]
    made.change({"_posts/2024-01-02-new.md": None})
    assert made.relate() == []
    assert made.broken() == [
        ("_posts/2024-01-01-here.md", "/2024/01/02/new.html", "no_article"),
        ("_posts/2024-01-01-here.md", "/2024/01/03/not.html", "no_article"),
    ]


def test_a_link_to_a_draft_is_broken_and_leads_somewhere(shelf: MakeShelf) -> None:
    made = shelf("jekyll")
    made.change({"a.md": Page("/2024/a", ("/2024/b",)), "b.md": Page("/2024/b", status="draft")})
    assert len(made.relate()) == 1
    assert made.broken() == [("a.md", "/2024/b", "draft")]


def test_what_is_not_meant_for_a_post_is_not_broken(shelf: MakeShelf) -> None:
    made = shelf("jekyll", "https://harbour.example")
    links = (
        "/about/", "/feed.xml", "/tags/fish/", "/category/nets", "/assets/tide.pdf", "tide.png", "/", "../", "../../",
        "/markets/2024/", "https://harbour.example", "/2024/05/06/tide.pdf", "{% link assets/tide.pdf %}", "{{ x }}",
        "/search?q=fish", "/2023/",
    )  # fmt: skip
    made.change({"_posts/2024-05-06-here.md": Page("/markets/2024/05/06/here.html", links)})
    made.relate()
    assert made.broken() == []
    meant = ("/other/2021/12/31/gone.html", "gone.html", "{% link _posts/2021-12-31-gone.md %}", "gone.md")
    made.change({"_posts/2024-05-07-there.md": Page("/markets/2024/05/07/there.html", meant)})
    made.relate()
    assert sorted(link for _, link, _ in made.broken()) == sorted(meant)


def test_a_path_on_a_site_whose_root_is_a_folder_of_the_source_is_broken_where_posts_lie(shelf: MakeShelf) -> None:
    made = shelf("plain")
    links = (
        "/blog/gone",
        "/blog/release/v9.11.2",
        "/blog/there",
        "/pkg/net/http",
        "/blog/release/",
        "/blog/x.zip",
        "/faq",
    )
    made.change(
        {
            "_content/blog/there.md": Page(links=links),
            "_content/blog/release/v8.1.0.md": Page(),
            "_content/help.md": Page(),
        }
    )
    assert [row[1:] for row in made.relate()] == [(3, "s:_content/blog/there.md", "path_end")]
    assert [link for _, link, _ in made.broken()] == ["/blog/gone", "/blog/release/v9.11.2"]


def test_an_embedded_file_is_no_broken_note(shelf: MakeShelf) -> None:
    made = shelf("obsidian")
    made.change(
        {"a.md": Page(links=("chart.pdf", "song.mp3", "Map.excalidraw", "bay.geojson", "Whale", "whales/Blue.md"))}
    )
    made.relate()
    assert [link for _, link, _ in made.broken()] == ["Whale", "whales/Blue.md"]


def test_backlinks_and_orphans_are_of_live_articles(shelf: MakeShelf) -> None:
    made = shelf("obsidian")
    made.change({
        "a.md": Page(links=("b", "a")), "b.md": Page(links=("c",)), "c.md": Page(),
        "d.md": Page(links=("a",), status="draft"),
    })  # fmt: skip
    made.relate()
    rows = made.con.execute("SELECT article_id, from_article_id FROM backlinks ORDER BY 1").fetchall()
    assert rows == [("s:b.md", "s:a.md"), ("s:c.md", "s:b.md")]
    assert made.con.execute("SELECT article_id FROM orphans").fetchall() == [("s:a.md",)]


def history(shelf: PageShelf, rng: random.Random, steps: int) -> None:
    """Change a few notes again and again: their links, their names in other folders, and their aliases."""
    names = [f"{folder}{name}.md" for folder in ("", "a/", "a/b/") for name in "xyz"]
    calls = ["x", "y", "z", "a/x", "b/y", "a/b/z", "./x", "../y", "q", "w", "X.md#p"]
    for _ in range(steps):
        some = rng.sample(names, rng.choice([1, 1, 2, 5]))
        shelf.change(
            {
                name: None
                if rng.random() < 0.35
                else Page(
                    None,
                    tuple(rng.sample(calls, rng.randint(0, 4))),
                    rng.choice(["{}", '{"alias": "q"}', '{"aliases": ["q", "W"]}']),
                )
                for name in some
            }
        )
        if rng.random() < 0.7:
            assert shelf.relate() == shelf.related_anew()


@pytest.mark.parametrize("seed", range(2))
def test_after_a_few_histories_targets_are_those_related_anew(shelf: MakeShelf, seed: int) -> None:
    history(shelf("obsidian"), random.Random(seed), 12)


@pytest.mark.prove("laws")
@pytest.mark.timeout(3600)
def test_after_any_history_targets_are_those_related_anew(shelf: MakeShelf) -> None:
    for _ in range(100):
        seed = random.randrange(1 << 32)
        try:
            history(shelf("obsidian"), random.Random(seed), 40)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error
