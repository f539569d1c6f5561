"""A store on loopback that speaks what reading posts needs of S3, counts what it is asked, and fails on demand."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

PAGE = 1_000
"""Names in one answer to a listing, as S3 has it."""


@dataclass
class LoopbackS3:
    """Buckets in memory behind an address on loopback."""

    buckets: dict[str, dict[str, tuple[bytes, dt.datetime]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    """`LIST`, `GET`, `HEAD` -> how many requests came."""
    keys: list[str] = field(default_factory=list)
    """Names of the objects that were got."""
    failing: set[str] = field(default_factory=set)
    """Names whose GET is answered with 500; `LIST` fails every listing."""
    denied: set[str] = field(default_factory=set)
    """The same for 403."""
    are_tags_weak: bool = False
    """Tags are given as weak ones."""
    before_get: dict[str, bytes] = field(default_factory=dict)
    """Name -> bytes that are written just before its next GET is answered."""
    server: ThreadingHTTPServer = field(init=False)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to read from here."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "the-key-id",
            "AWS_SECRET_ACCESS_KEY": "the-secret-key",
            "AWS_REGION": "eu-central-1",
        }

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self.buckets.setdefault(bucket, {})[key] = (data, dt.datetime.now(dt.UTC))

    def forget(self) -> None:
        """Begin to count anew."""
        self.asked.clear()
        self.keys.clear()


@contextmanager
def serve_s3() -> Iterator[LoopbackS3]:
    store = LoopbackS3()
    store.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"store": store}))
    store.server.daemon_threads = True
    thread = threading.Thread(target=lambda: store.server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield store
    finally:
        store.server.shutdown()
        store.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    store: LoopbackS3

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        bucket, _, key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        with self.store.lock:
            self.store.asked["HEAD"] += 1
        self._answer_object(self.store.buckets.get(bucket, {}), key)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        is_listing = not key
        with self.store.lock:
            self.store.asked["LIST" if is_listing else "GET"] += 1
            if key:
                self.store.keys.append(key)
                if (data := self.store.before_get.pop(key, None)) is not None:
                    self.store.put(bucket, key, data)
        objects = self.store.buckets.get(bucket)
        if ("LIST" if is_listing else key) in self.store.denied:
            self._fail(403, "AccessDenied")
        elif objects is None:
            self._fail(404, "NoSuchBucket")
        elif ("LIST" if is_listing else key) in self.store.failing:
            self._fail(500, "InternalError")
        elif is_listing:
            self._list(bucket, objects, query)
        else:
            self._answer_object(objects, key)

    def _answer_object(self, objects: dict[str, tuple[bytes, dt.datetime]], key: str) -> None:
        """Answer with an object, or with the bytes of it that are asked for."""
        if key not in objects:
            self._fail(404, "NoSuchKey")
            return
        data, when = objects[key]
        headers = {"ETag": self._tag(data), "Last-Modified": format_datetime(when, usegmt=True)}
        if asked := self.headers["Range"]:
            first, last = (int(number) for number in asked.removeprefix("bytes=").split("-"))
            headers["Content-Range"] = f"bytes {first}-{min(last + 1, len(data)) - 1}/{len(data)}"
            self._answer(206, data[first : last + 1], headers)
        else:
            self._answer(200, data, headers)

    def _list(self, bucket: str, objects: dict[str, tuple[bytes, dt.datetime]], query: dict[str, str]) -> None:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        names = sorted(name for name in objects if name.startswith(prefix))
        folders = set()
        if delimiter:
            below = {name: name[len(prefix) :].partition(delimiter) for name in names}
            folders = {prefix + first + delimiter for first, found, _ in below.values() if found}
            names = [name for name in names if not below[name][1]]
        first = int(query.get("continuation-token", "0"))
        page = names[first : first + PAGE]
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(objects[name][0])}</Size>"
            f"<LastModified>{objects[name][1]:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f"<ETag>{escape(self._tag(objects[name][0]))}</ETag></Contents>"
            for name in page
        )
        rows += "".join(
            f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in sorted(folders)
        )
        more = first + PAGE < len(names)
        token = f"<NextContinuationToken>{first + PAGE}</NextContinuationToken>" if more else ""
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>{bucket}</Name><KeyCount>{len(page)}'
            f"</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"
        )
        self._answer(200, body.encode(), {"Content-Type": "application/xml"})

    def _tag(self, data: bytes) -> str:
        return f"{'W/' if self.store.are_tags_weak else ''}{e_tag(data)}"

    def _fail(self, status: int, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        self._answer(status, body, {"Content-Type": "application/xml"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def e_tag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'
