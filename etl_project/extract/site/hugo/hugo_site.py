"""A site of Hugo: where its pages are, and what they inherit from sections and settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING

from etl_project.extract.site.hugo.content_files import (
    SpecialFiles,
    find_special_files,
    folders_above,
    is_copied,
    read_headers,
)
from etl_project.extract.site.hugo.languages import (
    Language,
    Mount,
    content_mounts,
    list_texts,
    read_languages,
)
from etl_project.extract.site.hugo.page_matcher import PageMatcher, logical_path, read_target
from etl_project.extract.site.pelican.patterns import SafePattern, safe_pattern
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.place import PinnedPlace

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

_NOT_INHERITED = frozenset({"target", "_target", "cascade", "path", "kind", "lang", "params"})
_NEVER = frozenset({"never", "false", "local"})


@dataclass(frozen=True, slots=True)
class HugoPage:
    """Where a file is in the content of its site."""

    language: Language
    folders: list[str]
    """Folders below the content, without that of a leaf bundle."""
    stem: str
    """Name without ending and language; of a leaf bundle, the name of its folder, empty at the root of the content."""

    @property
    def path(self) -> str:
        """The logical path, which targets of cascades and permalinks match."""
        return logical_path(self.folders, self.stem)


@dataclass(frozen=True, slots=True)
class _Cascade:
    matcher: PageMatcher
    values: dict[str, Value]


@dataclass(slots=True)
class HugoSite:
    """The settings and sections of a site; made by `read_hugo_site`."""

    values: dict[str, Value]
    """Settings, keys in lower case."""
    languages: dict[str, Language]
    first_language: str
    mounts: tuple[Mount, ...]
    above: str
    """What precedes the paths of the posts below the root of the site: `content/` where the source is that folder."""
    bundles: frozenset[str] = frozenset()
    """Folders, as paths of posts, of leaf bundles that hold other content."""
    sections: dict[tuple[str, str], dict[str, Value]] = field(default_factory=dict)
    """Language and logical path of a section with an `_index` file -> its front matter as far as it matters."""
    mounts_overlap: bool = False
    """Whether a file may be mounted twice."""
    has_section_slugs: bool = False
    """Whether a section has a slug, which then stands for its folder in addresses."""
    _ignored: tuple[SafePattern, ...] = ()
    _section_cascades: dict[tuple[str, str], tuple[_Cascade, ...]] = field(default_factory=dict)
    _known_cascades: dict[tuple[str, str], tuple[_Cascade, ...]] = field(default_factory=dict)

    @classmethod
    def of_settings(cls, values: dict[str, Value], above: str) -> HugoSite:
        """Make a site of its settings, without sections; arguments as of the fields."""
        languages, first = read_languages(values)
        mounts = content_mounts(values, languages, first)
        ignored = tuple(_compile_ignored(values.get("ignorefiles")))
        sources = [mount.source for mount in mounts]
        overlap = any(f"{one}/".startswith(f"{other}/") or other == "." for one, other in permutations(sources, 2))
        return cls(values, languages, first, mounts, above, mounts_overlap=overlap, _ignored=ignored)

    @property
    def copies_html(self) -> bool:
        """Whether HTML without front matter is no page; it is one where the settings allow HTML as content (0.162)."""
        security = self.values.get("security")
        allowed = list_texts(security.get("allowcontent")) if isinstance(security, dict) else []
        return not any(pattern in (".*", "^text/html$", "text/html", "^text/.*$") for pattern in allowed)

    @property
    def states_languages(self) -> bool:
        """Whether the settings say in which language a page is."""
        return bool(self.values.get("languages") or self.values.get("defaultcontentlanguage"))

    def find_page(self, path: str) -> HugoPage:
        """Find where a file is in the content.

        Args:
            path: POSIX path of the file below the source.

        Raises:
            Rejection: not_a_page; Hugo makes no page of the file, by its path.
        """
        page = self._place(path)
        folder, _, name = path.rpartition("/")
        if self.bundles and (bundle := self._bundle_of(folder, name)) is not None:
            raise Rejection("not_a_page", f"belongs to the page bundle {bundle or '.'}, as a file beside its index")
        if self._ignored and self._is_ignored(f"/{self.above}{path}"):
            raise Rejection("not_a_page", "is left out by ignoreFiles in the settings of the site")
        if page is None:
            raise Rejection("not_a_page", "is in no folder that the settings of the site name for content")
        if page.stem == "_index" and self.values:
            raise Rejection("not_a_page", "is the page of a section, which is no post")
        if page.language.is_off:
            raise Rejection("not_a_page", f"is of the language {page.language.code}, which the site has disabled")
        return page

    def inherit(self, page: HugoPage, kind: str = "page") -> dict[str, Value]:
        """Collect what a page inherits: of the sections above it, the nearest first, then of the settings."""
        code = page.language.code
        if not self._section_cascades and not page.language.has_cascade:
            return {}
        folders = [*page.folders, page.stem] if kind == "section" else page.folders
        cascades = self._cascades_of(code, logical_path(folders[:-1], folders[-1]) if folders else "/")
        merged: dict[str, Value] = {}
        for cascade in cascades:
            if cascade.matcher.matches(page.path, code, kind):
                merged = cascade.values | merged
        return merged

    def section(self, language: str, folders: list[str]) -> dict[str, Value] | None:
        """Get the front matter of the section that is a folder; None where it has no `_index` file."""
        return self.sections.get((language, logical_path(folders[:-1], folders[-1]))) if folders else None

    def _is_ignored(self, path: str) -> bool:
        return any(p.is_affordable(path, everywhere=True) and p.compiled.search(path) for p in self._ignored)

    def _place(self, path: str) -> HugoPage | None:
        full = self.above + path
        found: tuple[list[str], Mount] | None = None
        for mount in self.mounts:
            below = mount.path_below(full)
            if below is None:
                continue
            parts = [*mount.target, *below]
            # A shorter source with the same pages is the folder as a whole; the longer one lends them to a language.
            if found is None or parts == found[0]:
                found = parts, mount
            if not self.mounts_overlap:
                break
        if found:
            return self._make_page(*found)
        return None if self.values else self._make_page(path.split("/"), Mount("", (), self.first_language))

    def _make_page(self, parts: list[str], mount: Mount) -> HugoPage:
        *folders, name = parts or [mount.source]
        stem = name.rpartition(".")[0] or name
        base, _, suffix = stem.rpartition(".")
        language = self.languages.get(suffix.lower()) if base and self.values else None
        if language is not None:
            stem = base
        else:
            language = self.languages.get(mount.language) or next(iter(self.languages.values()))
        if stem == "index":
            stem = folders.pop() if folders else ""
        return HugoPage(language, folders, stem)

    def _bundle_of(self, folder: str, name: str) -> str | None:
        if folder in self.bundles and not self._is_index(name):
            return folder
        return next((above for above in folders_above(folder) if above in self.bundles), None)

    def _is_index(self, name: str) -> bool:
        first, *rest = name.split(".")
        return first == "index" and (len(rest) == 1 or (len(rest) == 2 and rest[0].lower() in self.languages))

    def _cascades_of(self, language: str, section: str) -> tuple[_Cascade, ...]:
        """List the cascades for a section, the nearest first."""
        known = self._known_cascades.get((language, section))
        if known is None:
            own = self._section_cascades.get((language, section), ())
            if section == "/":
                settings = self.languages[language].values.get("cascade")
                known = own + tuple(_read_cascades(settings))
            else:
                known = own + self._cascades_of(language, section.rpartition("/")[0] or "/")
            self._known_cascades[language, section] = known
        return known

    def _add_sections(self, headers: dict[str, dict[str, Value]], paths: Iterable[str]) -> None:
        for path in paths:
            if (page := self._place(path)) is not None:
                fields = headers.get(path, {})
                key = page.language.code, logical_path(page.folders[:-1], page.folders[-1]) if page.folders else "/"
                self.sections[key] = fields
                if cascades := tuple(_read_cascades(fields.get("cascade"))):
                    self._section_cascades[key] = cascades
        for (language, path), fields in self.sections.items():
            *folders, stem = path.strip("/").split("/")
            inherited = self.inherit(HugoPage(self.languages[language], folders, stem), "section") if stem else {}
            if inherited:
                self.sections[language, path] = inherited | fields
        self.has_section_slugs = any("slug" in fields for fields in self.sections.values())


def not_listed(front_matter: dict[str, Value]) -> str | None:
    """Say why Hugo does not list a page, by its front matter, keys in lower case; None where it does."""
    if "headless" in front_matter and _lower(front_matter["headless"]) == "true":
        return "is headless: no page, but a store of resources"
    if ("build" in front_matter or "_build" in front_matter) and _lower(_build(front_matter).get("list")) in _NEVER:
        return "is not listed, as build.list says"
    return None


def is_rendered(front_matter: Mapping[str, Value]) -> bool:
    """Tell whether a page gets a file of its own, by its front matter, keys in lower case."""
    if "build" not in front_matter and "_build" not in front_matter:
        return True
    return _lower(_build(front_matter).get("render")) not in ("never", "false")


def read_hugo_site(
    place: PinnedPlace, above: str, values: dict[str, Value], limits: Limits, permalink: str | None
) -> HugoSite:
    """Read the sections of a site, and what its settings say of languages and folders.

    Args:
        place: the site's root, or its folder of posts.
        above: `../` where the place is the folder of posts, else empty.
        values: the settings, keys in lower case.
        limits: limits of the parser.
        permalink: permalink that the source states.

    Raises:
        OSError: a file cannot be read.
    """
    site = HugoSite.of_settings(values, f"{place.name}/" if above else "")
    special = special_files(place, content_sources(values), site.above)
    titles = ":sectionslug" in f"{permalink} {values.get('permalinks')} {values.get('languages')}"
    headers = read_headers(place, special, limits.file_bytes, with_titles=titles)
    site.bundles = frozenset(
        folder
        for folder, names in special.bundles.items()
        if any(_is_page(site, folder, name, headers) for name in names)
    )
    site._add_sections(dict(_parse_headers(special, headers, limits)), special.sections)
    return site


def content_sources(values: dict[str, Value]) -> list[str]:
    """List the folders below the root of a site that are mounted as content."""
    languages, first = read_languages(values)
    return [mount.source for mount in content_mounts(values, languages, first)]


def special_files(place: PinnedPlace, sources: Iterable[str], above: str) -> SpecialFiles:
    """Find the files that decide what others are, in the folders that are mounted as content and are in the place."""
    return find_special_files(_paths_below(place, sources, above))


def _paths_below(place: PinnedPlace, sources: Iterable[str], above: str) -> Iterator[str]:
    top = above.rstrip("/")
    seen: list[str] = []
    for source in sorted(set(sources)):
        folder = source.removeprefix(above) if above and source.startswith(above) else source
        folder = "" if source == top or (source == "." and not above) else folder
        if above and folder == source:
            continue
        if not any(not other or folder == other or folder.startswith(f"{other}/") for other in seen):
            seen.append(folder)
            yield from place.files_below(folder)


def _parse_headers(
    special: SpecialFiles, headers: dict[str, bytes], limits: Limits
) -> Iterator[tuple[str, dict[str, Value]]]:
    # Imported here, because computing the fingerprint of the settings needs no parser.
    from etl_project.extract.front_matter.read import read_front_matter
    from etl_project.extract.site.hugo.config_files import lower_keys
    from etl_project.extract.site.settings_values import decode_settings

    for path in special.sections:
        if path in headers:
            try:
                text = decode_settings(headers[path])
                fields = lower_keys(read_front_matter(text, limits, required=False).fields)
            except (Rejection, UnicodeDecodeError, ValueError):
                continue
            yield path, fields if isinstance(fields, dict) else {}


def _is_page(site: HugoSite, folder: str, name: str, headers: dict[str, bytes]) -> bool:
    path = f"{folder}/{name}".lstrip("/")
    return site._is_index(name) and not (site.copies_html and path in headers and is_copied(path, headers[path]))


def _read_cascades(cascade: Value) -> Iterator[_Cascade]:
    for table in cascade if isinstance(cascade, list) else [cascade]:
        if isinstance(table, dict):
            values = {key: value for key, value in table.items() if key not in _NOT_INHERITED}
            if values:
                yield _Cascade(read_target(table), values)


def _compile_ignored(patterns: Value) -> Iterator[SafePattern]:
    for pattern in list_texts(patterns if isinstance(patterns, list) else [patterns]):
        if (safe := safe_pattern(pattern)) is not None:
            yield safe


def _build(front_matter: Mapping[str, Value]) -> dict[str, Value]:
    build = front_matter.get("build", front_matter.get("_build"))
    return {key.lower(): value for key, value in build.items()} if isinstance(build, dict) else {}


def _lower(value: Value) -> str:
    return value.strip().lower() if isinstance(value, str) else ""
