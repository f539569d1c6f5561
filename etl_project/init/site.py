"""Find out the properties of a site from its folder: dialect, title, address, time zone, patterns, encodings."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from etl_project.dialects import DIALECTS, detect_dialect
from etl_project.errors import BAD_USAGE, UserError
from etl_project.extract.decode import decode
from etl_project.extract.front_matter.read import read_front_matter
from etl_project.extract.site.hugo.content_patterns import content_patterns
from etl_project.extract.site.left_out import texts_of
from etl_project.extract.site.site_config import SiteConfig, dated_name, read_site_config
from etl_project.extract.site.site_files import find_files_left_out
from etl_project.init.other_sites import find_dialect_above, find_sites_within
from etl_project.init.unread import find_not_posts, find_unread
from etl_project.init.zone import find_zone, guess_zone
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.scan.site_content import follow_site
from etl_project.sources.folder import PinnedFolder, read_file
from etl_project.sources.place import PinnedSource
from etl_project.sources.source import Source

SAMPLE_POSTS = 400
"""Most posts that are read, spread evenly over the listing: enough to show repetition, few enough to take seconds."""

_FALLBACK_ENCODINGS = ("gb18030", "big5", "shift_jis", "euc_kr", "cp1252")
_TITLE_KEYS = ("title", "SITENAME", "sitename")
_URL_KEYS = ("url", "baseurl", "baseURL", "base_url", "SITEURL")
_TIME_ZONE_KEYS = ("timezone", "timeZone", "TIMEZONE", "time_zone")
_LANGUAGE_KEYS = (
    "lang",
    "language",
    "languagecode",
    "languageCode",
    "default_language",
    "defaultcontentlanguage",
    "DEFAULT_LANG",
)
_MIN_ARCHIVED_FILES = 3


class NoSite(UserError):
    """There is no such folder, or it contains no posts."""

    exit_code = BAD_USAGE


@dataclass(slots=True)
class FoundSite:
    """Properties of a site, and the bodies of the sampled posts. A setting that was not found is None."""

    folder: Path
    dialect: str
    title: str | None
    url: str | None
    time_zone: str | None
    language: str | None
    include: list[str]
    """Patterns for `include`, if those of the dialect would miss posts; else empty."""
    shares_names: bool
    """Several of the included folders contain a file of the same name, so the name is the better identity."""
    encodings: list[str]
    files: int
    """Number of files that a refresh would list."""
    not_read: Mapping[str, int] = field(default_factory=dict)
    """Ending that the dialect does not read, but that posts may have -> files at the places of posts."""
    unread: Counter[str] = field(default_factory=Counter)
    """Folder or file -> files in it that have the ending of a post and would not be listed."""
    not_posts: Counter[str] = field(default_factory=Counter)
    """Name that makes a file no post, such as `_index.md` -> files."""
    sites_within: dict[str, str] = field(default_factory=dict)
    """Folder that is a site of its own, in one that is none -> its dialect."""
    bodies: list[str] = field(default_factory=list, repr=False)
    """Markdown bodies of the sampled posts."""
    zone_reason: str | None = None
    """Language, in English, from which the zone is guessed; None where the site states its zone, or nothing tells."""

    @property
    def is_zone_guessed(self) -> bool:
        """Whether the zone is a guess."""
        return self.zone_reason is not None


def sample_site(folder: Path) -> FoundSite:
    """Read the settings of a site and a sample of its posts.

    Raises:
        NoSite: the folder does not exist, or contains no posts.
        SourceUnavailable: the folder cannot be listed.
    """
    if not folder.is_dir():
        raise NoSite(f"{folder} is not a folder. Name the folder of your site: etl init FOLDER")
    above = find_dialect_above(folder.absolute())
    name = above or detect_dialect(folder)
    dialect, limits = DIALECTS[name], Limits()
    place = PinnedFolder(folder.absolute())
    config = read_site_config(place, dialect, limits)
    include = _find_archives(folder, name, config)
    if config.hugo:
        include = list(content_patterns([mount.source for mount in config.hugo.mounts]))
    if config.pelican:
        include = config.pelican.include_patterns()
    if above:
        include = ["**"]
    source = Source(name="site", location=folder, dialect=name, include=tuple(include))
    pinned = follow_site(PinnedSource(source, place))
    left_out = find_files_left_out(pinned, limits)
    listing = place.walk(pinned.source)
    paths = left_out.keep(sorted(listing.paths()))
    if not paths:
        raise NoSite(
            f"{folder} contains no posts that the dialect {name!r} would read ({', '.join(sorted(dialect.suffixes))})"
            + (f"; it has {_endings(listing.not_read)}." if listing.not_read else ".")
        )
    zone = _first_text(config, _TIME_ZONE_KEYS)
    site = FoundSite(
        folder=folder,
        dialect=name,
        title=_first_text(config, _TITLE_KEYS),
        url=_site_url(_first_text(config, _URL_KEYS)),
        time_zone=find_zone(zone),
        language=_first_text(config, _LANGUAGE_KEYS),
        include=include,
        shares_names=_names_repeat(paths) if include and name == "jekyll" else False,
        encodings=["utf-8"],
        files=len(paths),
        unread=find_unread(folder, name, paths),
        not_posts=find_not_posts(folder, name),
        not_read=listing.not_read,
        sites_within=find_sites_within(folder) if name == "plain" else {},
    )
    _read_sample(site, paths, limits)
    if site.time_zone is None and (guess := guess_zone(site.language, site.bodies)):
        site.time_zone, site.zone_reason = guess
    return site


def _endings(not_read: Mapping[str, int]) -> str:
    return ", ".join([f"{count:,} {ending}" for ending, count in sorted(not_read.items())])


def _find_archives(folder: Path, name: str, config: SiteConfig) -> list[str]:
    """Find patterns for a Jekyll site whose scripts move posts into folders that Jekyll itself does not read."""
    dated = dated_name(DIALECTS[name], config)
    if name != "jekyll" or dated is None:
        return []
    archived: Counter[str] = Counter()
    for path in sorted(
        PinnedFolder(folder).walk(Source(name="site", location=folder, dialect=name, include=("**",))).paths()
    ):
        top, _, rest = path.partition("/")
        stem = rest.rpartition("/")[2].rpartition(".")[0]
        if rest and "_posts/" not in path and not top.startswith("_") and dated.fullmatch(stem):
            archived[top] += 1
    archives = sorted(top for top, files in archived.items() if files >= _MIN_ARCHIVED_FILES)
    if not archives:
        return []
    own = ["_posts/**", "_drafts/**"] if (folder / "_posts").is_dir() else list(DIALECTS[name].include)
    return [*(p for p in own if "_drafts" not in p or any(folder.rglob("_drafts"))), *(f"{top}/**" for top in archives)]


def _names_repeat(paths: list[str]) -> bool:
    """Whether two top folders contain the same file name. A name that repeats inside one folder is another post."""
    tops = {(path.rpartition("/")[2], path.partition("/")[0]) for path in paths}
    return len({name for name, _ in tops}) < len(tops)


def _first_text(config: SiteConfig, keys: tuple[str, ...]) -> str | None:
    """Get the first text of a setting: the language of Hexo may be a list, the site's own first."""
    texts = (text.strip() for key in keys for text in texts_of(config.values.get(key)))
    return next((text for text in texts if text), None)


