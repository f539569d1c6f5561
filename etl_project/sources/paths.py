"""Paths as the warehouse writes them: text, whatever bytes the file system knows them by."""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
_TO_ESCAPE = re.compile(r"[\udc80-\udcff]|\\(?=x[0-9a-f]{2})")


def escape_path(path: str) -> str:
    r"""Write the bytes of a path that are not UTF-8 as `\xNN`; `unescape_path` gives the path back."""
    if path.isascii() and "\\" not in path:
        return path
    return _TO_ESCAPE.sub(lambda m: "\\x5c" if m[0] == "\\" else f"\\x{ord(m[0]) - 0xDC00:02x}", path)


def unescape_path(path: str) -> bytes:
    """Turn a path of the warehouse into the bytes the file system knows it by."""
    if "\\" not in path:
        return path.encode()
    parts = _ESCAPED.split(path)
    return b"".join(bytes([int(p, 16)]) if i % 2 else p.encode() for i, p in enumerate(parts))


def name_text(name: bytes) -> str:
    """Turn the bytes of a name into text by UTF-8, whatever the locale; `name_bytes` gives them back."""
    return name.decode("utf-8", "surrogateescape")


def name_bytes(name: str) -> bytes:
    """Turn the text of a name into its bytes."""
    return name.encode("utf-8", "surrogateescape")
