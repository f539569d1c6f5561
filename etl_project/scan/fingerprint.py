"""Fingerprint of a source: it changes whenever the rows of the source could change although no file did."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import importlib.metadata
from pathlib import Path

from etl_project.dialects import DIALECTS
from etl_project.extract.site.site_fingerprint import site_fingerprint
from etl_project.insight import Insight
from etl_project.limits import Limits
from etl_project.sources.place import PinnedSource

READING_CODE = (
    "extract",
    "transform",
    "dated_names.py",
    "dialect.py",
    "dialects.py",
    "insight.py",
    "limits.py",
    "reasons.py",
    "engines/batch.py",
    "engines/stage.py",
    "sources/signature.py",
    "sources/source.py",
)
"""Files and folders of etl_project that decide the rows of a post. Code that lists and compares is left out: when it
changes, no post need be read again."""

OTHER_IMPORTS = (
    "file_starts.py", "sources/place.py", "sources/listing.py", "sources/location.py", "sources/secrets.py",
)  # fmt: skip
"""What reading code imports only to say where posts are."""

_LIBRARIES = (
    "polars", "py3langid", "pyromark", "python-frontmatter", "pyyaml", "rensa", "rjieba", "selectolax", "tzdata",
)  # fmt: skip


def source_fingerprint(pinned: PinnedSource, limits: Limits, insight: Insight) -> str:
    """Fingerprint of everything but the files that decides the rows of a source: settings, site settings, code.

    Where the source is, how often it is listed and its name are left out: a site that moves is still the same site.
    """
    source = pinned.source
    settings = dataclasses.replace(
        source, location=Path(), branch=None, inventory=None, look_every=None, name="", renamed_from=None
    )
    site = site_fingerprint(pinned.place, DIALECTS[source.dialect], source.permalink)
    digest = hashlib.blake2b(digest_size=12)
    for part in (repr(settings), repr(limits), repr(insight), site, code_version(), *pinned.place.fingerprint_parts):
        digest.update(part.encode(errors="surrogateescape") + b"\0")
    return digest.hexdigest()


@functools.cache
def code_version() -> str:
    """Fingerprint of the code that reads and transforms posts, and of the libraries it reads them with."""
    digest = hashlib.blake2b(digest_size=12)
    package = Path(__file__).parents[1]
    for name in READING_CODE:
        path = package / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}".encode())
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        digest.update(f"docutils {importlib.metadata.version('docutils')}".encode())
    return digest.hexdigest()
