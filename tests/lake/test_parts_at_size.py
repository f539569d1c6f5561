"""A lake of packed and loose posts has the rows of one file, at a size at which every table has many row groups."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("deltalake", reason="needs the extra lake")

sys.path.append(str(Path(__file__).parents[1] / "engines"))

from conftest import Site
from packs import write_pack
from part_twins import Twins

from etl_project.engines.local import LocalEngine
from etl_project.scan.fingerprint import code_version
from etl_project.sources.location import Bucket
from etl_project.sources.objects.store import open_store

if TYPE_CHECKING:
    from moto_server import Moto
    from obstore.store import ObjectStore

pytest_plugins = ["moto_server"]

PACKED, LOOSE = int(os.environ.get("ETL_LAKE_PACKED", "20000")), int(os.environ.get("ETL_LAKE_LOOSE", "2000"))
IS_FULL = PACKED >= 20_000
"""Few posts need as few parts: what a refresh takes grows with the files of its parts as well."""

WORDS = [f"word{n}" for n in range(5_000)]


def post(random_: random.Random, n: int) -> bytes:
    text = f"{' '.join(random_.choices(WORDS, k=120))} [x](p{random_.randrange(n + 1)}.md)"
    day = f"20{random_.randrange(10, 26)}-{random_.randrange(1, 13):02}-{random_.randrange(1, 29):02}"
    return (
        f"---\ntitle: Post {n} {random_.choice(WORDS)}\ndate: {day}\ncategories: c{random_.randrange(30)}\n"
        f"tags: [{random_.choice(WORDS)}, {random_.choice(WORDS).upper()}]\n---\n\n{text}\n"
    ).encode()


@dataclass
class FolderPosts:
    """Loose posts in a folder."""

    site: Site
    packs: str = "packs/*.tar"

    def write(self, path: str, data: bytes) -> None:
        self.site.write(path, data, age=30)

    def put_pack(self, pack: Path) -> None:
        target = self.site.folder / "packs"
        target.mkdir(exist_ok=True)
        shutil.copyfile(pack, target / pack.name)

    def delete(self, path: str) -> None:
        (self.site.posts / path).unlink()

    def move(self, path: str, target: str) -> None:
        (self.site.posts / path).rename(self.site.posts / target)

    def copy(self, path: str, target: str) -> None:
        shutil.copyfile(self.site.posts / path, self.site.posts / target)
        os.utime(self.site.posts / target, (1_700_000_000,) * 2)


@dataclass
class BucketPosts:
    """Loose posts in the bucket `harbour`."""

    store: ObjectStore
    packs: str = "s3://harbour/packs/*.tar"

    def write(self, path: str, data: bytes) -> None:
        self.store.put(f"site/{path}", data)

    def put_pack(self, pack: Path) -> None:
        self.store.put(f"packs/{pack.name}", pack)

    def delete(self, path: str) -> None:
        self.store.delete(f"site/{path}")

    def move(self, path: str, target: str) -> None:
        self.copy(path, target)
        self.delete(path)

    def copy(self, path: str, target: str) -> None:
        self.store.copy(f"site/{path}", f"site/{target}")


def compare(twins: Twins, posts: FolderPosts | BucketPosts, folder: Path) -> None:
    """Build both, change loose and packed posts, and build the lake anew: every table is compared each time."""
    random_ = random.Random(18)
    each = -(-PACKED // 4)

    def put_pack(number: int, count: int) -> None:
        pack = folder / f"{number}.tar"
        write_pack(pack, {f"{number}/p{n}.md": post(random_, n) for n in range(count)})
        posts.put_pack(pack)

    for pack in range(4):
        put_pack(pack, each)
    for n in range(LOOSE):
        posts.write(f"p{n}.md", post(random_, n))
    twins.refresh()
    twins.assert_equal()
    twins.seconds += 10
    edited = random_.sample(range(LOOSE), LOOSE // 20)
    for number, n in enumerate(edited):
        if number % 4 == 0:
            posts.write(f"p{n}.md", post(random_, n))
        elif number % 4 == 1:
            posts.delete(f"p{n}.md")
        elif number % 4 == 2:
            posts.move(f"p{n}.md", f"moved{n}.md")
        else:
            posts.copy(f"p{n}.md", f"copy{n}.md")
    put_pack(3, each - 5)
    loaded = twins.refresh()
    moved, copied = len(edited[2::4]), len(edited[3::4])
    assert loaded and moved and copied, "there are too few posts for every kind of change"
    assert (loaded.changes["moved"], loaded.changes["added"]) == (moved, copied)
    twins.assert_equal()
    twins.seconds += 10
    twins.refresh(full=True)
    twins.assert_equal()


def configure(site: Site, packs: str) -> None:
    site.configure('dialect = "plain"\n', f'[[source]]\nname = "packs"\nlocation = "{packs}"\ndialect = "plain"\n')


@pytest.mark.prove("lake")
@pytest.mark.timeout(7200)
def test_packed_and_loose_posts_have_the_rows_of_one_file(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    posts = FolderPosts(site)
    configure(site, posts.packs)
    compare(Twins(site, parts=16 if IS_FULL else 4, engine=LocalEngine(2)), posts, tmp_path_factory.mktemp("packs"))


@pytest.mark.prove("ray")
@pytest.mark.timeout(7200)
def test_a_cluster_and_a_bucket_give_the_rows_of_one_file(
    site: Site, moto: Moto, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Posts, packs and the lake in a bucket, and every part read and merged by a cluster of two nodes."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("needs ray, in an environment of its own: `.ci/run ray` makes it, ETL_RAY_PYTHON names another")
    from ray_lane import nodes

    from etl_project.engines.ray import RayEngine

    monkeypatch.setattr("etl_project.engines.ray.IN_PROCESS_BYTES", 0)
    posts = BucketPosts(open_store(Bucket("s3://harbour")))
    configure(site, posts.packs)
    text = site.config.read_text("utf-8")
    site.config.write_text(text.replace('location = "site"', 'location = "s3://harbour/site"'), "utf-8")
    assert "s3://harbour/site" in site.config.read_text("utf-8")
    with nodes(2) as cluster:
        engine = RayEngine(cluster.address, None, code_version)
        twins = Twins(site, parts=4 if IS_FULL else 2, engine=engine, bucket="s3://harbour/lake")
        compare(twins, posts, tmp_path_factory.mktemp("packs"))
        assert len(engine.nodes) == 2, "both nodes read"
