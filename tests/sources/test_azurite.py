"""Blobs of an Azure storage that others wrote (Azurite, on loopback): what a refresh asks of it, by its own log."""

from __future__ import annotations

import base64
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from conftest import POST, Site
from packs import write_pack

from etl_project.settings import SettingsError
from etl_project.sources.location import Bucket
from etl_project.sources.objects.store import open_store

if TYPE_CHECKING:
    from azurite_server import Azurite

pytest_plugins = ["azurite_server"]

POSTS, CHANGED = 400, 300


def put_posts(site: Site, numbers: range, title: str, prefix: str) -> None:
    """Write posts into the container and, with the same bytes, into the folder of the site."""
    store = open_store(Bucket("az://harbour"))

    def put(number: int) -> None:
        path = f"_posts/2026-01-02-{number:04}.md"
        data = POST.format(title=f"{title} {number}", date="2026-01-02", categories="news", tags="one", body="Words.")
        site.write(path, data)
        store.put(f"{prefix}/{path}", data.encode())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, numbers))


def configure(site: Site, location: str) -> None:
    site.configure('dialect = "jekyll"\n', f'[[source]]\nname = "blobs"\nlocation = "{location}"\ndialect = "jekyll"\n')


def rows_of(site: Site, source: str) -> list[tuple[object, ...]]:
    return site.query_work(
        f"SELECT path, title, text_hash, published_at FROM articles WHERE source_id = '{source}' ORDER BY path"
    )


@pytest.mark.prove("objects")
@pytest.mark.timeout(600)
def test_changed_blobs_are_got_once_and_give_the_rows_of_a_folder(site: Site, azurite: Azurite) -> None:
    configure(site, "az://harbour/site")
    put_posts(site, range(POSTS), "Post", "site")
    azurite.asked()
    loaded = site.load()
    assert loaded and loaded.files_read == 2 * POSTS
    asked = azurite.asked()
    assert asked.pop("LIST") == 1
    assert len(asked) == POSTS and set(asked.values()) == {1}
    put_posts(site, range(CHANGED), "Changed", "site")
    azurite.asked()
    loaded = site.load()
    assert loaded and loaded.changes["changed"] == 2 * CHANGED
    asked = azurite.asked()
    assert asked.pop("LIST") == 1
    assert asked == {f"GET /keeper/harbour/site/_posts/2026-01-02-{number:04}.md": 1 for number in range(CHANGED)}
    young = "SELECT count(*) FROM internal.inventory WHERE source_id = 'blobs' AND is_young"
    assert site.query_work(young) == [(0,)], "the tags of the listing are those of the answers"
    store = open_store(Bucket("az://harbour"))
    for number in range(5):
        store.delete(f"site/_posts/2026-01-02-{number:04}.md")
        (site.posts / f"_posts/2026-01-02-{number:04}.md").unlink()
    azurite.asked()
    loaded = site.load()
    assert loaded and loaded.changes["deleted"] == 10
    assert azurite.asked() == {"LIST": 1}
    assert rows_of(site, "blobs") == rows_of(site, "site") and len(rows_of(site, "site")) == POSTS - 5


@pytest.mark.prove("objects")
def test_a_blob_written_after_the_listing_is_read_as_it_is_and_young(site: Site, azurite: Azurite) -> None:
    configure(site, "az://harbour/young")
    put_posts(site, range(3), "Post", "young")
    refresh, plan = site.plan()
    put_posts(site, range(1), "Newer", "young")
    refresh.load_tables(plan)
    assert rows_of(site, "blobs")[0][1] == "Newer 0"
    young = "SELECT path FROM internal.inventory WHERE source_id = 'blobs' AND is_young"
    assert site.query_work(young) == [("_posts/2026-01-02-0000.md",)]


@pytest.mark.prove("objects")
def test_a_pack_in_a_container_is_got_when_it_changed(site: Site, azurite: Azurite) -> None:
    configure(site, "az://harbour/packs/*.tar.zst")
    store, pack = open_store(Bucket("az://harbour")), site.folder / "a.tar.zst"
    for title in ("First", "Second"):
        body = POST.format(title=title, date="2026-01-02", categories="news", tags="one", body="Words.").encode()
        write_pack(pack, {"_posts/2026-01-02-a.md": body})
        store.put("packs/a.tar.zst", pack.read_bytes())
        azurite.asked()
        site.load()
        assert azurite.asked() == {"LIST": 1, "GET /keeper/harbour/packs/a.tar.zst": 1}
        assert [row[1] for row in rows_of(site, "blobs")] == [title]
    site.load()
    assert azurite.asked() == {"LIST": 1}


def told(site: Site, location: str) -> str:
    """What is said of a source that cannot be read and never was."""
    configure(site, location)
    with pytest.raises(SettingsError) as raised:
        site.plan()
    return str(raised.value)


@pytest.mark.prove("objects")
def test_what_keeps_a_container_from_being_read_is_a_sentence_without_secrets(
    site: Site, azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azurite_server import KEY, sas_token

    def missing(said: str, *words: str) -> list[str]:
        assert "hush" not in said and KEY not in said and "sig=" not in said
        return [word for word in words if word not in said]

    said = told(site, "az://no-harbour/site")
    assert not missing(said, "there is no bucket 'no-harbour'", "Correct its location")
    now = dt.datetime.now(dt.UTC)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"hush of another").decode())
    said = told(site, "az://harbour/site")
    key = "Correct AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"
    assert not missing(said, "the credentials for the bucket 'harbour' are not taken", key)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "hush, this is no key")
    assert not missing(told(site, "az://harbour/site"), "are malformed, or their file is not there", key)
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_KEY")
    said = told(site, "az://harbour/site")
    assert not missing(
        said, "no credentials for the bucket 'harbour' are in the environment", "ACCOUNT_KEY, or AZURE_SKIP"
    )
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", sas_token(until=now + dt.timedelta(hours=1)))
    configure(site, "az://harbour/nothing")
    site.plan()[1].close()
    for token, words in (
        # Azurite tells of an expired token as of a wrong one; what Azure says of it is in `test_object_faults`.
        (sas_token(until=now - dt.timedelta(hours=1)), "'harbour' are not taken"),
        (sas_token(until=now + dt.timedelta(hours=1), services="q"), "may not read the bucket 'harbour'"),
        (sas_token(until=now + dt.timedelta(hours=1), rights="w"), "may not read the bucket 'harbour'"),
        (sas_token(until=now + dt.timedelta(hours=2)).replace("sig=", "sig=hush"), "'harbour' are not taken"),
    ):
        monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", token)
        assert not missing(told(site, "az://harbour/site"), words)
    monkeypatch.delenv("AZURE_STORAGE_SAS_TOKEN")
    monkeypatch.setenv("AZURE_SKIP_SIGNATURE", "true")
    said = told(site, "az://harbour/site")
    assert not missing(said, "not everybody may read the bucket 'harbour'", "in place of AZURE_SKIP_SIGNATURE")
