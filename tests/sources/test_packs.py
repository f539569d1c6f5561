"""Sources in packs: tar and zip files that hold many posts each."""

from __future__ import annotations

import io
import os
import pickle
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import POST, Site
from packs import write_pack

from etl_project.reasons import Rejection
from etl_project.settings import SettingsError
from etl_project.sources.access import pin, sweep_mirrors
from etl_project.sources.location import Packs, mirrors_of
from etl_project.sources.packs import members, pack
from etl_project.sources.packs.pack import PinnedPacks, pin_packs
from etl_project.sources.signature import ReadFile, Signature, SourceUnavailable
from etl_project.sources.source import Source

ENDINGS = [".tar", ".tar.zst", ".tar.gz", ".zip", ".parquet"]


@dataclass
class PackedSite(Site):
    """Posts in packs beside the settings."""

    location: str = "posts.tar.zst"
    keys: str = 'dialect = "jekyll"\ntime_zone = "Asia/Shanghai"\n'

    def configure(self, source: str | None = None, extra: str | None = None) -> None:
        self.config.write_text(
            f'[warehouse]\npath = "{self.warehouse}"\n\n[[source]]\nname = "site"\nlocation = "{self.location}"\n'
            f"{self.keys}{source or ''}\n{extra or ''}",
            "utf-8",
        )


def post(title: str) -> bytes:
    return POST.format(title=title, date="2026-01-02", categories="news", tags="one", body="Words.").encode()


def packed_site(folder: Path, location: str) -> PackedSite:
    site = PackedSite(folder, location=location)
    site.configure()
    return site


def titles(site: Site) -> list[str]:
    return site.column_of_work("SELECT title FROM articles ORDER BY title")


def packs(path: Path) -> Packs:
    return Packs(str(path), path.parent / "spool")


def listed(pinned: PinnedPacks) -> pl.DataFrame:
    return pinned.list_posts(Source("site", pinned.packs), None, None).posts


def refusal(path: Path) -> str:
    """Why a pack cannot be listed."""
    with pytest.raises(SourceUnavailable) as raised:
        listed(pin_packs(packs(path)))
    return str(raised.value)


@pytest.mark.parametrize("ending", ENDINGS)
def test_members_are_listed_and_read_whatever_the_pack_is(tmp_path: Path, ending: str) -> None:
    write_pack(tmp_path / f"posts{ending}", {"./_posts/海.md": b"one", "a b#?.md": b"", "_posts/x.txt": b"no post"})
    pinned = pin_packs(packs(tmp_path / f"posts{ending}"))
    rows = listed(pinned).sort("path").select("path", "size").rows()
    assert rows == [("_posts/海.md", 3), ("a b#?.md", 0)]
    for path, size in rows:
        assert pinned.read_post(path, Signature(size, 0, 0, 0), 10).data == (b"one" if size else b"")
    assert pickle.loads(pickle.dumps(pinned)).read_first(["none", "a b#?.md"]) == ("a b#?.md", b"")


@pytest.mark.parametrize("ending", [".tar.zst", ".zip"])
def test_only_changed_members_are_read_again(tmp_path: Path, ending: str) -> None:
    site = packed_site(tmp_path, f"posts{ending}")
    file = tmp_path / f"posts{ending}"
    files = {f"./_posts/2026-01-02-{n}.md": post(f"Post {n}") for n in range(4)}
    write_pack(file, files | {"_config.yml": b"permalink: /:title/\n"})
    loaded = site.load()
    assert loaded and loaded.files_read == 4
    assert site.column_of_work("SELECT url FROM articles ORDER BY url")[0] == "/0/"
    files["./_posts/2026-01-02-1.md"] = post("Changed")
    del files["./_posts/2026-01-02-3.md"]
    files["./_posts/2026-01-02-0.md"], moved = b"", files["./_posts/2026-01-02-0.md"]
    del files["./_posts/2026-01-02-0.md"]
    write_pack(file, {"_config.yml": b"permalink: /:title/\n", "./_posts/2026-01-02-z.md": moved} | files)
    loaded = site.load(allow_deletes=True)
    assert loaded and loaded.files_read == 2
    assert loaded.changes["moved"] == loaded.changes["changed"] == loaded.changes["deleted"] == 1
    assert titles(site) == ["Changed", "Post 0", "Post 2"]


