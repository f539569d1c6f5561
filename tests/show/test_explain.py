"""What `etl explain` takes a file for that no setting names."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl_project.dialects import detect_dialect
from etl_project.show import explain
from etl_project.show.explain import find_source
from etl_project.sources.source import Source


@pytest.mark.parametrize(
    ("mark", "post", "dialect"),
    [
        ("_config.yml", "_posts/2024-01-02-a.md", "jekyll"),
        (".obsidian/app.json", "notes/a.md", "obsidian"),
        ("other.txt", "a.md", "plain"),
    ],
)
def test_the_dialect_of_a_file_is_that_of_the_folders_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str, post: str, dialect: str
) -> None:
    # The folders above that of the test hold whatever the machine has, and may be large.
    monkeypatch.setattr(
        explain, "detect_dialect", lambda folder: detect_dialect(folder) if folder.is_relative_to(tmp_path) else "plain"
    )
    for name in (mark, post):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", "utf-8")
    source, path = find_source(tmp_path / post, None)
    assert (source.dialect, source.branch) == (dialect, None)
    assert post.endswith(path)


@pytest.mark.parametrize(
    ("post", "dialect"), [("news/_posts/2024-01-02-a.md", "jekyll"), ("source/_posts/2024-01-02-a.md", "hexo")]
)
def test_a_part_of_a_site_is_not_taken_for_the_site(tmp_path: Path, post: str, dialect: str) -> None:
    (tmp_path / "_config.yml").write_text("", "utf-8")
    (tmp_path / post).parent.mkdir(parents=True)
    (tmp_path / post).write_text("", "utf-8")
    source, path = find_source(tmp_path / post, None)
    assert (source.dialect, source.location, path) == (dialect, tmp_path, post)


def test_all_but_name_and_location_of_a_source_are_given_by_name() -> None:
    with pytest.raises(TypeError):
        Source("site", Path("/site"), "jekyll")  # type: ignore[misc]
