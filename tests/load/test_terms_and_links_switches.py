"""Terms and link targets are switched on and off in etl.toml, and follow every change of posts and names of sources."""

from __future__ import annotations

from conftest import Site, equals_full_build

KEEPS = 'dialect = "jekyll"\non_missing = "keep"\n'
BODY = "Read [two](/news/2026/01/03/two.html) and [this]({% link _posts/2026-01-04-three.md %})."


def switched(value: bool) -> str:
    return f"[insight]\nterms = {str(value).lower()}\nlinks = {str(value).lower()}\n"


def targets(site: Site) -> list[str]:
    return site.column("SELECT target_article_id FROM link_targets ORDER BY 1")


def test_targets_follow_posts_that_come_change_move_and_go(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", body=BODY)
    site.refresh()
    assert targets(site) == [] and site.column("SELECT because FROM broken_links") == ["no_article"] * 2
    site.write("_posts/2026-01-03-two.md", date="2026-01-03")
    three = site.write("_posts/2026-01-04-three.md", body="Back to [one](../02/one.html).", date="2026-01-04")
    site.refresh()
    assert [target[-8:-3] for target in targets(site)] == ["2-one", "3-two", "three"]
    assert site.column("SELECT link FROM broken_links") == []
    assert site.column("SELECT count(*) FROM backlinks") == [3] and site.column("SELECT count(*) FROM orphans") == [0]
    three.rename(three.with_name("2026-01-04-moved.md"))
    site.refresh(allow_deletes=True)
    assert [target[-8:-3] for target in targets(site)] == ["2-one", "3-two"]
    site.write("_posts/2026-01-03-two.md", date="2026-01-05")
    site.refresh()
    assert [target[-8:-3] for target in targets(site)] == ["2-one"], "its address has its date"
    site.write("_posts/2026-01-02-one.md", body=BODY.replace("01/03/two", "01/04/moved"))
    site.refresh()
    assert [target[-8:-3] for target in targets(site)] == ["2-one", "moved"], "no word of the text has changed"
    equals_full_build(site)


def test_after_a_switch_every_article_has_its_words_and_targets_or_none(site: Site) -> None:
    """Also one whose file went, and that is kept."""
    site.configure(KEEPS, switched(False))
    site.write("_posts/2026-01-02-one.md", body=BODY, date="2026-01-02")
    site.write("_posts/2026-01-04-three.md", body="Some words, [one](/news/2026/01/02/one.html).", date="2026-01-04")
    site.refresh()
    (site.posts / "_posts/2026-01-04-three.md").unlink()
    for is_on in (True, False):
        site.configure(extra=switched(is_on))
        site.refresh(allow_deletes=True)
        assert site.column("SELECT count(*) FROM articles") == [2]
        assert site.column("SELECT count(*) FROM internal.article_words") == [2 * is_on]
        assert site.column("SELECT count(*) FROM link_targets") == [2 * is_on]
        assert site.column("SELECT count(DISTINCT article_id) FROM internal.link_keys") == [2 * is_on]
        assert site.column("SELECT count(DISTINCT article_id) FROM article_terms") == [2 * is_on]
        assert site.column("SELECT count(*) FROM orphans") == [1 * is_on]
    assert site.refresh() is None


def test_a_renamed_source_has_the_same_targets_under_its_new_name(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", body=BODY)
    site.write("_posts/2026-01-03-two.md", date="2026-01-03")
    site.refresh()
    text = site.config.read_text("utf-8").replace('name = "site"', 'name = "zoo"\nrenamed_from = "site"')
    site.config.write_text(text, "utf-8")
    site.refresh()
    assert targets(site) == ["zoo:_posts/2026-01-03-two.md"]
    site.write("_posts/2026-01-04-three.md", date="2026-01-04")
    site.refresh()
    assert len(targets(site)) == 2