def test_a_pack_that_did_not_change_is_nothing_to_do(tmp_path: Path) -> None:
    site = packed_site(tmp_path, "posts.zip")
    write_pack(tmp_path / "posts.zip", {"_posts/2026-01-02-a.md": post("A"), "_config.yml": b"title: T\n"})
    site.refresh()
    pinned = pin_packs(site.settings.sources[0].location)  # type: ignore[arg-type]
    known = site.query("SELECT tree_id FROM internal.source_states")
    assert known == [(pinned.version.tree_id,)]
    assert site.refresh() is None


def test_the_index_of_packs_is_kept_while_they_are_as_they_were(tmp_path: Path) -> None:
    write_pack(tmp_path / "posts.tar", {"_posts/\udcff.md": b"one"})
    pinned = pin_packs(packs(tmp_path / "posts.tar"))
    assert listed(pinned)["path"].to_list() == ["_posts/\\xff.md"]
    pack._members.cache_clear()
    kept = next((tmp_path / "spool").glob("*.json"))
    kept.write_text(kept.read_text().replace("_posts", "_drafts"))
    assert [*pinned.files_below("_drafts")] == ["_drafts/\udcff.md"], "it is what is asked"
    pack._members.cache_clear()
    kept.write_text("{")
    assert [*pinned.files_below("_posts")] == ["_posts/\udcff.md"], "a broken one is made anew"


def test_of_several_packs_the_last_by_name_has_a_path(tmp_path: Path) -> None:
    site = packed_site(tmp_path, "dumps/*.tar.gz")
    (tmp_path / "dumps").mkdir()
    for day, names in (("01", "ab"), ("02", "bc")):
        write_pack(
            tmp_path / "dumps" / f"2026-01-{day}.tar.gz",
            {f"_posts/2026-01-02-{name}.md": post(f"{name} of {day}") for name in names},
        )
    site.load()
    assert titles(site) == ["a of 01", "b of 02", "c of 02"]
    (tmp_path / "dumps/2026-01-02.tar.gz").unlink()
    site.load(allow_deletes=True)
    assert titles(site) == ["a of 01", "b of 01"]


def test_a_parquet_file_of_other_columns_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"path": ["a.md"], "text": ["x"]}), tmp_path / "posts.parquet")
    assert "has no column 'content'" in refusal(tmp_path / "posts.parquet")


def test_links_of_a_pack_are_rejected_and_lead_nowhere(tmp_path: Path) -> None:
    site = packed_site(tmp_path, "posts.tar")
    (tmp_path / "secret.md").write_bytes(post("A secret"))
    with tarfile.open(tmp_path / "posts.tar", "w") as archive:
        link = tarfile.TarInfo("_posts/2026-01-02-link.md")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "secret.md")
        archive.addfile(link)
        info = tarfile.TarInfo("_posts/2026-01-02-a.md")
        info.size = len(post("A"))
        archive.addfile(info, io.BytesIO(post("A")))
    site.load()
    assert titles(site) == ["A"]
    assert site.column_of_work("SELECT reason FROM rejected_files") == ["not_regular_file"]


def test_a_member_that_is_encrypted_or_damaged_is_rejected_alone(tmp_path: Path) -> None:
    file = tmp_path / "posts.zip"
    write_pack(file, {"a.md": b"words " * 50, "b.md": b"words " * 50})
    data = bytearray(file.read_bytes())
    for begin, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(begin) + flags] |= 1  # the first member is marked as encrypted
    data[data.index(b"b.md") + 6] ^= 0xFF  # and the second is damaged
    file.write_bytes(data)
    pinned = pin_packs(packs(file))
    for path, why in (("a.md", "is encrypted"), ("b.md", "cannot be unpacked")):
        with pytest.raises(Rejection, match=why) as raised:
            pinned.read_post(path, Signature(300, 0, 0, 0), 1_000)
        assert raised.value.reason == "unreadable"


@pytest.mark.parametrize("name", ["../outside.md", "/etc/outside.md", "a/../../outside.md"])
@pytest.mark.parametrize("ending", [".tar", ".zip"])
def test_a_name_that_leaves_the_pack_refuses_it(tmp_path: Path, ending: str, name: str) -> None:
    write_pack(tmp_path / f"posts{ending}", {"_posts/2026-01-02-a.md": post("A"), name: post("B")})
    assert f"holds the name {name!r}, which leads out of it" in refusal(tmp_path / f"posts{ending}")


