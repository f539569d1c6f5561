"""What stands where the warehouse keeps its files is not always what a refresh left there."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import Site

from etl_project.alerts.alerts import Alerts
from etl_project.database.work_file import WorkFile
from etl_project.show.error_sentence import describe_error
from etl_project.show.query import NoWarehouse, open_published
from etl_project.show.status import read_status


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("built"))
    site.configure()
    site.write("_posts/2026-01-01-a.md")
    site.write("_posts/2026-01-02-empty.md", b"")
    site.refresh()
    return site


ODD_JSON = ("", "[", "null", "[]", '"x"', "{}", '{"generation": "x", "planned_at": 5, "outages": 3, "no_op": []}',
            '{"told": 3, "faults": [], "failures": {"count": "x"}, "at_work": 7, "rejected": {}}', "\ud800", "1e999",
            '{"few_files_are_rejected": [1]}')  # fmt: skip
"""What may be in a record beside the work file: cut off, edited, or of another program."""


def refresh_beside(built: Site, texts: Sequence[str]) -> None:
    """Refresh where each of these texts is in every record beside the work file."""
    work = WorkFile(built.published)
    warned: list[str] = []
    for number, text in enumerate(texts):
        for record in (work.last_plan.path, work.publication.path, work.alerts, work.warnings):
            record.write_bytes(text.encode("utf-8", "surrogatepass"))
        built.write("_posts/2026-01-03-a.md", title=f"Written for {number}")
        assert built.refresh(), text
        alerts = Alerts(built.settings.alerts, work, warned.append)
        alerts.report_success(1, ["site"], {})
        alerts.report_rejected(1, 1, {}, [])
        status = read_status(built.settings)
        assert status.failures is None and not status.outages and [r.new for r in status.warned] == [1], text
        assert isinstance(json.loads(work.last_plan.path.read_text("utf-8")), dict)
    assert warned == []


def test_a_record_of_some_content_keeps_nobody_from_a_refresh(built: Site) -> None:
    refresh_beside(built, (ODD_JSON[0], ODD_JSON[3], *ODD_JSON[6:9]))


@pytest.mark.prove("faults")
def test_a_record_of_any_content_keeps_nobody_from_a_refresh(built: Site) -> None:
    refresh_beside(built, ODD_JSON)


def _folder(path: Path) -> None:
    path.mkdir()


def _file(path: Path) -> None:
    path.write_text("", "utf-8")


def _link(path: Path) -> None:
    path.symlink_to("nowhere/at/all")


@pytest.mark.parametrize(
    ("place", "stands", "word"),
    [
        (".work", _file, "A file has the name that a folder should have"),
        (".work", _link, "A file has the name that a folder should have"),
        (".work/posts.lock", _folder, "A folder has the name that a file should have"),
    ],
)
def test_what_stands_in_the_way_is_named_with_what_to_do(
    site: Site, place: str, stands: Callable[[Path], None], word: str
) -> None:
    site.write("_posts/2026-01-01-a.md")
    path = site.published.parent / place
    path.parent.mkdir(parents=True, exist_ok=True)
    stands(path)
    with pytest.raises(OSError) as caught:
        WorkFile(site.published).lock.acquire("a test")
    said = describe_error(caught.value)
    assert str(path) in said.text and word in said.text and said.exit_code == 1


def test_a_work_folder_that_is_a_link_is_followed(site: Site) -> None:
    elsewhere = site.folder / "elsewhere"
    elsewhere.mkdir()
    site.published.parent.mkdir(parents=True)
    (site.published.parent / ".work").symlink_to(elsewhere)
    site.write("_posts/2026-01-01-a.md")
    assert site.refresh()
    assert (elsewhere / "posts.duckdb").exists() and (site.published.parent / ".work").is_symlink()


def test_a_published_file_that_may_not_be_read_asks_for_the_right_and_for_no_refresh(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(NoWarehouse) as caught:
        open_published(built.published)
    assert str(caught.value) == (
        f"{built.published} cannot be read: Permission denied. Give the user that runs etl the right to read it."
    )
