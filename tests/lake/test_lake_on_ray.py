"""A lake whose parts are refreshed by the machines of a Ray cluster."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

sys.path.append(str(Path(__file__).parents[1] / "engines"))

from conftest import Site
from part_twins import Twins
from ray_lane import nodes

from etl_project.engines.ray import RayEngine
from etl_project.scan.fingerprint import code_version


@pytest.mark.prove("ray")
@pytest.mark.timeout(900)
def test_a_lake_refreshed_by_a_cluster_has_the_rows_of_one_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("needs ray, in an environment of its own: `.ci/run ray` makes it, ETL_RAY_PYTHON names another")
    monkeypatch.setattr("etl_project.engines.ray.IN_PROCESS_BYTES", 0)
    files = [
        site.write(f"_posts/2026-01-{n % 28 + 1:02}-p{n}.md", title=f"Post {n}", body=f"Text {n}.") for n in range(40)
    ]
    with nodes(2) as cluster:
        engine = RayEngine(cluster.address, None, code_version)
        twins = Twins(site, parts=4, engine=engine)
        twins.refresh()
        twins.assert_equal()
        assert sum(work.posts for work in engine.nodes.values()) == 40
        site.write(str(files[0].relative_to(site.posts)), title="Changed", age=30)
        files[1].rename(files[1].with_name("2026-02-02-moved.md"))
        files[2].unlink()
        twins.seconds += 10
        loaded = twins.refresh()
        assert loaded and loaded.changes == {"changed": 1, "deleted": 1, "moved": 1}
        twins.assert_equal()