@pytest.mark.parametrize("ending", [".tar.zst", ".tar.gz", ".zip", ".parquet"])
def test_a_bomb_is_stopped_before_it_fills_the_disk(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "BYTES_WITHOUT_RATIO", 4 * 1024 * 1024)
    write_pack(tmp_path / f"posts{ending}", {"_posts/2026-01-02-a.md": bytes(16 * 1024 * 1024)})
    assert "more than 200 times its size" in refusal(tmp_path / f"posts{ending}")
    assert not [*(tmp_path / "spool").glob("*")]


def test_a_pack_with_too_many_members_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST_MEMBERS", 2)
    write_pack(tmp_path / "posts.zip", {f"_posts/2026-01-02-{n}.md": post("A") for n in range(3)})
    assert "more than 2 members" in refusal(tmp_path / "posts.zip")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_pack_that_is_cut_off_is_refused_whole(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"posts{ending}"
    write_pack(file, {f"_posts/2026-01-02-{n}.md": os.urandom(400).hex().encode() for n in range(4)})
    whole = file.read_bytes()
    # A tar that ends between two members looks whole but for its end.
    file.write_bytes(whole[: 2 * 3 * 512] if ending == ".tar" else whole[: len(whole) // 2])
    assert re.search("not wholly written|cannot be unpacked", refusal(file))


def test_a_pack_that_was_never_there_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"line 6: the source 'site' cannot be read: there is no pack .*posts\.zip"):
        packed_site(tmp_path, "posts.zip").plan()


def test_a_pack_that_is_replaced_while_it_is_read_is_an_outage_and_keeps_its_articles(tmp_path: Path) -> None:
    site = packed_site(tmp_path, "posts.zip")
    write_pack(tmp_path / "posts.zip", {"_posts/2026-01-02-a.md": post("A")})
    site.load()
    write_pack(tmp_path / "posts.zip", {"_posts/2026-01-02-a.md": post("B")})
    refresh, plan = site.plan()
    write_pack(tmp_path / "posts.zip", {"_posts/2026-01-02-0.md": post("C"), "_posts/2026-01-02-a.md": post("D")})
    loaded = refresh.load_tables(plan)
    assert "was written while it was read" in loaded.unavailable["site"]
    assert titles(site) == ["A"]


def test_what_was_unpacked_goes_with_its_state_and_its_source(tmp_path: Path) -> None:
    site = packed_site(tmp_path, "posts.tar.gz")
    source = site.settings.sources[0]
    unpacked = []
    for body in (b"A", b"B"):
        write_pack(tmp_path / "posts.tar.gz", {"_posts/a.md": body})
        pin(source).place.list_posts(source, None, None)
        unpacked.append([file.name for file in mirrors_of(site.published).iterdir()])
        assert {Path(name).suffix for name in unpacked[-1]} == {".tar", ".json"}
    assert len(unpacked[0]) == len(unpacked[1]) == 2 and not {*unpacked[0]} & {*unpacked[1]}
    assert sweep_mirrors(site.published, [source]) == 0
    assert sweep_mirrors(site.published, []) == 2 and not [*mirrors_of(site.published).iterdir()]


def test_verify_reads_every_member_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = packed_site(tmp_path, "posts.zip")
    write_pack(tmp_path / "posts.zip", {f"_posts/2026-01-02-{n}.md": post("A") for n in range(3)})
    site.load()
    read: list[str] = []

    def counted(self: PinnedPacks, path: str, listed: Signature, largest: int) -> ReadFile:
        read.append(path)
        return read_post(self, path, listed, largest)

    read_post = PinnedPacks.read_post
    monkeypatch.setattr(PinnedPacks, "read_post", counted)
    site.load()
    assert read == []
    site.load(verify=True)
    assert len(read) == 3


def test_a_tar_of_gnu_tar_is_read(tmp_path: Path) -> None:
    site = packed_site(tmp_path, "posts.tar")
    folder = tmp_path / "made/_posts"
    folder.mkdir(parents=True)
    (folder / f"2026-01-02-{'长' * 60}.md").write_bytes(post("Long"))
    subprocess.run(["tar", "-C", tmp_path / "made", "-cf", tmp_path / "posts.tar", "."], check=True)
    site.load()
    assert titles(site) == ["Long"]
