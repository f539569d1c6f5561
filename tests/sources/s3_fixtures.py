"""The store on loopback as fixtures, in the environment that reading posts asks for its address."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from loopback_s3 import LoopbackS3, serve_s3


@pytest.fixture(scope="module")
def s3_server() -> Iterator[LoopbackS3]:
    with serve_s3() as store:
        yield store


@pytest.fixture
def s3(s3_server: LoopbackS3, monkeypatch: pytest.MonkeyPatch) -> LoopbackS3:
    """A store without any bucket, and the environment that names it."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    for collection in (s3_server.buckets, s3_server.failing, s3_server.before_get, s3_server.denied):
        collection.clear()
    s3_server.are_tags_weak = False
    s3_server.forget()
    return s3_server
