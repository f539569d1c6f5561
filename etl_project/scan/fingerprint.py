"""A source and its settings in, a fingerprint out that changes whenever its rows could come out otherwise."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib.metadata
from pathlib import Path

from etl_project.dialects import DIALECTS
from etl_project.extract.site.site_config import site_fingerprint
from etl_project.limits import Limits
from etl_project.sources.location import Repository
from etl_project.sources.source import Source

_CODE = ("extract", "transform", "dialects.py", "limits.py", "reasons.py", "engines/batch.py", "engines/stage.py")
_LIBRARIES = ("polars", "py3langid", "pyromark", "python-frontmatter", "pyyaml", "selectolax", "tzdata")


def source_fingerprint(source: Source, limits: Limits) -> str:
    """Fingerprint of everything but the files that decides the rows of a source: settings, site settings, code.

    Where the folder lies and what the source is called are left out: a site that moves is still the same site.
    """
    settings = dataclasses.replace(source, location=Path(), branch=None, name="", renamed_from=None)
    site = site_fingerprint(source.location, DIALECTS[source.dialect], source.permalink)
    digest = hashlib.blake2b(digest_size=12)
    parts = [repr(settings), repr(limits), site, code_version()]
    if isinstance(source.location, Repository):
        # Another folder is another site, and where a shallow history ends decides which dates are known.
        parts += [source.location.folder, *sorted(source.location.boundaries)]
    for part in parts:
        digest.update(part.encode(errors="surrogateescape") + b"\0")
    return digest.hexdigest()


@functools.cache
def code_version() -> str:
    """Fingerprint of the code that reads and transforms posts, and of the libraries it reads them with."""
    digest = hashlib.blake2b(digest_size=12)
    package = Path(__file__).parents[1]
    for name in _CODE:
        place = package / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}".encode())
    return digest.hexdigest()
