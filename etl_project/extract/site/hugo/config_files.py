"""Find and merge the settings files of a site of Hugo: https://gohugo.io/configuration/introduction/."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from etl_project.extract.site.settings_values import parse_settings
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.place import PinnedPlace

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

ENVIRONMENT = "production"
"""The environment of a site that is built to be published: `hugo` without more."""

_ENDINGS = ("toml", "yaml", "yml", "json")
_ROOT_NAMES = tuple(f"{name}.{ending}" for name in ("hugo", "config") for ending in _ENDINGS)
_FOLDERS = ("config/_default/", f"config/{ENVIRONMENT}/")


def find_config(place: PinnedPlace, above: str, largest: int | None = None) -> list[tuple[str, bytes]]:
    """Find the settings files of a site, in the order in which later ones override earlier ones.

    Args:
        place: the site's root, or its folder of posts.
        above: `../` where the place is the folder of posts, else empty.
        largest: bytes above which a file is taken to be empty.

    Returns:
        Names below `above`, and bytes.

    Raises:
        OSError: a file cannot be read.
    """
    found: list[tuple[str, bytes]] = []
    if main := place.read_first([above + name for name in _ROOT_NAMES], largest):
        found.append(main)
    names = sorted(
        name
        for name in place.files_below(f"{above}config")
        if name.rpartition(".")[2] in _ENDINGS and name.removeprefix(above).startswith(_FOLDERS)
    )
    for folder in _FOLDERS:
        wanted = [name for name in names if name.startswith(above + folder)]
        found += place.read_files(wanted, largest)
    return [(name.removeprefix(above), data) for name, data in found]


def merge_config(files: Iterable[tuple[str, bytes]], limits: Limits) -> dict[str, Value]:
    """Merge settings files: tables are merged, anything else is replaced. Keys become lower case, as in Hugo.

    A file in `config/` holds the table that its name says: `languages.toml`, `permalinks.yaml`; `languages.fr.toml` and
    `params.fr.toml` belong to a language. A file that cannot be parsed counts as empty: Hugo could not build the site.
    """
    merged: dict[str, Value] = {}
    for name, data in files:
        path = PurePosixPath(name)
        try:
            values = lower_keys(parse_settings(data, path.suffix, limits))
        except (Rejection, UnicodeDecodeError, ValueError):
            continue
        if isinstance(values, dict):
            _merge(merged, values if len(path.parts) == 1 else _put_below(values, path.stem.lower()))
    return merged


def lower_keys(value: Value) -> Value:
    """Write all keys of a value in lower case, at any depth."""
    if isinstance(value, dict):
        return {key.lower(): lower_keys(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [lower_keys(inner) for inner in value]
    return value


def _put_below(values: dict[str, Value], stem: str) -> dict[str, Value]:
    """Put the values of a file in `config/` below the keys that its name says."""
    name, _, language = stem.partition(".")
    if name in ("hugo", "config"):
        return values
    if not language:
        return {name: values}
    inner: dict[str, Value] = {name: values} if name in ("menu", "menus", "params") else values
    return {"languages": {language: inner}}


def _merge(target: dict[str, Value], values: dict[str, Value]) -> None:
    for key, value in values.items():
        known = target.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        else:
            target[key] = value
