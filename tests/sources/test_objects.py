"""Sources in an object store: what a refresh lists and reads of a bucket, counted by the store that answers."""

from __future__ import annotations

import datetime as dt
import io
import pickle
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from conftest import POST, Site
from loopback_s3 import LoopbackS3, e_tag
from packs import write_pack
from rich.console import Console

from etl_project.refresh.guard import RefreshStopped
from etl_project.settings import SettingsError
from etl_project.show.plan import show_plan
from etl_project.sources.access import sweep_mirrors
from etl_project.sources.listing import E_TAG
from etl_project.sources.location import Bucket
from etl_project.sources.objects.bucket import pin_bucket
from etl_project.sources.objects.store import open_store
from etl_project.sources.place import LookCost
from etl_project.sources.signature import Signature

pytest_plugins = ["s3_fixtures"]

MANY = 300


@dataclass
class ObjectSite(Site):
    """Posts in a bucket of a store on loopback."""

    location: str = "s3://harbour/site"
    keys: str = 'dialect = "jekyll"\ntime_zone = "Asia/Shanghai"\n'

    def configure(self, source: str | None = None, extra: str | None = None) -> None:
        self.config.write_text(
            f'[warehouse]\npath = "{self.warehouse}"\n\n[[source]]\nname = "site"\nlocation = "{self.location}"\n'
            f"{self.keys}{source or ''}\n{extra or ''}",
            "utf-8",
        )


def post(title: str, body: str = "Some words.") -> bytes:
    return POST.format(title=title, date="2026-01-02", categories="news", tags="one", body=body).encode()


@pytest.fixture(autouse=True)
def harbour(s3: LoopbackS3) -> None:
    s3.buckets["harbour"] = {}


@pytest.fixture
def bucket_site(s3: LoopbackS3, tmp_path: Path) -> ObjectSite:
    """Three posts in a bucket, not yet loaded."""
    site = ObjectSite(tmp_path)
    site.configure()
    for n in range(3):
        s3.put("harbour", f"site/_posts/2026-01-02-{n}.md", post(f"Post {n}"))
    return site


@pytest.fixture
def loaded_site(bucket_site: ObjectSite, tmp_path_factory: pytest.TempPathFactory) -> ObjectSite:
    """The same, loaded: a copy of one that is loaded once."""
    if not _LOADED:
        once = replace(bucket_site, folder=tmp_path_factory.mktemp("loaded"))
        once.configure()
        once.load()
        _LOADED.append(once.folder)
    shutil.copytree(_LOADED[0], bucket_site.folder, dirs_exist_ok=True)
    return bucket_site


_LOADED: list[Path] = []
"""Folder of the warehouse that is loaded once."""


def files_read(site: Site) -> int:
    """Load the tables once more. Nothing is published here, so that there is always something to do."""
    loaded = site.load()
    assert loaded
    return loaded.files_read


def titles(site: Site) -> list[str]:
    return site.column_of_work("SELECT title FROM articles ORDER BY title")


def test_changed_objects_are_got_once_and_unchanged_ones_never(s3: LoopbackS3, tmp_path: Path) -> None:
    site = ObjectSite(tmp_path)
    site.configure()
    s3.put("harbour", "site/_config.yml", b"title: The harbour\n")
    for n in range(MANY + 20):
        s3.put("harbour", f"site/_posts/2026-01-02-{n:04}.md", post(f"Post {n}"))
    site.load()
    assert dict(s3.asked) == {"LIST": 1, "GET": MANY + 21}, "the settings of the site are one more object"
    for n in range(MANY):
        s3.put("harbour", f"site/_posts/2026-01-02-{n:04}.md", post(f"Changed {n}"))
    s3.forget()
    loaded = site.load()
    assert loaded and loaded.files_read == MANY and loaded.changes["changed"] == MANY
    assert sorted(s3.keys) == ["site/_config.yml", *(f"site/_posts/2026-01-02-{n:04}.md" for n in range(MANY))]
    s3.forget()
    assert files_read(site) == 0, "objects just written are not young: their tags tell"
    assert dict(s3.asked) == {"LIST": 1, "GET": 1}


def test_a_listing_of_several_pages_is_whole_and_costs_what_is_said(s3: LoopbackS3) -> None:
    for n in range(2_100):
        s3.put("harbour", f"site/_posts/{n:04}.md", b"x")
    pinned = pin_bucket(Bucket("s3://harbour/site"))
    assert len([*pinned.files_below("_posts")]) == 2_100
    assert pinned.look_cost == LookCost(lists=3, gets=0) and s3.asked["LIST"] == 3


