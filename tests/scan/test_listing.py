"""Files that the settings of a site leave out are not listed."""

from __future__ import annotations

from conftest import Site

POSTS = "SELECT path FROM post_files ORDER BY path"


def test_files_that_the_settings_of_the_site_leave_out_come_and_go_with_them(site: Site) -> None:
    site.configure('dialect = "hexo"')
    for path in ("_config.yml", "source/_posts/a.md", "source/_posts/_later.md", "source/raw/r.md", "source/p.md"):
        site.write(path, "title: x\nskip_render: raw/**\n" if path == "_config.yml" else None)
    assert site.load()
    assert site.column_of_work(POSTS) == ["source/_posts/a.md", "source/p.md"]
    site.write("source/_data/d.md")
    site.write("_config.yml", "title: x\nskip_render: p.md\n")
    loaded = site.load(allow_deletes=True)
    assert loaded and loaded.files_read == 2
    assert site.column_of_work(POSTS) == ["source/_posts/a.md", "source/raw/r.md"]
