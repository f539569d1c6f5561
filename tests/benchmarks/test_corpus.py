"""The generator of the benchmarks: the same bytes everywhere, of the shape that makes a measurement honest."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import pytest
from conftest import pinned

from benchmarks.corpus import finews
from benchmarks.corpus.site import Site, Update, Variant, generate, render, update
from etl_project.extract.posts import PostReader
from etl_project.reasons import Rejection
from etl_project.settings import read_settings

DIGESTS: dict[Variant, str] = {
    "entropy": "2ef7cf80ae1a2b55860ce2b9",
    "repetitive": "add7bb08ad3db0dcf97ae4e0",
    "clean": "614829679a8b20b0446bf260",
    "mixed": "35fd19648e15ea2824af2b07",
}
"""Of the first 200 posts of seed 1; a figure measured on other bytes is another figure."""


def digest(folder: Path) -> str:
    found = hashlib.blake2b(digest_size=12)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def bytes_of(site: Site, every: int = 1) -> list[bytes]:
    return [render(site, index)[1] for index in range(0, site.posts, every)]


@pytest.mark.parametrize("variant", DIGESTS)
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, variant: Variant) -> None:
    generate(Site(tmp_path, 200, variant), processes=1)
    assert digest(tmp_path) == DIGESTS[variant]


def test_many_processes_write_what_one_writes_and_another_seed_other_bytes(tmp_path: Path) -> None:
    generate(Site(tmp_path / "one", 200), processes=1)
    generate(Site(tmp_path / "two", 200), processes=2)
    generate(Site(tmp_path / "other", 200, seed=2), processes=1)
    assert digest(tmp_path / "one") == digest(tmp_path / "two") != digest(tmp_path / "other")


def test_posts_are_of_the_size_of_real_ones() -> None:
    for variant in ("entropy", "clean", "repetitive"):
        sizes = [len(content) for content in bytes_of(Site(Path(), 100_000, variant), every=50)]
        assert 2_000 < sum(sizes) / len(sizes) < 2_500, variant
        assert sorted(sizes)[len(sizes) // 2] < 800 < 6_000 < sorted(sizes)[len(sizes) * 95 // 100], variant


def test_drawn_text_packs_like_real_text_and_the_repetitive_variant_does_not() -> None:
    def packed(variant: Variant) -> float:
        joined = b"".join(bytes_of(Site(Path(), 100_000, variant), every=1_500))
        return len(zlib.compress(joined, 6)) / len(joined)

    # 103 real posts pack to 0.29 of their bytes.
    assert 0.28 < packed("entropy") < 0.38
    assert packed("repetitive") < 0.15


def test_every_era_of_the_template_is_there() -> None:
    posts = 9 * 40
    eras = [finews.era_of(finews.published_at(index, posts)) for index in range(posts)]
    assert [eras.count(era) for era in finews.ERAS] == [40] * 9


def test_two_in_a_hundred_are_awkward_and_few_cannot_be_loaded(tmp_path: Path) -> None:
    site = Site(tmp_path, 4_000)
    generate(Site(tmp_path, 1))
    settings = read_settings(site.settings)
    reader = PostReader(pinned(settings.sources[0]), settings.limits)
    clean = Site(tmp_path, 4_000, "clean")
    awkward = rejected = 0
    for index in range(site.posts):
        path, content = render(site, index)
        if content == render(clean, index)[1]:
            continue
        awkward += 1
        try:
            reader.read(path.removeprefix("finews/"), content)
        except Rejection as rejection:
            assert rejection.reason in ("binary", "unterminated_front_matter")
            rejected += 1
    assert 60 < awkward < 100
    assert 1 <= rejected <= 10


def test_an_update_overwrites_moves_adds_and_deletes_as_many_as_it_says(tmp_path: Path) -> None:
    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (tmp_path / "finews").rglob("*.md")}

    def folders() -> dict[str, str]:
        return {path.name: path.parent.name for path in (tmp_path / "finews").rglob("*.md")}

    site = Site(tmp_path, 120)
    generate(site, processes=1)
    before, lay = files(), folders()
    update(site, Update(1, overwritten=6, moved=5, added=4, deleted=3))
    after, lie = files(), folders()
    assert len(after.keys() - before.keys()) == 4
    assert len(before.keys() - after.keys()) == 3
    assert sum(before[name] != after[name] for name in before.keys() & after.keys()) == 6
    assert sum(lay[name] != lie[name] for name in before.keys() & after.keys()) == 5


def test_an_update_of_more_posts_than_there_are_is_refused(tmp_path: Path) -> None:
    generate(Site(tmp_path, 10), processes=1)
    with pytest.raises(ValueError, match="only 10 posts"):
        update(Site(tmp_path, 10), Update(1, deleted=11))
