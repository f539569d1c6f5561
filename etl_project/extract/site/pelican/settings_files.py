"""Find the files that hold the settings of a Pelican site."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from etl_project.extract.site.pelican.python_values import read_python_values
from etl_project.extract.site.settings_values import decode_settings
from etl_project.sources.place import PinnedPlace

_IMPORT = re.compile(r"^[ \t]*from[ \t]+\.*([A-Za-z_][\w.]*)[ \t]+import\b", re.MULTILINE | re.ASCII)
_PUBLISHED = "publishconf"
_MOST_FILES = 8


@dataclass(frozen=True, slots=True)
class SettingsFiles:
    """The settings file that the site is published with, and the files that it imports names from."""

    main: str | None
    """Module of the settings: `publishconf` if there is one that imports `pelicanconf`, else `pelicanconf`."""
    is_above: bool
    """The files are in the folder above the source, which is the folder of posts itself."""
    data: dict[str, bytes] = field(default_factory=dict)
    """Module -> bytes of its file."""

    def digest(self) -> str:
        """Hash the files."""
        digest = hashlib.blake2b(digest_size=16)
        for module, data in sorted(self.data.items()):
            digest.update(b"%s\0%d\0" % (module.encode(), len(data)) + data)
        return digest.hexdigest()

    def values(self) -> dict[str, Any]:
        """Read what the settings are; see `read_python_values`. Empty where they cannot be read.

        Settings that cannot be read are those of no site: the generator could not build it either.
        """
        if self.main is None:
            return {}
        try:
            texts = {module: decode_settings(data) for module, data in self.data.items()}
            return read_python_values(texts[self.main], texts.get)
        except (UnicodeDecodeError, SyntaxError, ValueError, RecursionError):
            return {}


def find_settings_files(place: PinnedPlace, config_names: Iterable[str], largest: int | None = None) -> SettingsFiles:
    """Find the settings of the site whose posts are in a place.

    Args:
        place: the site's root, or its folder of posts.
        config_names: names of the settings file, those that begin with `../` for the folder above.
        largest: bytes above which a file is taken to be empty.

    Raises:
        OSError: a file cannot be read.
    """
    found = place.read_first(config_names, largest)
    if found is None:
        return SettingsFiles(None, is_above=False)
    name, data = found
    above = "../" if name.startswith("../") else ""
    main = name.removeprefix(above).removesuffix(".py")
    files = {main: data}
    published = place.read_first([f"{above}{_PUBLISHED}.py"], largest)
    if published and main in _modules_named(published[1]):
        main = _PUBLISHED
        files[main] = published[1]
    pending = [module for data in list(files.values()) for module in _modules_named(data)]
    while pending and len(files) < _MOST_FILES:
        module = pending.pop(0)
        if module in files:
            continue
        path = above + module.replace(".", "/")
        if imported := place.read_first([f"{path}.py", f"{path}/__init__.py"], largest):
            files[module] = imported[1]
            pending += _modules_named(imported[1])
    return SettingsFiles(main, bool(above), files)


def _modules_named(data: bytes) -> list[str]:
    """List the modules that a file imports names from."""
    return _IMPORT.findall(data.decode("ascii", "replace"))
