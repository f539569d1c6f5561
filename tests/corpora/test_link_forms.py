"""Whichever way a link names an article of a real site, it leads there: by address in all its forms, or by its file."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from conftest import Site
from page_shelf import Page, PageShelf
from real_sites import EXPECTED

from etl_project.sources.source import Source

pytest_plugins = ["site_fixtures"]

HOST = "www.harbour.example"


def forms(path: str, url: str | None, from_path: str, from_url: str | None) -> Iterator[str]:
    """Yield links from one article to another in all the forms that people write.

    Args:
        path: file of the other, below the source.
        url: its address on the site.
        from_path: file of the one.
        from_url: its address on the site.
    """
    file = quote(posixpath.relpath(path, posixpath.dirname(from_path)))
    yield from (file, f"{file}#part", f"./{file}")
    if url is None:
        return
    address = quote(url)
    yield from (url, address, f"{url}#part", f"{url}?from=feed", f"//{HOST}{url}", f"https://{HOST}{address}#part")
    yield f"http://{HOST.removeprefix('www.')}{url}"
    if url.endswith("/") and url != "/":
        yield from (url[:-1], f"{url}index.html", f"https://{HOST}{url[:-1]}")
    yield url.removesuffix(".html")
    if from_url:
        yield posixpath.relpath(url, posixpath.dirname(from_url)) + "/" * url.endswith("/")


@pytest.mark.parametrize("name", EXPECTED)
def test_every_form_of_a_link_to_every_article_leads_there(sites: Site, name: str) -> None:
    rows = sites.query(
        "SELECT path, a.url, front_matter::VARCHAR, dialect FROM articles AS a JOIN sources USING (source_id) "
        f"WHERE source_id = '{name}' ORDER BY path"
    )
    (from_path, from_url, *_), dialect = rows[0], rows[0][3]
    meant = [(link, path, url) for path, url, *_ in rows[1:] for link in forms(path, url, from_path, from_url)]
    pages = {path: Page(url, front_matter=front_matter) for path, url, front_matter, _ in rows}
    pages[from_path] = Page(from_url, tuple(link for link, *_ in meant))
    location = sites.folder
    shelf = PageShelf(Source("s", location, dialect=dialect, url=f"https://{HOST}"))
    with shelf.con:
        shelf.change(pages)
        targets = {row[1]: str(row[2]).partition(":")[2] for row in shelf.relate()}
    assert len(meant) > 3 * (len(rows) - 2)
    lost = []
    for position, (link, path, url) in enumerate(meant, 1):
        found = targets.get(position)
        # Of two posts of one address either may be meant.
        if found != path and not (url and found in pages and pages[found].url == url):
            lost.append((link, path, found))
    assert lost == []
