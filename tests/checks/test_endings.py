"""Files with endings of posts that the dialect does not read: counted, and warned of while they are there."""

from __future__ import annotations

from conftest import Site

from etl_project.refresh.refresh import Refresh


def endings(site: Site) -> list[dict[str, object]]:
    results = Refresh(site.settings).run_checks("tables")
    return next(r.rows for r in results if r.check.name == "every_ending_of_posts_is_read")  # type: ignore[return-value]


def test_endings_that_are_not_read_are_warned_of_until_the_files_are_gone(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    others = [site.write(f"_posts/2026-01-02-{n}.ipynb", "{}") for n in range(2)]
    others.append(site.write("_posts/2026-01-02-three.rst", "Title\n=====\n"))
    site.write("assets/four.rst", "No post: it lies elsewhere.\n")
    loaded = site.load()
    assert loaded and loaded.not_read == {".ipynb": 2, ".rst": 1}
    expected = [
        {"source_id": "site", "ending": ".ipynb", "files": 2}, {"source_id": "site", "ending": ".rst", "files": 1}
    ]  # fmt: skip
    assert endings(site) == expected
    for file in others:
        file.unlink()
    site.write("_posts/2026-01-02-two.md")
    site.load()
    assert endings(site) == []
