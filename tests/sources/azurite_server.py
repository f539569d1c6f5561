"""A server of Azurite, an Azure blob storage that others wrote, on loopback."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import os
import re
import shutil
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlencode

import pytest
from loopback import free_port, running

READY_SECONDS = 120
ACCOUNT, KEY = "keeper", base64.b64encode(b"hush-hush-hush").decode()
VERSION = "2021-12-02"


@dataclass
class Azurite:
    """A server of Azurite with its log."""

    address: str
    log: Path
    told: int = field(default=0)

    def asked(self) -> Counter[str]:
        """What it was asked to read since the last question: `LIST`, or the method and the name of an object."""
        text = ""
        # A line comes after the answer, and the last ones may be on their way.
        while (now := self.log.read_text("utf-8")) != text:
            text = now
            time.sleep(0.3)
        new, self.told = text[self.told :], len(text)
        found: Counter[str] = Counter()
        for method, target in re.findall(r'"(GET|HEAD) (\S+) HTTP', new):
            path, _, query = target.partition("?")
            found["LIST" if "comp=list" in query else f"{method} {unquote(path)}"] += 1
        return found

    def make_container(self, name: str) -> None:
        """Make a container; what reads objects cannot."""
        date = format_datetime(dt.datetime.now(dt.UTC), usegmt=True)
        canonical = (
            f"PUT{chr(10) * 12}x-ms-date:{date}\nx-ms-version:{VERSION}\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        )
        headers = {
            "x-ms-date": date,
            "x-ms-version": VERSION,
            "Authorization": f"SharedKey {ACCOUNT}:{_signed(canonical)}",
            "Content-Length": "0",
        }
        request = urllib.request.Request(
            f"{self.address}/{name}?restype=container", method="PUT", headers=headers, data=b""
        )
        request.add_header("Content-Type", "")
        urllib.request.urlopen(request, timeout=10).close()


def sas_token(*, until: dt.datetime, services: str = "b", rights: str = "rl") -> str:
    """Sign a token for the account, as who gives out access to a container does."""
    end = f"{until:%Y-%m-%dT%H:%M:%SZ}"
    fields = [ACCOUNT, rights, services, "sco", "", end, "", "https,http", VERSION, "", ""]
    query = {"sv": VERSION, "ss": services, "srt": "sco", "sp": rights, "se": end, "spr": "https,http"}
    return urlencode({**query, "sig": _signed("\n".join(fields))})


def _signed(text: str) -> str:
    return base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()


@pytest.fixture(scope="module")
def azurite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    program = os.environ.get("ETL_AZURITE") or shutil.which("azurite-blob")
    if not program:
        pytest.skip("needs azurite-blob, of `npm install azurite` in a folder of its own: `.ci/run objects` makes it")
    port, log = free_port(), tmp_path_factory.mktemp("azurite") / "log"
    command = [program, "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--blobPort", str(port)]
    azurite = Azurite(f"http://127.0.0.1:{port}/{ACCOUNT}", log)
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
    with running(
        command, log, lambda: azurite.make_container("harbour"), seconds=READY_SECONDS, environment=environment
    ):
        yield azurite


@pytest.fixture
def azurite(azurite_server: Azurite, monkeypatch: pytest.MonkeyPatch) -> Azurite:
    """A server with the container `harbour`, named by the environment."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    values = {"ENDPOINT": azurite_server.address, "STORAGE_ACCOUNT_NAME": ACCOUNT, "STORAGE_ACCOUNT_KEY": KEY}
    for name, value in values.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    return azurite_server
