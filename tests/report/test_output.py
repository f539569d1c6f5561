"""Where the page is written: over an older page, through a link, into a device; never over something else."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from conftest import Site

from etl_project.report import write_report
from etl_project.report.write import CannotWritePage, NoPage

pytest_plugins = ["report_fixtures"]


def test_the_page_takes_the_place_of_pages_only(published_site: Site, tmp_path: Path) -> None:
    for name, text in {"etl.toml": "[warehouse]\n", "post.md": "---\ntitle: a\n---\n", "page.html": "<p>x"}.items():
        file = tmp_path / name
        file.write_text(text, "utf-8")
        with pytest.raises(NoPage, match="is there and is no page"):
            write_report(published_site.published, file)
        assert file.read_text("utf-8") == text
    page = tmp_path / "report.html"
    page.write_text("", "utf-8")
    link = tmp_path / "link.html"
    link.symlink_to("report.html")
    for output in (page, page, link):
        write_report(published_site.published, output)
        assert link.is_symlink() and page.read_bytes().startswith(b"<!doctype html>")


def test_the_page_goes_into_a_pipe_or_device_and_does_not_replace_it(published_site: Site, tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_report(published_site.published, pipe)
    reader.join(30)
    assert pipe.is_fifo() and got[0].startswith(b"<!doctype html>")
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    with pytest.raises(CannotWritePage, match="No space left on device"):
        write_report(published_site.published, full)
    assert full.is_symlink() and Path("/dev/full").is_char_device()
