"""A lake of packed and loose posts has the rows of one file, at a size at which every table has many row groups."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

pytest.importorskip("deltalake", reason="needs the extra lake")

sys.path.append(str(Path(__file__).parents[1] / "sources"))

from conftest import Site
from packs import write_pack
from part_twins import Twins

from etl_project.engines.local import LocalEngine

PACKED, LOOSE = int(os.environ.get("ETL_LAKE_PACKED", "20000")), int(os.environ.get("ETL_LAKE_LOOSE", "2000"))
WORDS = [f"word{n}" for n in range(5_000)]


def post(random_: random.Random, n: int) -> bytes:
    text = f"{' '.join(random_.choices(WORDS, k=120))} [x](p{random_.randrange(n + 1)}.md)"
    day = f"20{random_.randrange(10, 26)}-{random_.randrange(1, 13):02}-{random_.randrange(1, 29):02}"
    return (
        f"---\ntitle: Post {n} {random_.choice(WORDS)}\ndate: {day}\ncategories: c{random_.randrange(30)}\n"
        f"tags: [{random_.choice(WORDS)}, {random_.choice(WORDS).upper()}]\n---\n\n{text}\n"
    ).encode()


@pytest.mark.prove("lake")
@pytest.mark.timeout(7200)
def test_packed_and_loose_posts_have_the_rows_of_one_file(site: Site) -> None:
    random_ = random.Random(18)
    packs = site.folder / "packs"
    packs.mkdir()
    each = -(-PACKED // 4)
    for pack in range(4):
        write_pack(packs / f"{pack}.tar", {f"{pack}/p{n}.md": post(random_, n) for n in range(each)})
    site.configure('dialect = "plain"\n', '[[source]]\nname = "packs"\nlocation = "packs/*.tar"\ndialect = "plain"\n')
    for n in range(LOOSE):
        site.write(f"p{n}.md", post(random_, n))
    twins = Twins(site, parts=16, engine=LocalEngine(2))
    twins.refresh()
    twins.assert_equal()
    twins.seconds += 10
    edited = random_.sample(range(LOOSE), LOOSE // 20)
    for number, n in enumerate(edited):
        file = site.posts / f"p{n}.md"
        if number % 3 == 0:
            site.write(f"p{n}.md", post(random_, n), age=30)
        elif number % 3 == 1:
            file.unlink()
        else:
            file.rename(site.posts / f"moved{n}.md")
    write_pack(packs / "3.tar", {f"3/p{n}.md": post(random_, n) for n in range(each - 5)})
    loaded = twins.refresh()
    assert loaded and loaded.changes["moved"] == len(edited[2::3])
    twins.assert_equal()
    twins.seconds += 10
    twins.refresh(full=True)
    twins.assert_equal()
