"""`etl init`: what it finds in a folder, what it proposes, and that it never overwrites."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from pathlib import Path

import pytest
from conftest import Site
from typer.testing import CliRunner

from etl_project.cli import app
from etl_project.dialects import detect_dialect
from etl_project.init.furniture import Proposal, propose
from etl_project.init.other_sites import describe_sites_within
from etl_project.init.settings_file import write_settings
from etl_project.init.site import NoSite, sample_site
from etl_project.init.unread import describe_unread
from etl_project.limits import Limits
from etl_project.refresh import Refresh
from etl_project.settings import ScheduleSettings, WarehouseSettings, read_settings
from etl_project.show.console import command
from etl_project.sources.source import MentionRule, Rule, Source

DOCS = Path(__file__).parents[2] / "docs"


def rules_of(proposals: list[Proposal]) -> dict[str | None, tuple[str, str]]:
    return {p.rule.column: (p.rule.selector, p.rule.pattern) for p in proposals if isinstance(p.rule, Rule)}


def test_it_writes_settings_that_a_refresh_accepts(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(8):
        site.write(f"_posts/2026-01-02-{n}.md")
    for path in ("README.md", "docs/a.md", "docs/deep/b.md", "about.html"):
        site.write(path)
    (site.posts / "_config.yml").write_text(
        'title: "The \\"Title\\""\nurl: https://a.example/\ntimezone: Asia/Tokyo\nlang: ja\n'
    )
    monkeypatch.chdir(site.folder)
    site.config.unlink()
    ended = CliRunner().invoke(app, ["init", "site"])
    assert ended.exit_code == 0, ended.output
    assert "dialect jekyll with 8 posts" in ended.output and "\n  etl refresh\n" in ended.output
    unread = "4 other files have the ending of a post and are not read: docs/ (2), README.md, about.html."
    assert unread in " ".join(ended.output.split())
    (source,) = read_settings(site.config).sources
    assert (source.dialect, source.title, source.url, source.time_zone) == (
        "jekyll", 'The "Title"', "https://a.example", "Asia/Tokyo",
    )  # fmt: skip
    assert source.location == site.posts
    site.refresh()
    assert site.column("SELECT count(*) FROM articles") == [8]


def test_a_folder_that_is_read_whole_has_nothing_unread(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nText")
    assert describe_unread(sample_site(tmp_path).unread) is None
    places = Counter({f"{n}/": n for n in range(1, 10)})
    assert describe_unread(places) == (
        "45 other files have the ending of a post and are not read: 9/ (9), 8/ (8), 7/ (7), 6/ (6), 5/ (5), "
        "10 more elsewhere. To read them, name their folders in `include`."
    )


def test_posts_are_counted_where_the_settings_of_a_site_put_them(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text("source_dir: blog\nskip_render: raw/*\n")
    for path in ("blog/_posts/a.md", "blog/about/index.md", "blog/raw/b.md", "README.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("---\ntitle: T\n---\nText")
    site = sample_site(tmp_path)
    assert (site.dialect, site.files, site.unread) == ("hexo", 2, Counter({"blog/": 1, "README.md": 1}))


def test_the_first_language_of_a_site_tells_its_zone(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text("language: [zh-CN, en]\n")
    (tmp_path / "source/_posts").mkdir(parents=True)
    (tmp_path / "source/_posts/a.md").write_text("Text")
    assert sample_site(tmp_path).time_zone == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("settings", "folder", "dialect"),
    [
        ("hugo.toml", "content", "hugo"),
        ("pelicanconf.py", "content", "pelican"),
        ("_config.yml", "_posts", "jekyll"),
        ("_config.yml", "source", "hexo"),
        ("_config.yml", "source/_posts", "hexo"),
        ("hugo.toml", "notes", "plain"),
        ("README.md", "content", "plain"),
    ],
)
def test_the_folder_of_posts_of_a_site_is_read_by_the_settings_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str, folder: str, dialect: str
) -> None:
    (tmp_path / settings).write_text("")
    for path in (f"{folder}/a.md", f"{folder}/x/2024-03-05-b.md", "content/c.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("---\ntitle: T\n---\nText")
    if folder == "source":
        (tmp_path / "source/_posts").mkdir()
    monkeypatch.chdir(tmp_path / folder)
    site = sample_site(Path())
    assert (site.dialect, site.include) == (dialect, [] if dialect == "plain" else ["**"])


def test_sites_in_a_folder_that_is_none_are_named(tmp_path: Path) -> None:
    for path in ("README.md", "docs/_config.yml", "docs/_posts/2024-03-05-a.md", "web/content/a.md", "src/a.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    site = sample_site(tmp_path)
    assert (site.dialect, site.sites_within) == ("plain", {"docs": "jekyll"})
    assert describe_sites_within(Path("x"), {"docs": "jekyll", "web": "hugo"}) == (
        "It holds sites with their own settings: docs/ (jekyll), web/ (hugo). To read posts by these, name the folder: "
        f"{command()} init x/docs"
    )
    assert sample_site(tmp_path / "docs").sites_within == {}


def test_a_vault_is_found_by_all_of_it(tmp_path: Path) -> None:
    for number in range(60):
        note = tmp_path / "A log" / f"{number:02}.md"
        note.parent.mkdir(exist_ok=True)
        note.write_text("Rain.")
    for number in range(70):
        note = tmp_path / "Notes" / f"{number:02}.md"
        note.parent.mkdir(exist_ok=True)
        note.write_text("Words. " * 1000 + f"See [[{number + 1:02}]].")
    assert detect_dialect(tmp_path) == "obsidian"
    for note in (tmp_path / "Notes").iterdir():
        note.write_text("No links.")
    assert detect_dialect(tmp_path) == "plain"


def test_it_never_overwrites_a_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("_posts/2026-01-02-a.md")
    monkeypatch.chdir(site.folder)
    before = site.config.read_bytes()
    ended = CliRunner().invoke(app, ["init", "site"])
    assert ended.exit_code == 2
    assert site.config.read_bytes() == before


def test_a_folder_without_posts_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(NoSite, match="contains no posts"):
        sample_site(tmp_path)
    with pytest.raises(NoSite, match="is not a folder"):
        sample_site(tmp_path / "nowhere")


def test_a_site_that_does_not_state_its_zone_gets_utc_and_a_remark(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nText")
    output = tmp_path / "out.toml"
    write_settings(sample_site(tmp_path), [], output)
    assert 'time_zone = "UTC"' in output.read_text() and "does not say which zone" in output.read_text()


def test_an_archive_of_dated_posts_is_included_and_the_file_name_is_the_identity(site: Site) -> None:
    for n in range(4):
        site.write(f"_posts/2026-01-0{n + 1}-x.md")
        site.write(f"archive/2026-01-0{n + 1}-x.md")
    found = sample_site(site.posts)
    assert found.include == ["_posts/**", "archive/**"] and found.shares_names


def test_posts_that_are_not_utf8_propose_their_encoding(site: Site) -> None:
    site.write("_posts/2026-01-02-a.md")
    site.write("_posts/2026-01-03-b.md", "---\ntitle: 港口\n---\n\n今天的港口很安静，船都出海了。\n".encode("gb18030"))
    assert sample_site(site.posts).encodings == ["utf-8", "gb18030"]


def test_labelled_source_lines_addresses_and_footers_are_proposed() -> None:
    bodies = [
        f"Text {n}.\n\n<p class='from'>（来源：报纸{n}）</p>\n\n<https://news.example/{n}>\n\n[回到栏目{n}](/c/{n})｜[回到首页](/)"
        for n in range(10)
    ]
    rules = rules_of(propose(bodies))
    assert rules["medium"] == ("p.from", "（来源：(.+)）")
    assert rules["original_url"] == ("p", r"<>|((?:https?|javascript):\S*)")
    assert rules[None] == ("p", "回到栏目.*｜回到首页")


def test_what_does_not_repeat_is_not_proposed() -> None:
    bodies = [f"Paragraph {n} says something.\n\nAnd [a link](/x{n}) in a sentence." for n in range(30)]
    assert propose([*bodies, "Text.\n\n（来源：某报）", "Text.\n\n<https://a.example/>"]) == []


def test_ordinary_last_paragraphs_are_no_footer() -> None:
    assert propose([f"First {n}.\n\nThe end of story number {n}." for n in range(30)]) == []


def test_inline_elements_with_a_data_attribute_are_proposed_as_mentions() -> None:
    bodies = [f'<p><span data-ship="HX-{n}">Ship</span> sails.</p>' for n in range(10)]
    (proposal,) = propose(bodies)
    assert proposal.rule == MentionRule("ship", "[data-ship]", "data-ship")


def test_the_rules_proposed_for_the_founding_site_read_it_as_its_own_settings_do(shared: Path, tmp_path: Path) -> None:
    def built(name: str, config: Path) -> dict[str, tuple[object, ...]]:
        settings = read_settings(config)
        work = Refresh(settings.model_copy(update={"warehouse": WarehouseSettings(path=tmp_path / name / "x.duckdb")}))
        work.load_tables(work.plan())
        with work.work.opened(read_only=True) as con:
            rows = con.execute(
                "SELECT path, medium, original_url, text FROM articles JOIN article_bodies USING (article_id)"
            )
            return {path: rest for path, *rest in rows.fetchall()}

    found = sample_site(shared / "sites/finews")
    output = tmp_path / "etl.toml"
    write_settings(found, propose(found.bodies), output)
    example = tmp_path / "example.toml"
    text = (Path(__file__).parents[2] / "examples/finews.toml").read_text("utf-8")
    example.write_text(text.replace("../../shared/sites/finews", str(shared / "sites/finews")), "utf-8")
    assert built("proposed", output) == built("example", example)
    assert "data-code" in output.read_text("utf-8")


SITES = [
    "18f", "bitcoinops", "finews", "go-blog", "hexo-site", "hugo-notes", "lctt", "nodejs", "obsidian-hub", "pingcap-cn",
    "plain-til", "plain-weekly", "ruby-lang", "rust-blog", "this-week-in-rust", "yihui",
]  # fmt: skip


@pytest.mark.parametrize("name", SITES)
def test_every_real_site_gets_settings_that_can_be_read(shared: Path, tmp_path: Path, name: str) -> None:
    found = sample_site(shared / "sites" / name)
    output = tmp_path / "etl.toml"
    write_settings(found, propose(found.bodies), output)
    (source,) = read_settings(output).sources
    assert source.dialect == found.dialect and source.location.resolve() == (shared / "sites" / name).resolve()


@pytest.mark.parametrize("kind", [Source, Rule, MentionRule, Limits, WarehouseSettings, ScheduleSettings])
def test_every_setting_is_in_the_docs(kind: type) -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind) if field.init]
    else:
        names = list(kind.model_fields)  # type: ignore[attr-defined]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_a_folder_whose_name_is_no_utf8_is_named_from_within_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Site(tmp_path / os.fsdecode(b"\xd6\xd0"))
    folder.write("2026-01-02-one.md")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ETL_WAREHOUSE", str(tmp_path / "posts.duckdb"))
    refused = CliRunner().invoke(app, ["init", str(folder.posts)])
    assert refused.exit_code == 1 and r"\xd6\xd0/site: the name of the folder is not UTF-8" in refused.output
    assert not Path("etl.toml").exists(), "nothing is left that another call would not overwrite"
    write_settings(sample_site(folder.posts), [], folder.config)
    Refresh(read_settings(folder.config)).plan().close()
