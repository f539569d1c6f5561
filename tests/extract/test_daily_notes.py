"""Days in the names of daily notes, by `.obsidian/daily-notes.json`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import pinned

from etl_project.extract.fields import FieldReader, Fields
from etl_project.extract.front_matter.read import Value
from etl_project.extract.site.daily_notes import DailyNotes
from etl_project.extract.site.site_config import SiteConfig
from etl_project.limits import Limits
from etl_project.sources.source import Source


@pytest.mark.parametrize(
    ("written", "path", "day"),
    [
        ("DD-MM-YYYY", "05-03-2024", "2024-03-05"),
        ("D.M.YYYY", "5.3.2024", "2024-03-05"),
        ("YYMMDD", "240305", "2024-03-05"),
        ("MMMM Do, YYYY", "March 5th, 2024", "2024-03-05"),
        ("MMM D YYYY", "Mar 5 2024", "2024-03-05"),
        ("dddd, DD MMMM YYYY", "Dienstag, 05 March 2024", "2024-03-05"),
        ("YYYY/MM-MMMM/DD-MM-YYYY", "2024/03-March/05-03-2024", "2024-03-05"),
        ("YYYY/MM/DD", "2024/03/05", "2024-03-05"),
        ("[Tag] DD-MM-YYYY", "Tag 05-03-2024", "2024-03-05"),
        ("DD-MM-YYYY", "05-03-2024 walk", None),
        ("DD-MM-YYYY", "sub/05-03-2024", None),
        ("gggg-[W]ww", "2024-W10", None),
        ("YYYY-DDDD", "2024-065", None),
        ("dddd" * 20 + "DD-MM-YYYY", "a", None),
        ("YYYY-MM-DD", "2024-03-05", None),
        ("", "2024-03-05", None),
    ],
)
def test_formats_of_daily_notes(written: str, path: str, day: str | None) -> None:
    assert DailyNotes(SiteConfig({"format": written}, found=True)).read(path) == day
    notes = DailyNotes(SiteConfig({"format": written, "folder": "/Log/"}, found=True))
    assert (notes.read(f"Log/{path}"), notes.read(path)) == (day, None)


def read(root: Path, path: str, front_matter: dict[str, Value]) -> Fields:
    source = pinned(Source(name="s", location=root, dialect="obsidian"))
    return FieldReader(source, Limits()).read(path, front_matter, first_heading=None)


def test_a_vault_says_how_it_names_its_daily_notes(tmp_path: Path) -> None:
    (tmp_path / ".obsidian").mkdir()
    settings = {"format": "DD-MM-YYYY", "folder": "Log", "template": "x"}
    (tmp_path / ".obsidian/daily-notes.json").write_text(json.dumps(settings))
    note = read(tmp_path, "Log/05-03-2024.md", {})
    assert note.published is not None and note.published.instant == 1_709_596_800_000_000
    assert (note.published.precision, note.published_from) == ("day", "file_name")
    assert (note.title, note.slug) == ("05-03-2024", "05-03-2024")
    stated = read(tmp_path, "Log/05-03-2024.md", {"created": "2024-03-06"})
    assert stated.published is not None and stated.published_from == "front_matter"
    assert read(tmp_path, "Log/31-02-2024.md", {}).published is None
    assert read(tmp_path, "05-03-2024.md", {}).published is None
    other = read(tmp_path, "2024-03-05 walk.md", {})
    assert other.published is not None and other.slug == "walk"
