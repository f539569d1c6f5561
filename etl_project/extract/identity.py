"""Path of a post in, what makes two files the same article out."""

from __future__ import annotations


def name_identity(path: str) -> str:
    """Give the identity of a file with `identity = "file_name"`: its name without the ending.

    An `index.*` or `_index.*` goes by the name of its folder. With `identity = "path"` the path itself is the identity.
    """
    folders, _, name = path.rpartition("/")
    dot_at = name.rfind(".")
    stem = name[:dot_at] if dot_at > 0 else name
    # Every listed file passes here at every look, and few are called so.
    if stem[0] not in "iI_":
        return stem
    base, dot, language = stem.partition(".")
    if base.lower() not in ("index", "_index"):
        return stem
    folder = folders.rpartition("/")[2]
    return f"{folder}{dot}{language}" if folder else stem
