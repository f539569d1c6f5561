"""Digest what a site of Hugo says about its posts outside of them: if it changes, all are read again."""

from __future__ import annotations

import hashlib

from etl_project.extract.site.hugo.config_files import find_config, merge_config
from etl_project.extract.site.hugo.content_files import read_headers
from etl_project.extract.site.hugo.hugo_site import content_sources, special_files
from etl_project.extract.site.hugo.languages import CONTENT
from etl_project.limits import Limits
from etl_project.sources.place import PinnedPlace

_MOVED_CONTENT = (b"contentdir", b"mounts")


def digest_site(place: PinnedPlace, *, may_be_content: bool, permalink: str | None) -> bytes:
    """Digest the settings files, the sections that posts depend on, and the bundles that hold other posts.

    Nothing is parsed, unless the settings move the content to other folders.

    Args:
        place: the site's root, or its folder of posts.
        may_be_content: whether the settings may be one folder up.
        permalink: permalink that the source states.

    Raises:
        OSError: a file cannot be read.
    """
    limits = Limits()
    above, files = find_site_config(place, may_be_content=may_be_content)
    sources = content_sources(merge_config(files, limits)) if moves_content(files) else [CONTENT]
    special = special_files(place, sources, f"{place.name}/" if above else "")
    patterns = " ".join([str(permalink), *(data.decode(errors="replace") for _, data in files)]).lower()
    headers = read_headers(place, special, limits.file_bytes, with_titles=":sectionslug" in patterns)
    digest = hashlib.blake2b(digest_size=16)
    sections = special.sections if ":section" in patterns else []
    for part in (above, *(part for file in files for part in file), *sections, *headers.items(), special.bundles):
        digest.update(repr(part).encode(errors="surrogateescape") + b"\0")
    return digest.digest()


def moves_content(files: list[tuple[str, bytes]]) -> bool:
    """Tell whether settings files may put content elsewhere than in `content`."""
    return any(word in data.lower() for _, data in files for word in _MOVED_CONTENT)


def find_site_config(
    place: PinnedPlace, *, may_be_content: bool, largest: int | None = None
) -> tuple[str, list[tuple[str, bytes]]]:
    """Find the settings files of a site in the place, else one folder up; see `find_config`.

    Returns:
        `../` if they are one folder up, else empty; and the files.

    Raises:
        OSError: a file cannot be read.
    """
    for above in ("", "../") if may_be_content else ("",):
        if files := find_config(place, above, largest):
            return above, files
    return "", []
