"""However posts are read, the rows of every derived table are the same."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from benchmarks.bench import forget
from benchmarks.corpus.site import Site, Variant, generate
from benchmarks.stages import derived_digest, refresh
from etl_project.extract import fields
from etl_project.extract.body.flat_body import FlatBodies
from etl_project.extract.dates import read_date
from etl_project.extract.front_matter import yaml_header as front_matter
from etl_project.extract.front_matter.flat_header import FlatHeaders


def check_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: Variant, posts: int, posts_of_a_batch: int
) -> None:
    """Build a site three times: in this process, in two that share its batches, and without the fast paths."""
    site = Site(tmp_path, posts, variant)
    generate(site, processes=1)

    def rows_of_a_build(processes: int) -> str:
        forget(site)
        refresh(site.settings, processes)
        return derived_digest(site.warehouse)

    expected = rows_of_a_build(1)
    with monkeypatch.context() as many:
        many.setattr("etl_project.engines.local.IN_PROCESS_BYTES", 0)
        many.setattr("etl_project.engines.batch.BATCH_FILES", posts_of_a_batch)
        assert rows_of_a_build(2) == expected
    asked: list[str] = []
    monkeypatch.setattr(front_matter, "read_flat", lambda header, limits: asked.append(header))
    monkeypatch.setattr(FlatHeaders, "read", lambda self, posts: [None] * len(posts))
    monkeypatch.setattr(FlatBodies, "read", lambda self, markdown, html: None)
    monkeypatch.setattr(fields, "read_date", functools.partial(read_date, fast_path=False))
    assert rows_of_a_build(1) == expected
    assert asked, "the fast path was asked, and gave no answer"


@pytest.mark.parametrize("variant", ["entropy", "mixed"])
def test_rows_are_the_same_with_one_process_with_two_and_without_the_fast_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: Variant
) -> None:
    check_rows(tmp_path, monkeypatch, variant, 100, 17)


@pytest.mark.prove("laws")
@pytest.mark.parametrize("variant", ["entropy", "mixed"])
def test_rows_of_many_posts_are_the_same_with_one_process_with_two_and_without_the_fast_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: Variant
) -> None:
    check_rows(tmp_path, monkeypatch, variant, 2_000, 37)