def test_another_process_reads_without_the_listing(s3: LoopbackS3) -> None:
    s3.put("harbour", "site/_config.yml", b"title: The harbour\n")
    s3.put("harbour", "site/a.md", b"x")
    pinned = pin_bucket(Bucket("s3://harbour/site"))
    assert pinned.read_first(["_config.toml", "_config.yml"]) == ("_config.yml", b"title: The harbour\n")
    s3.forget()
    elsewhere = pickle.loads(pickle.dumps(pinned))
    assert elsewhere == pinned
    assert elsewhere.read_first(["_config.toml", "_config.yml"]) == ("_config.yml", b"title: The harbour\n")
    assert not s3.asked, "what was asked before is not asked again"
    assert elsewhere.read_post("a.md", Signature(1, 0, 0, 0, f"{E_TAG}{e_tag(b'x')}"), 10).changed_while_read is False
    assert dict(s3.asked) == {"GET": 1}


def test_the_settings_above_a_prefix_are_read_and_nothing_above_the_bucket(s3: LoopbackS3) -> None:
    s3.put("harbour", "site/hugo.toml", b"title = 'T'\n")
    s3.put("harbour", "site/content/a.md", b"x")
    pinned = pin_bucket(Bucket("s3://harbour/site/content"))
    assert pinned.name == "content"
    assert pinned.read_first(["../config.toml", "../hugo.toml"]) == ("../hugo.toml", b"title = 'T'\n")
    assert pinned.read_first(["../../../hugo.toml"]) is None


def test_the_plan_tells_what_a_look_costs(s3: LoopbackS3, bucket_site: ObjectSite) -> None:
    s3.put("harbour", "site/_config.yml", b"title: The harbour\n")
    _, plan = bucket_site.plan()
    console = Console(width=120, record=True, file=io.StringIO())
    show_plan(plan, "", console)
    plan.close()
    assert dict(s3.asked) == {"LIST": 1, "GET": 1}
    words = "takes 1 LIST and 1 GET for the settings of the site; reading what changed takes 3 GETs more."
    assert words in " ".join(console.export_text().split())


def test_an_object_written_again_with_the_same_bytes_is_not_read(s3: LoopbackS3, loaded_site: ObjectSite) -> None:
    bucket = s3.buckets["harbour"]
    key = "site/_posts/2026-01-02-1.md"
    bucket[key] = (bucket[key][0], bucket[key][1] + dt.timedelta(days=1))
    s3.forget()
    assert files_read(loaded_site) == 0
    assert not s3.keys


def test_moved_objects_are_moves_and_the_guard_lets_them(s3: LoopbackS3, loaded_site: ObjectSite) -> None:
    for n in range(3):
        data, _ = s3.buckets["harbour"].pop(f"site/_posts/2026-01-02-{n}.md")
        s3.put("harbour", f"site/old/_posts/2026-01-02-{n}.md", data)
    loaded = loaded_site.load()
    assert loaded and loaded.changes["moved"] == 3


def test_an_emptied_prefix_stops_at_the_guard(s3: LoopbackS3, loaded_site: ObjectSite) -> None:
    s3.buckets["harbour"].clear()
    with pytest.raises(RefreshStopped, match="3 of the 3 posts"):
        loaded_site.load()


def test_an_object_written_after_the_listing_is_read_as_it_is_and_young(
    s3: LoopbackS3, bucket_site: ObjectSite
) -> None:
    key = "site/_posts/2026-01-02-1.md"
    s3.before_get[key] = post("Newer")
    bucket_site.load()
    assert titles(bucket_site) == ["Newer", "Post 0", "Post 2"]
    young = "SELECT path FROM internal.inventory WHERE is_young"
    assert bucket_site.column_of_work(young) == ["_posts/2026-01-02-1.md"]
    s3.forget()
    assert files_read(bucket_site) == 0, "its hash and its tag are those that were read"
    assert s3.keys == [key], "it is hashed once more"
    s3.forget()
    assert files_read(bucket_site) == 0


