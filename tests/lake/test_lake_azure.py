"""A lake in a container of Azure: the same protocol and the same rows as in a bucket of S3."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

from conftest import Site
from drivers import seen, start_driver
from lakes import PARTS, fill_and_read

from etl_project.lake.maintain import maintain_lake
from etl_project.lake.place import LakeUnavailable
from etl_project.lake.store import Lake

if TYPE_CHECKING:
    from azurite_server import Azurite

pytest_plugins = ["azurite_server"]


@pytest.mark.prove("lake")
@pytest.mark.timeout(900)
def test_a_lake_in_a_container_gives_the_rows_of_a_file_and_shows_no_secret(
    tmp_path: Path, azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azurite_server import KEY

    site = Site(tmp_path)
    site.configure()
    for n in range(1, 4):
        site.write(f"_posts/2026-01-0{n}-{n}.md", title=f"It's {n}", date=f"2026-01-0{n} 09:00:00 +0800")
    site.refresh()
    lake = Lake.open("az://harbour/some/lake", parts=PARTS)
    for file in fill_and_read(lake, site, tmp_path)[2]:
        assert KEY.encode() not in file.read_bytes()
    assert not any(KEY.encode() in (lake.place.get(object.path) or b"") for object in lake.place.list(""))
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "bm90IHRoZSBrZXk=")
    with pytest.raises(LakeUnavailable, match=r"the bucket 'harbour' are not taken\. Correct AZURE_STORAGE_ACCOUNT"):
        Lake.open("az://harbour/some/lake", parts=PARTS).pins()


@pytest.mark.prove("lake")
@pytest.mark.timeout(900)
def test_drivers_of_a_container_publish_each_number_once_and_its_dead_are_undone(azurite: Azurite) -> None:
    lake = Lake.open("az://harbour/contested", parts=PARTS)
    drivers = [start_driver(lake, name, 2, 4) for name in ("one", "other")]
    told = sorted(number for driver in drivers for number in driver.published())
    assert told == [pins.n for pins in lake.publications()] == list(range(1, len(told) + 1)) and len(told) >= 4
    for pins in lake.publications():
        assert seen(lake, pins) == {str(pins.n)}
    # A lease that expires soon: the next driver waits for that, and nobody else is there.
    assert start_driver(lake, "dies", 0.2, 1, dies_after=2).published() == []
    assert start_driver(lake, "heals", 2, 1).published() == [told[-1] + 1]
    done = maintain_lake(lake, "maintains", 2)
    assert done.removed and done.forgotten
    assert seen(lake, lake.pins()) == {str(told[-1] + 1)}
