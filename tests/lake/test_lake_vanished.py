"""A lake whose folder is gone, as a disk that is not mounted: it is told, and nothing takes its place."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("deltalake", reason="needs the extra lake")

from conftest import Site
from part_twins import Twins, run_stages

from etl_project.database.work_file import WorkFile
from etl_project.engines.local import LocalEngine
from etl_project.lake.driver import LakeRefresh
from etl_project.lake.maintain import maintain_warehouse
from etl_project.lake.place import LakeUnavailable
from etl_project.settings import read_settings


def test_a_lake_that_vanished_is_told_and_nothing_takes_its_place(site: Site) -> None:
    site.write("_posts/2026-01-01-a.md", title="One")
    twins = Twins(site, parts=2)
    config = twins.settings.file
    config.write_text(config.read_text("utf-8").replace("parts = 2", 'parts = 2\npublish = "views"'), "utf-8")
    settings = read_settings(config)
    run_stages(LakeRefresh(settings, engine=LocalEngine(1)))
    away = twins.location.with_name("away")
    twins.location.rename(away)
    for command in (["status"], ["sql", "FROM articles"]):
        program = [sys.executable, "-m", "etl_project.cli", *command, "--config", str(config)]
        ran = subprocess.run(program, capture_output=True, text=True, check=False, timeout=120)
        assert ran.returncode and "Mount the disk of the lake, or restore it." in ran.stderr, ran.stderr
    with pytest.raises(LakeUnavailable, match=r"is not there any more\. Mount its disk, or restore it"):
        LakeRefresh(settings, engine=LocalEngine(1))
    with pytest.raises(LakeUnavailable, match=r"is not there any more\. Mount its disk, or restore it"):
        maintain_warehouse(settings, WorkFile(settings.warehouse.path))
    assert not twins.location.exists()
    away.rename(twins.location)
    assert run_stages(LakeRefresh(settings, engine=LocalEngine(1))) is None
