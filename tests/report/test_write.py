"""The page is one file that asks for nothing, runs no script but its own, and is written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import Site
from typer.testing import CliRunner, Result

from etl_project.cli import app
from etl_project.report import libraries, write_report
from etl_project.report.write import CannotWritePage
from etl_project.show.query import NoWarehouse, OutputInUse

pytest_plugins = ["report_fixtures"]


def etl(site: Site, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(site.config)])


def said(result: Result) -> str:
    return " ".join(result.output.split())


class Elements(HTMLParser):
    """Elements of a page as a browser finds them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: list[tuple[str, str]] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag in ("script", "style"):
            self._open = "data" if ("type", "application/json") in attrs else tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.append((self._open, data))

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


@pytest.fixture(scope="module")
def page(page_file: Path) -> Elements:
    return Elements(page_file.read_text("utf-8"))


def test_the_policy_names_the_scripts_and_the_style_and_allows_nothing_else(page: Elements) -> None:
    [policy] = [value for _, name, value in page.attributes if name == "content" and value and "default-src" in value]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    hashes = {
        kind: [
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for found, text in page.texts
            if found == kind
        ]
        for kind in ("script", "style")
    }
    assert len(hashes["script"]) == 2 and len(hashes["style"]) == 1
    assert rules == {
        "default-src": "'none'",
        "script-src": " ".join(hashes["script"]),
        "style-src": hashes["style"][0],
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_page_loads_nothing_and_has_no_handler_or_style_in_its_elements(page: Elements) -> None:
    names = {name for _, name, _ in page.attributes}
    assert names & {"src", "srcset", "style", "action"} == {name for name in names if name.startswith("on")} == set()
    assert [value for _, name, value in page.attributes if name == "href"] == ["data:,"]
    styles = "".join(text for kind, text in page.texts if kind == "style")
    assert "url(" not in styles and "@import" not in styles


def test_its_data_is_one_object_and_no_post_added_an_element(page: Elements) -> None:
    assert [kind for kind, _ in page.texts] == ["style", "data", "script", "script"]
    assert json.loads(page.texts[1][1])["refresh"] == 1


def test_the_same_file_gives_the_same_page_and_another_takes_its_place(published_site: Site, page_file: Path) -> None:
    before = page_file.read_bytes()
    written = write_report(published_site.published, page_file)
    assert page_file.read_bytes() == before and written.size == len(before) < 1_000_000
    assert [file.name for file in page_file.parent.iterdir()] == ["report.html"]


def test_the_libraries_are_made_once_and_kept_beside_the_work_file(
    published_site: Site, page_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = published_site.published.parent / ".work/report.libraries.json"
    script, charts = libraries.read_libraries(kept)
    assert len(script) > 500_000 and len(charts) == 5 and page_file.exists()
    monkeypatch.setattr(libraries, "_make", lambda: ("made anew", {}))
    assert libraries.read_libraries(kept) == (script, charts)
    monkeypatch.setattr(libraries, "version", lambda package: f"{package} of tomorrow")
    elsewhere = published_site.folder / "of_another_version.json"
    elsewhere.write_bytes(kept.read_bytes())
    assert libraries.read_libraries(elsewhere) == ("made anew", {})
    assert json.loads(elsewhere.read_text("utf-8"))["script"] == "made anew"


def test_libraries_that_cannot_be_kept_are_made_nevertheless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(libraries, "_make", lambda: ("made anew", {}))
    assert libraries.read_libraries(tmp_path / "file/kept.json") == ("made anew", {})


def test_a_page_is_not_written_over_the_warehouse(published_site: Site) -> None:
    before = published_site.published.read_bytes()
    for output in (published_site.published, published_site.published.parent / ".work/report.html"):
        with pytest.raises(OutputInUse, match="belongs to the warehouse; write to another file"):
            write_report(published_site.published, output)
    assert published_site.published.read_bytes() == before


def test_a_page_that_cannot_be_written_says_so_and_leaves_nothing(published_site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CannotWritePage, match=r"report\.html cannot be written: .+ then run: etl report"):
        write_report(published_site.published, tmp_path / "file/report.html")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_without_a_warehouse_the_page_says_what_to_run(site: Site) -> None:
    with pytest.raises(NoWarehouse, match=r"has not been built yet\. Run: etl refresh"):
        write_report(site.published, site.folder / "report.html")


def test_the_command_writes_beside_the_warehouse_or_where_it_is_told(published_site: Site, tmp_path: Path) -> None:
    beside = published_site.published.with_name("report.html")
    told = said(etl(published_site, "report"))
    assert re.search(r"report\.html shows refresh 1 \(\d+\.\d kB, \d\.\d s\)\. Open it in a browser\.$", told)
    assert '<html lang="en">' in beside.read_text("utf-8")[:60]
    beside.unlink()
    output = tmp_path / "new/文章.html"
    assert etl(published_site, "report", "--output", str(output), "--lang", "zh", "--internal").exit_code == 0
    text = output.read_text("utf-8")
    assert '<html lang="zh-CN">' in text[:60] and "Secret draft" in text
    assert not beside.exists()


def test_wrong_options_of_the_command_are_named(published_site: Site, tmp_path: Path) -> None:
    folder = etl(published_site, "report", "--output", str(tmp_path))
    assert folder.exit_code == 2 and "is a folder; name a file, such as" in said(folder)
    language = etl(published_site, "report", "--lang", "de")
    assert language.exit_code == 2 and "There is no language 'de'; write --lang en or --lang zh." in said(language)


def test_settings_name_the_page_its_language_and_whether_it_is_internal(published_site: Site) -> None:
    before = published_site.config.read_text("utf-8")
    page = published_site.folder / "public/page.html"
    try:
        published_site.config.write_text(f'{before}\n[report]\npath = "public/page.html"\nlang = "zh"\n', "utf-8")
        assert published_site.settings.report.path == page
        assert etl(published_site, "report").exit_code == 0
    finally:
        published_site.config.write_text(before, "utf-8")
    assert "Secret" not in page.read_text("utf-8") and '<html lang="zh-CN">' in page.read_text("utf-8")[:60]
