"""The settings of a Pelican site, under their present names and with the values that Pelican gives to others.

https://github.com/getpelican/pelican/blob/main/pelican/settings.py has the defaults (`DEFAULT_CONFIG`) and what becomes
of older names (`handle_deprecated_settings`).
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from etl_project.extract.site.pelican.patterns import SafePattern, safe_pattern
from etl_project.extract.site.pelican.python_values import ROOT, UNKNOWN, Unknown
from etl_project.extract.site.pelican.slug import SlugRules, compile_substitutions

_DEFAULTS: dict[str, Any] = {
    "ARTICLE_PATHS": [""],
    "ARTICLE_EXCLUDES": [],
    "PAGE_PATHS": ["pages"],
    "PAGE_EXCLUDES": [],
    "READERS": {},
    "IGNORE_FILES": ["**/.*"],
    "USE_FOLDER_AS_CATEGORY": True,
    "DEFAULT_CATEGORY": "misc",
    "DEFAULT_METADATA": {},
    "EXTRA_PATH_METADATA": {},
    "FILENAME_METADATA": r"(?P<date>\d{4}-\d{2}-\d{2}).*",
    "PATH_METADATA": "",
    "CATEGORY_SAVE_AS": "category/{slug}.html",
    "SLUGIFY_SOURCE": "title",
    "SLUGIFY_USE_UNICODE": False,
    "SLUGIFY_PRESERVE_CASE": False,
    "DEFAULT_LANG": "en",
    "LOCALE": [""],
    **{
        f"{kind}_{part}": f"{folder}{{slug}}{language}.html"
        for kind, folder in (("ARTICLE", ""), ("DRAFT", "drafts/"), ("PAGE", "pages/"), ("DRAFT_PAGE", "drafts/pages/"))
        for part, language in (("URL", ""), ("SAVE_AS", ""), ("LANG_URL", "-{lang}"), ("LANG_SAVE_AS", "-{lang}"))
    },
}
_SUBSTITUTIONS = [(r"[^\w\s-]", ""), (r"(?u)\A\s*", ""), (r"(?u)\s*\Z", ""), (r"[-\s]+", "-")]
_STRUCTURED = tuple(
    f"{kind}_{part}"
    for kind, parts in (
        ("ARTICLE", ("URL", "LANG_URL", "SAVE_AS", "LANG_SAVE_AS")),
        ("PAGE", ("URL", "LANG_URL", "SAVE_AS", "LANG_SAVE_AS")),
        ("DRAFT", ("URL", "LANG_URL", "SAVE_AS", "LANG_SAVE_AS")),
    )
    for part in parts
)
"""Settings that `ARTICLE_PERMALINK_STRUCTURE` puts a folder before."""

SlugKind = Literal["SLUG", "CATEGORY", "AUTHOR"]


@dataclass(slots=True)
class PelicanSettings:
    """Settings of a site; made by `read_settings`."""

    values: Mapping[str, Any]
    """Those that the site states; `UNKNOWN` where only running its file would tell."""
    found: bool
    """Whether there are any."""
    _patterns: dict[str, SafePattern | None] = field(default_factory=dict)
    _slug_rules: dict[str, SlugRules | None] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        """Get a setting, `UNKNOWN` if it cannot be known."""
        return self.values.get(key, _DEFAULTS.get(key))

    def text(self, key: str) -> str | None:
        """Get a setting that is a text; None if it is another value or unknown."""
        value = self.get(key)
        return value if isinstance(value, str) else None

    def texts(self, key: str) -> list[str] | None:
        """Get a setting that is a list of texts; None if it is unknown. Pelican takes the default for a single text."""
        value = self.get(key)
        if isinstance(value, str):
            value = _DEFAULTS[key]
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            return None
        return list(value)

    def table(self, key: str) -> dict[str, Any] | None:
        """Get a setting that is a table, or pairs; None if it is unknown."""
        value = self.get(key)
        try:
            table = dict(value) if value else {}
        except (TypeError, ValueError):
            return None
        return {name: item for name, item in table.items() if isinstance(name, str)}

    def is_true(self, key: str) -> bool | None:
        """Whether a setting counts as true; None if it is unknown."""
        value = self.get(key)
        return None if isinstance(value, Unknown) else bool(value)

    def pattern(self, key: str) -> SafePattern | None:
        """Get a setting that is a regular expression; None if it is unknown or might take too long."""
        if key not in self._patterns:
            value = self.get(key)
            if key == "FILENAME_METADATA" and not isinstance(value, str | Unknown):
                value = _DEFAULTS[key]
            self._patterns[key] = safe_pattern(value) if isinstance(value, str) else None
        return self._patterns[key]

    def slug_rules(self, kind: SlugKind) -> SlugRules | None:
        """How slugs of titles, categories or authors are made; None if that is unknown."""
        if kind not in self._slug_rules:
            self._slug_rules[kind] = self._read_slug_rules(kind)
        return self._slug_rules[kind]

    def _read_slug_rules(self, kind: SlugKind) -> SlugRules | None:
        unicode_kept, case_kept = self.is_true("SLUGIFY_USE_UNICODE"), self.is_true("SLUGIFY_PRESERVE_CASE")
        if unicode_kept is None or case_kept is None:
            return None
        written = self.values.get(f"{kind}_REGEX_SUBSTITUTIONS", self.values.get("SLUG_REGEX_SUBSTITUTIONS"))
        if written is None and "SLUG_REGEX_SUBSTITUTIONS" not in self.values:
            return SlugRules(None, unicode_kept, case_kept)
        pairs = _pairs(written or [])
        if pairs is None:
            return None
        if pairs == _SUBSTITUTIONS:
            return SlugRules(None, unicode_kept, case_kept)
        compiled = compile_substitutions([(source, unicodedata.normalize("NFKC", target)) for source, target in pairs])
        return None if compiled is None else SlugRules(compiled, unicode_kept, case_kept)

    @property
    def content_folder(self) -> str | None:
        """`PATH`, below the folder of the settings file; None where it is not stated or leads elsewhere."""
        path = self.text("PATH")
        if path is None:
            return None
        path = posixpath.normpath(path)
        if path == ROOT or path.startswith(f"{ROOT}/"):
            path = posixpath.relpath(path, ROOT)
        return None if path.startswith("/") else path


def read_settings(values: Mapping[str, Any]) -> PelicanSettings:
    """Read the settings out of the variables of a settings file; Pelican takes those in capitals."""
    stated = {name: value for name, value in values.items() if name.isupper()}
    return PelicanSettings(_modernize(stated), found=bool(stated))


def _modernize(values: dict[str, Any]) -> dict[str, Any]:
    """Give settings of older versions of Pelican their present names."""
    for kind in ("ARTICLE", "PAGE"):
        if f"{kind}_DIR" in values:
            values[f"{kind}_PATHS"] = [values.pop(f"{kind}_DIR")]
    if values.get("CLEAN_URLS"):
        values |= {"ARTICLE_URL": "{slug}/", "ARTICLE_LANG_URL": "{slug}-{lang}/"}
        values |= {"PAGE_URL": "pages/{slug}/", "PAGE_LANG_URL": "pages/{slug}-{lang}/"}
    if structure := values.get("ARTICLE_PERMALINK_STRUCTURE"):
        for key in _STRUCTURED:
            template = values.get(key, _DEFAULTS[key])
            is_known = isinstance(structure, str) and isinstance(template, str)
            values[key] = posixpath.join(_modern_structure(structure), template) if is_known else UNKNOWN
    kinds = ("SLUG", "CATEGORY", "AUTHOR")
    older = {kind: values[f"{kind}_SUBSTITUTIONS"] for kind in kinds if f"{kind}_SUBSTITUTIONS" in values}
    if older:
        general = older.get("SLUG")
        if general and older.get("CATEGORY"):
            is_known = isinstance(general, list | tuple) and isinstance(older["CATEGORY"], list | tuple)
            older["CATEGORY"] = [*general, *older["CATEGORY"]] if is_known else UNKNOWN
        if general:
            older.setdefault("AUTHOR", [])
        for kind, written in older.items():
            values[f"{kind}_REGEX_SUBSTITUTIONS"] = _modern_substitutions(written)
    return values


def _modern_structure(structure: str) -> str:
    structure = re.sub(r"%\((\w+)\)s", r"{\1}", structure)
    return re.sub(r"(%[A-z])", r"{date:\1}", structure).removeprefix("/")


def _modern_substitutions(written: Any) -> Any:
    """Write pairs of texts, some with a third value that keeps punctuation, as pairs of patterns."""
    if not isinstance(written, list | tuple):
        return UNKNOWN
    pairs: list[tuple[str, str]] = []
    replaces_others = True
    for item in written:
        if not isinstance(item, list | tuple) or len(item) not in (2, 3) or _pairs([item[:2]]) is None:
            return UNKNOWN
        replaces_others = replaces_others and not (len(item) == 3 and item[2])
        pairs.append((re.escape(item[0]), item[1].replace("\\", r"\\")))
    return pairs + (_SUBSTITUTIONS if replaces_others else _SUBSTITUTIONS[1:3])


def _pairs(written: Any) -> list[tuple[str, str]] | None:
    """Check that a value is pairs of texts."""
    if not isinstance(written, list | tuple):
        return None
    pairs: list[tuple[str, str]] = []
    for item in written:
        if not isinstance(item, list | tuple) or len(item) != 2 or not all(isinstance(part, str) for part in item):
            return None
        pairs.append((item[0], item[1]))
    return pairs
