"""A folder in, what kind of site it is out: dialect, title, address, zone, patterns, encodings, sampled posts."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import available_timezones

from etl_project.dialects import DIALECTS, detect_dialect
from etl_project.errors import BAD_USAGE, Stop
from etl_project.extract.decode import decode
from etl_project.extract.front_matter.read import read_front_matter
from etl_project.extract.site.site_config import SiteConfig, dated_name, read_site_config
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.folder import list_files, read_file
from etl_project.sources.source import Source

SAMPLE_POSTS = 400
"""Posts that are read, spread evenly over the listing: enough to see what repeats, few enough for seconds."""

_FALLBACKS = ("gb18030", "big5", "shift_jis", "euc_kr", "cp1252")
_TITLE = ("title", "SITENAME", "sitename")
_ADDRESS = ("url", "baseurl", "baseURL", "base_url", "SITEURL")
_ZONE = ("timezone", "timeZone", "TIMEZONE", "time_zone")
_LANGUAGE = (
    "lang",
    "language",
    "languagecode",
    "languageCode",
    "default_language",
    "defaultcontentlanguage",
    "DEFAULT_LANG",
)
_FEWEST_ARCHIVED = 3


class NoSite(Stop):
    """There is no folder of posts to look at."""

    exit_code = BAD_USAGE


@dataclass(slots=True)
class FoundSite:
    """What a look at a folder found."""

    folder: Path
    dialect: str
    title: str | None
    url: str | None
    time_zone: str | None
    language: str | None
    include: list[str]
    """Patterns, where those of the dialect would miss posts; else empty."""
    shares_names: bool
    """Files of one name lie in several of the included folders, so the name is the better identity."""
    encodings: list[str]
    files: int
    """Files that would be listed."""
    bodies: list[str] = field(default_factory=list, repr=False)
    """Bodies of the sample."""


def look_at(folder: Path) -> FoundSite:
    """Look at a folder.

    Raises:
        NoSite: it is not there, or holds no posts.
        SourceUnavailable: it cannot be listed.
    """
    if not folder.is_dir():
        raise NoSite(f"{folder} is not a folder. Name the folder of your site: etl init FOLDER")
    name = detect_dialect(folder)
    dialect, limits = DIALECTS[name], Limits()
    config = read_site_config(folder, dialect, limits)
    include = _archives(folder, name, config)
    paths = _paths(Source("site", folder, name, include=tuple(include)))
    if not paths:
        raise NoSite(
            f"{folder} holds no posts that the dialect {name!r} would read ({', '.join(sorted(dialect.suffixes))})."
        )
    zone = _first(config, _ZONE)
    site = FoundSite(
        folder=folder,
        dialect=name,
        title=_first(config, _TITLE),
        url=_address(_first(config, _ADDRESS)),
        time_zone=zone if zone in available_timezones() else None,
        language=_first(config, _LANGUAGE),
        include=include,
        shares_names=_share_names(paths) if include else False,
        encodings=["utf-8"],
        files=len(paths),
    )
    _read_sample(site, paths, limits)
    return site


def _paths(source: Source) -> list[str]:
    return sorted(list_files(source).paths())


def _archives(folder: Path, name: str, config: SiteConfig) -> list[str]:
    """Patterns for a Jekyll site whose scripts move posts into folders that Jekyll itself does not read."""
    dated = dated_name(DIALECTS[name], config)
    if name != "jekyll" or dated is None:
        return []
    archived: Counter[str] = Counter()
    for path in _paths(Source("site", folder, name, include=("**",))):
        top, _, rest = path.partition("/")
        stem = rest.rpartition("/")[2].rpartition(".")[0]
        if rest and "_posts/" not in path and not top.startswith("_") and dated.fullmatch(stem):
            archived[top] += 1
    found = sorted(top for top, files in archived.items() if files >= _FEWEST_ARCHIVED)
    if not found:
        return []
    own = ["_posts/**", "_drafts/**"] if (folder / "_posts").is_dir() else list(DIALECTS[name].include)
    return [*(p for p in own if "_drafts" not in p or any(folder.rglob("_drafts"))), *(f"{top}/**" for top in found)]


def _share_names(paths: list[str]) -> bool:
    """Whether a name lies in two of the top folders; one that repeats inside a folder is another post."""
    tops = {(path.rpartition("/")[2], path.partition("/")[0]) for path in paths}
    return len({name for name, _ in tops}) < len(tops)


def _first(config: SiteConfig, keys: tuple[str, ...]) -> str | None:
    return next((text.strip() for key in keys if (text := config.text(key)) and text.strip()), None)


def _address(written: str | None) -> str | None:
    return written.rstrip("/") if written and written.startswith(("http://", "https://")) else None


def _read_sample(site: FoundSite, paths: list[str], limits: Limits) -> None:
    dialect, root = DIALECTS[site.dialect], os.fsencode(site.folder)
    size = min(len(paths), SAMPLE_POSTS)
    undecoded = []
    for path in (paths[n * len(paths) // size] for n in range(size)):
        try:
            data = read_file(root, path, limits.file_bytes).data
            text = decode(data, ("utf-8",)).text
            found = read_front_matter(
                text, limits, required=dialect.front_matter_required, formats=dialect.header_formats
            )
            site.bodies.append(found.body)
        except Rejection as rejection:
            if rejection.reason == "encoding":
                undecoded.append(data)
        except FileNotFoundError:
            continue
    if undecoded:
        site.encodings += [e for e in _FALLBACKS if all(_decodes(data, e) for data in undecoded)][:1]


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        decode(data, ("utf-8", encoding))
    except Rejection:
        return False
    return True
