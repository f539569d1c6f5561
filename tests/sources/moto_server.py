"""A server of moto, an S3 that others wrote, on loopback."""

from __future__ import annotations

import os
import re
import shutil
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pytest
from loopback import free_port, running

READY_SECONDS = 60

RESET = "moto-api/reset"
"""Where moto is told to forget all buckets."""


@dataclass
class Moto:
    """A server of moto with its log."""

    log: Path
    told: int = field(default=0)

    def asked(self) -> Counter[str]:
        """What it was asked for since the last question: `LIST`, or the method and the name of an object."""
        text = self.log.read_text("utf-8")
        new, self.told = text[self.told :], len(text)
        found: Counter[str] = Counter()
        for method, target in re.findall(r'"(?:\x1b\[\d+m)*(GET|PUT|HEAD) (\S+) HTTP', new):
            found["LIST" if target.startswith("/harbour?") else f"{method} {unquote(target.partition('?')[0])}"] += 1
        return found


@pytest.fixture(scope="session")
def moto_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a server and its log, for all tests: its start takes seconds."""
    program = os.environ.get("ETL_MOTO_SERVER") or shutil.which("moto_server")
    if not program:
        pytest.skip("needs moto_server, of `pip install 'moto[server,s3]'` in an environment of its own")
    port, log = free_port(), tmp_path_factory.mktemp("moto") / "log"
    address = f"http://127.0.0.1:{port}"
    with running([program, "-p", str(port)], log, lambda: _send("POST", f"{address}/{RESET}"), seconds=READY_SECONDS):
        yield address, log


@pytest.fixture
def moto(moto_address: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> Moto:
    """A server with the empty bucket `harbour` and no other, named by the environment."""
    address, log = moto_address
    values = {"ENDPOINT_URL": address, "ALLOW_HTTP": "true", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}
    for name, value in {**values, "REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    _send("POST", f"{address}/{RESET}")
    _send("PUT", f"{address}/harbour")
    server = Moto(log)
    server.asked()
    return server


def _send(method: str, address: str) -> None:
    urllib.request.urlopen(urllib.request.Request(address, method=method), timeout=5).close()
