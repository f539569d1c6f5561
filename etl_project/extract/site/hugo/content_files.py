"""The files of a site of Hugo that decide what other files are: `_index` files, and `index` files beside others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from etl_project.sources.place import PinnedPlace

CONTENT_ENDINGS = (
    ".md", ".markdown", ".mdown", ".html", ".htm", ".adoc", ".asciidoc", ".ad", ".org", ".pandoc", ".pdc", ".rst",
)  # fmt: skip
"""Endings of the files that Hugo takes for content; any other file is a resource."""

_HTML = (".html", ".htm")
_CLOSING_LINES = {b"---": b"\n---", b"+++": b"\n+++"}
_INHERITED = (b"cascade", b"slug")
"""Words in the front matter of an `_index` file that can change the pages below it."""


@dataclass(frozen=True, slots=True)
class SpecialFiles:
    """Files that decide what others are, by their paths as listed."""

    sections: list[str]
    """`_index` files: their folder is a section."""
    bundles: dict[str, list[str]]
    """Folder with an `index` file and other content, or with several -> names of its `index` files: what is no index in
    a language of the site belongs to it."""


def find_special_files(paths: Iterable[str]) -> SpecialFiles:
    """Find the files that decide what others are, among the paths of all files of the content."""
    sections: list[str] = []
    bundles: dict[str, list[str]] = {}
    folders: set[str] = set()
    for path in paths:
        folder, _, name = path.rpartition("/")
        is_index = name.startswith(("_index.", "index."))
        # Of other files one is enough for each folder: there may be a hundred thousand.
        if (folder in folders and not is_index) or not name.lower().endswith(CONTENT_ENDINGS):
            continue
        if not is_index:
            folders.add(folder)
        elif name[0] == "_":
            sections.append(path)
        else:
            bundles.setdefault(folder, []).append(name)
    with_others = folders & bundles.keys()
    # `index.fr.md` is another file beside `index.md` where the site has no such language.
    with_others.update(folder for folder, names in bundles.items() if len(names) > 1)
    for folder in folders | bundles.keys():
        with_others.update(above for above in folders_above(folder) if above in bundles)
    return SpecialFiles(sorted(sections), {folder: sorted(bundles[folder]) for folder in sorted(with_others)})


def folders_above(folder: str) -> Iterator[str]:
    """List the folders above a folder, the nearest first, the place itself (empty) last."""
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def read_headers(place: PinnedPlace, special: SpecialFiles, largest: int, *, with_titles: bool) -> dict[str, bytes]:
    """Read the front matter of the special files that matter.

    Args:
        place: the site's root, or its folder of posts.
        special: the files.
        largest: bytes above which a file is taken to be empty.
        with_titles: whether titles of sections are parts of addresses, so that every `_index` file matters.

    Returns:
        Path -> the bytes up to the end of the front matter: of `_index` files that hand something down, and of `index`
        files in HTML, which are pages only if they have front matter.
    """
    pages = [f"{folder}/{name}".lstrip("/") for folder, names in special.bundles.items() for name in names]
    pages = [path for path in pages if path.endswith(_HTML)]
    headers = {path: _cut_header(data) for path, data in place.read_files([*special.sections, *pages], largest)}
    return {
        path: header
        for path, header in headers.items()
        if with_titles or path in pages or any(word in header.lower() for word in _INHERITED)
    }


def is_copied(path: str, text: str | bytes) -> bool:
    """Tell whether Hugo copies a file instead of making a page of it: HTML that begins with a tag."""
    return path.lower().endswith(_HTML) and text.lstrip()[:1] in ("<", b"<")


def _cut_header(data: bytes) -> bytes:
    """Cut a file behind the line that closes its front matter in YAML or TOML."""
    closing = _CLOSING_LINES.get(data[:3])
    end = data.find(closing, 3) if closing else -1
    return data[: end + 5] if end >= 0 else data
