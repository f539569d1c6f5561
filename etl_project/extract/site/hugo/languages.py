"""The languages of a site of Hugo, and the folders whose files are its content.

Rules: https://gohugo.io/configuration/languages/ and https://gohugo.io/configuration/module/#mounts.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.extract.site.hugo.globs import matches_glob

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Language:
    """A language of a site."""

    code: str
    """As in addresses: in lower case."""
    prefix: str
    """What begins its addresses: `/fr`, or nothing."""
    is_off: bool
    """Whether the site is built without it."""
    values: dict[str, Value]
    """The settings of the site with those of the language above them."""

    @property
    def has_cascade(self) -> bool:
        """Whether the settings hand something down to pages."""
        return "cascade" in self.values


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of the site that is seen at a place in its content."""

    source: str
    """Path below the site's root, without slashes at its ends."""
    target: tuple[str, ...]
    """Folders below the content; for a file, its name too."""
    language: str
    """Language of its files whose name says none."""
    included: tuple[str, ...] = ()
    """Globs below the source; without any, every file."""
    excluded: tuple[str, ...] = ()

    def path_below(self, path: str) -> list[str] | None:
        """Split the path of a file below the source of the mount, empty for the source itself; None if it is not."""
        if path == self.source:
            return []
        if self.source != "." and not path.startswith(f"{self.source}/"):
            return None
        below = path if self.source == "." else path[len(self.source) + 1 :]
        return below.split("/") if not (self.included or self.excluded) or self._takes(below) else None

    def _takes(self, below: str) -> bool:
        if any(matches_glob(glob, below) for glob in self.excluded):
            return False
        return not self.included or any(matches_glob(glob, below) for glob in self.included)


def read_languages(values: dict[str, Value]) -> tuple[dict[str, Language], str]:
    """Read the languages of a site.

    Args:
        values: its settings, keys in lower case.

    Returns:
        Its languages by their codes, at least one, and the code of the first.
    """
    stated = values.get("defaultcontentlanguage")
    first = stated.lower() if isinstance(stated, str) and stated else "en"
    languages = values.get("languages")
    tables = {
        code: table if isinstance(table, dict) else {}
        for code, table in (languages.items() if isinstance(languages, dict) else ())
    }
    tables = tables or {first: {}}
    off = {code.lower() for code in list_texts(values.get("disablelanguages"))}
    has_hosts = len(tables) > 1 and any(isinstance(table.get("baseurl"), str) for table in tables.values())
    first_leads = is_true(values.get("defaultcontentlanguageinsubdir"))
    found = {
        code: Language(
            code,
            "" if has_hosts or (code == first and not first_leads) else f"/{code}",
            code in off or is_true(table.get("disabled")),
            {**values, **table},
        )
        for code, table in tables.items()
    }
    return found, first


def content_mounts(values: dict[str, Value], languages: dict[str, Language], first: str) -> tuple[Mount, ...]:
    """List what is mounted as content, longest source first: by `module.mounts`, else by each `contentDir`."""
    mounts = tuple(_read_mounts(values, languages, first)) or tuple(_content_folders(languages, first))
    return tuple(sorted(mounts, key=lambda mount: -len(mount.source)))


def list_texts(value: Value) -> list[str]:
    """List the texts of a value: those of a list, or the words of a text, as in `disableLanguages = "fr de"`."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def is_true(value: Value) -> bool:
    """Tell whether a setting is on."""
    return isinstance(value, str) and value.strip().lower() == "true"


def matches_languages(table: dict[str, Value], code: str) -> bool:
    """Tell whether `lang`, or `sites.matrix.languages`, of a table of settings names a language, or nothing is said."""
    globs = list_texts(table.get("lang"))
    for key in ("sites", "matrix"):
        inner = table.get(key)
        table = inner if isinstance(inner, dict) else {}
    globs += list_texts(table.get("languages"))
    return not globs or any(matches_glob(glob, code) for glob in globs)


def _content_folders(languages: dict[str, Language], first: str) -> list[Mount]:
    folders: dict[str, str] = {}
    for code, language in sorted(languages.items(), key=lambda item: item[0] != first):
        folder = language.values.get("contentdir")
        folders.setdefault(_clean(folder if isinstance(folder, str) and folder else CONTENT), code)
    return [Mount(folder, (), code) for folder, code in folders.items()]


def _read_mounts(values: dict[str, Value], languages: dict[str, Language], first: str) -> list[Mount]:
    module = values.get("module")
    tables = module.get("mounts") if isinstance(module, dict) else None
    mounts: list[Mount] = []
    for table in tables if isinstance(tables, list) else []:
        if not isinstance(table, dict):
            continue
        source, target = table.get("source"), table.get("target")
        if not isinstance(source, str) or not isinstance(target, str):
            continue
        top, *folders = _clean(target).split("/")
        if top == CONTENT:
            codes = [code for code in sorted(languages, key=lambda c: c != first) if matches_languages(table, code)]
            if codes:
                mounts.append(Mount(_clean(source), tuple(folders), codes[0], *_read_globs(table)))
    return mounts


def _read_globs(table: dict[str, Value]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read which files of a mount are taken and which are not."""
    files = _list_globs(table.get("files"))
    included = [*_list_globs(table.get("includefiles")), *(glob for glob in files if glob[0] != "!")]
    excluded = [*_list_globs(table.get("excludefiles")), *(glob[1:] for glob in files if glob[0] == "!")]
    return _anchor(included), _anchor(excluded)


def _list_globs(value: Value) -> Sequence[str]:
    values = value if isinstance(value, list) else [value]
    return [glob.strip() for glob in values if isinstance(glob, str) and glob.strip()]


def _anchor(globs: list[str]) -> tuple[str, ...]:
    return tuple([glob.strip().lstrip("/") for glob in globs])


def _clean(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/").strip("/") or ".")
