"""The site of the tests of the page, built once, and its page."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Site
from report_sites import hostile_site

from etl_project.report import write_report


@pytest.fixture(scope="session")
def published_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site below, for tests that change nothing."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        return hostile_site(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def page_file(published_site: Site) -> Path:
    """Its page in English, as readers get it."""
    return write_report(published_site.published, published_site.folder / "pages/report.html").path