def test_an_object_that_went_after_the_listing_is_gone(s3: LoopbackS3, bucket_site: ObjectSite) -> None:
    refresh, plan = bucket_site.plan()
    del s3.buckets["harbour"]["site/_posts/2026-01-02-1.md"]
    refresh.load_tables(plan)
    assert titles(bucket_site) == ["Post 0", "Post 2"]


def test_an_object_that_the_store_denies_is_rejected(s3: LoopbackS3, bucket_site: ObjectSite) -> None:
    s3.denied.add("site/_posts/2026-01-02-1.md")
    bucket_site.load()
    rejected = bucket_site.query_work("SELECT path, reason FROM rejected_files")
    assert rejected == [("_posts/2026-01-02-1.md", "permission_denied")]


def test_where_tags_are_weak_the_time_counts_as_of_a_file(s3: LoopbackS3, bucket_site: ObjectSite) -> None:
    s3.are_tags_weak = True
    bucket_site.load()
    now = bucket_site.query_work("SELECT mtime_ns > 0, blob_id, is_young FROM internal.inventory GROUP BY ALL")
    assert now == [(True, None, True)]
    assert files_read(bucket_site) == 0, "each is hashed again while it is young, and is the same"
    assert len(s3.keys) == 6


def test_verify_gets_every_object_again(s3: LoopbackS3, loaded_site: ObjectSite) -> None:
    s3.forget()
    loaded_site.load(verify=True)
    assert len(s3.keys) == 3


def test_names_are_chosen_as_in_a_folder(s3: LoopbackS3, bucket_site: ObjectSite) -> None:
    odd = ["_posts/海 #?%20 &+.md", "_posts/.hidden/2026-01-02-a.md", "_drafts/b.md", "_posts/c.txt"]
    odd.append("_posts/2026-01-02-0.md/")
    for name in odd:
        s3.put("harbour", f"site/{name}", post(name))
    s3.put("harbour", "site2/_posts/2026-01-02-other.md", post("another prefix"))
    bucket_site.configure('include = ["**/*.md"]\nexclude = ["_drafts/"]\n')
    bucket_site.load()
    loaded = bucket_site.column_of_work("SELECT path FROM post_files ORDER BY 1")
    plain = [f"_posts/2026-01-02-{n}.md" for n in range(3)]
    assert loaded == [*plain, "_posts/海 #?%20 &+.md"], "with a slash at its end, a name marks a folder"


def outage(site: Site) -> str:
    """Why a plan cannot read the source, which must leave its articles."""
    _, plan = site.plan()
    plan.close()
    assert len(titles(site)) == 3
    return plan.diff.unavailable["site"]


def test_what_keeps_a_bucket_from_being_listed_is_an_outage_with_a_remedy(
    s3: LoopbackS3, loaded_site: ObjectSite
) -> None:
    for name in ("a//b.md", "../secret.md", "_posts/a\tb.md"):
        s3.put("harbour", f"site/{name}", b"x")
        assert repr(name)[1:-1] in outage(loaded_site) and "Rename that object" in outage(loaded_site)
        del s3.buckets["harbour"][f"site/{name}"]
    s3.denied.add("LIST")
    assert "may not read the bucket 'harbour'" in outage(loaded_site)
    s3.denied.clear()
    s3.failing.add("LIST")
    said = outage(loaded_site)
    assert "the store answered 500 InternalError" in said
    assert not {"the-secret-key", "the-key-id"} & {*said.split()} and "key" not in said
    s3.failing.clear()
    del s3.buckets["harbour"]
    assert "there is no bucket 'harbour'" in outage(loaded_site)
    files = [file for file in loaded_site.published.parent.rglob("*") if file.is_file()]
    assert files and not [file for file in files if b"the-secret-key" in file.read_bytes()]
    assert loaded_site.column_of_work("SELECT location FROM sources") == ["s3://harbour/site"]


def test_a_bucket_that_was_never_there_is_a_mistake_in_the_settings(s3: LoopbackS3, bucket_site: ObjectSite) -> None:
    del s3.buckets["harbour"]
    with pytest.raises(SettingsError, match=r"line 6: .*there is no bucket 'harbour'"):
        bucket_site.plan()


def test_a_store_that_fails_midway_keeps_every_article(s3: LoopbackS3, loaded_site: ObjectSite) -> None:
    for n in range(3):
        s3.put("harbour", f"site/_posts/2026-01-02-{n}.md", post(f"Changed {n}"))
    s3.failing.add("site/_posts/2026-01-02-2.md")
    loaded = loaded_site.load()
    assert loaded and "500 InternalError" in loaded.unavailable["site"]
    assert titles(loaded_site) == ["Post 0", "Post 1", "Post 2"]