def _site_url(value: str | None) -> str | None:
    return value.rstrip("/") if value and value.startswith(("http://", "https://")) else None


def _read_sample(site: FoundSite, paths: list[str], limits: Limits) -> None:
    """Fill in the bodies of the sample, and an encoding that decodes all posts that are not UTF-8."""
    dialect, root = DIALECTS[site.dialect], os.fsencode(site.folder)
    size = min(len(paths), SAMPLE_POSTS)
    undecoded = []
    for path in (paths[n * len(paths) // size] for n in range(size)):
        try:
            data = read_file(root, path, limits.file_bytes).data
            text = decode(data, ("utf-8",)).text
            found = read_front_matter(
                text,
                limits,
                required=dialect.front_matter_required,
                formats=dialect.formats_of(path),
                rules=dialect.header_rules,
            )
            site.bodies.append(found.body)
        except Rejection as rejection:
            if rejection.reason == "encoding":
                undecoded.append(data)
        except FileNotFoundError:
            continue
    if undecoded:
        site.encodings += [e for e in _FALLBACK_ENCODINGS if all(_can_decode(data, e) for data in undecoded)][:1]


def _can_decode(data: bytes, encoding: str) -> bool:
    try:
        decode(data, ("utf-8", encoding))
    except Rejection:
        return False
    return True