def test_an_empty_bucket_is_a_source_without_posts(s3: LoopbackS3, tmp_path: Path) -> None:
    site = ObjectSite(tmp_path, location="s3://harbour")
    site.configure()
    site.load()
    assert site.last_plan and site.last_plan.passed_over()["site"] == "no file that may be one lies in s3://harbour"


def test_without_credentials_the_bucket_and_the_missing_setting_are_named(
    s3: LoopbackS3, bucket_site: ObjectSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SettingsError, match=r"bucket 'harbour' are in the environment\. Set AWS_SECRET_ACCESS_KEY,"):
        bucket_site.plan()
    assert not s3.asked


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("gs://pier/site", "Set GOOGLE_APPLICATION_CREDENTIALS, or GOOGLE_SKIP_SIGNATURE=true"),
        ("az://pier/site", "Set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_SKIP_SIGNATURE"),
        ("s3://key:secret@harbour/site", "holds no user and no key; credentials are taken from the environment alone"),
        ("s3:///site", "names no bucket; write s3://bucket/prefix"),
        ("s3://harbour/a/../b", "has a prefix that no object can be asked for by"),
    ],
)
def test_mistakes_in_an_address_are_sentences(s3: LoopbackS3, tmp_path: Path, location: str, words: str) -> None:
    site = ObjectSite(tmp_path, location=location)
    site.configure()
    with pytest.raises(SettingsError) as raised:
        site.plan()
    assert words in str(raised.value) and "secret@" not in str(raised.value)


def test_without_obstore_the_command_that_installs_it_is_named(
    bucket_site: ObjectSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(SettingsError, match=r"obstore is not installed. Run pip install 'etl-project\[objects\]'"):
        bucket_site.plan()


def test_a_source_that_is_a_folder_imports_nothing_of_stores_or_packs(site: Site) -> None:
    site.write("_posts/2026-01-02-a.md")
    code = (
        "import sys; from pathlib import Path; from etl_project.settings import read_settings; "
        "from etl_project.sources.access import pin; pin(read_settings(Path(sys.argv[1])).sources[0]); "
        "print([m for m in sys.modules if 'obstore' in m or 'sources.objects' in m or 'packs' in m or 'tarfile' in m])"
    )
    ran = subprocess.run([sys.executable, "-c", code, site.config], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_store_in_memory_is_a_source(tmp_path: Path) -> None:
    site = ObjectSite(tmp_path, location="memory://harbour/site")
    site.configure()
    store = open_store(Bucket(site.location))
    store.put("site/_posts/2026-01-02-a.md", post("In memory"))
    site.load()
    assert titles(site) == ["In memory"]


def test_packs_in_a_bucket_are_got_when_they_changed_and_the_last_by_name_counts(
    s3: LoopbackS3, tmp_path: Path
) -> None:
    site = ObjectSite(tmp_path, location="s3://harbour/dumps/*.tar.zst")
    site.configure()
    for day, names in (("01", "ab"), ("02", "bc")):
        pack = tmp_path / f"2026-01-{day}.tar.zst"
        write_pack(pack, {f"_posts/2026-01-02-{name}.md": post(f"{name} of {day}") for name in names})
        s3.put("harbour", f"dumps/{pack.name}", pack.read_bytes())
    s3.put("harbour", "dumps/older/2025.tar.zst", b"no part of it")
    site.load()
    assert titles(site) == ["a of 01", "b of 02", "c of 02"]
    assert dict(s3.asked) == {"LIST": 1, "GET": 2}
    assert site.last_plan and site.last_plan.sources[0].place.look_cost == LookCost(1, 0, has_packs=True)
    s3.forget()
    assert files_read(site) == 0 and dict(s3.asked) == {"LIST": 1}
    write_pack(pack, {"_posts/2026-01-02-c.md": post("Changed")})
    s3.put("harbour", f"dumps/{pack.name}", pack.read_bytes())
    s3.forget()
    site.load(allow_deletes=True)
    assert titles(site) == ["Changed", "a of 01", "b of 01"]
    assert s3.keys == [f"dumps/{pack.name}"]
    assert sweep_mirrors(site.published, site.settings.sources) == 0
