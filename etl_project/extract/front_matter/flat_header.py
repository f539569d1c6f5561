r"""Front matter that is flat YAML, read by one pattern for each shape of header.

What is read here, and nothing else:

    post   = "---\n" line+ "---\n" body
    line   = key ":" blank+ value blank* "\n"
    value  = plain text | a list of plain words | text in quotes, without escapes        (`yaml_flat.VALUES`)

- The bytes are UTF-8 without a byte order mark, a control other than TAB and `\n`, and `\r`.
- Each key stands once; no value is empty or means null.
- The header is well below every limit of front matter, and no rest of it stands at the start of the body.

The *shape* of a header is its keys in order with the kind of each value. A site has few: the groups of the pattern of a
shape are the values of its keys. Everything else is left to `decode` and `read_front_matter`, which alone say what is
right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from etl_project.dialect import Dialect
from etl_project.extract.decode import C0_BYTES, Decoded
from etl_project.extract.front_matter.read import FrontMatter
from etl_project.extract.front_matter.yaml_events import NULLS, Value
from etl_project.extract.front_matter.yaml_flat import DOUBLE, LINE, LIST, PLAIN, VALUES, read_flat
from etl_project.extract.front_matter.yaml_header import REST_CHARACTERS, is_cut_by_dashes
from etl_project.limits import Limits

_OPENING = b"---\n"
_CLOSING = b"\n---\n"
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
"""A control of C1, in UTF-8."""
_VERBATIM = Decoded("", "utf-8", (), is_verbatim=True)
"""Of every post that is read here. Its text is not kept: nobody asks for one that is as its bytes are."""
FlatPost = tuple[Decoded, FrontMatter, str | None]
"""What is known of a post: how it was decoded, its front matter, and that as JSON where it can be told."""
_SHAPES_TRIED = 4
"""Shapes, the latest first, that a header is held against before its own is looked for."""
_MOST_SHAPES = 256
_MOST_VAIN = 500
"""After so many headers in turn whose own shape was looked for in vain, none is looked for any more."""
_MOST_LISTS = 4096


class _Shape:
    """Headers with the same keys in the same order, and the same kind of value for each."""

    __slots__ = ("json", "keys", "lists", "match", "plain", "quotes")

    def __init__(self, keys: tuple[str, ...], kinds: tuple[int, ...]) -> None:
        kind_of = list(zip(keys, kinds, strict=True))
        lines = "".join([f"{key}:[ ]+{VALUES[kind]}[ ]*\n" for key, kind in kind_of])
        self.match = re.compile(f"---\n{lines}---\n").fullmatch
        self.keys = keys
        self.plain = [place for place, kind in enumerate(kinds) if kind == PLAIN]
        self.lists = [place for place, kind in enumerate(kinds) if kind == LIST]
        self.quotes = 2 * kinds.count(DOUBLE)
        written = [f'"{key}":' + ("%s" if kind == LIST else '"%s"') for key, kind in kind_of]
        self.json = "{" + ",".join(written) + "}"


class FlatHeaders:
    """Reads front matter that is flat YAML. Built once per source and worker.

    Args:
        limits: headers near one of them are left.
        dialect: dialect of the source, which says what formats a file may have.
    """

    def __init__(self, limits: Limits, dialect: Dialect) -> None:
        self._formats_of = dialect.formats_of
        # A header of this length has fewer events and shorter values than the limits allow.
        self._longest = min(limits.number_digits, limits.front_matter_bytes // 4, limits.events // 3 - 6)
        self._limits = limits
        self._shapes: dict[tuple[tuple[str, ...], tuple[int, ...]], _Shape] = {}
        self._latest: list[_Shape] = []
        self._lists: dict[str, tuple[list[Value], str]] = {}
        self._vain = 0

    def read(self, posts: Sequence[tuple[str, bytes]]) -> list[FlatPost | None]:
        """Decode posts and read their front matter, where that can be done here.

        Args:
            posts: path and bytes of each post.

        Returns:
            What was read of each post, or None where that is left to the other readers.
        """
        # One look at many posts together takes less than one at each.
        if _is_text(b"".join([data for _, data in posts])):
            return [self._read(path, data) for path, data in posts]
        return [self._read(path, data) if _is_text(data) else None for path, data in posts]

    def _read(self, path: str, data: bytes) -> FlatPost | None:
        """Read a post without controls, if it can be read here."""
        start = data.find(_CLOSING, len(_OPENING)) + len(_CLOSING)
        if not data.startswith(_OPENING) or self._formats_of(path)[0] != "yaml":
            return None
        try:
            header, body = data[:start].decode(), data[start:].decode()
        except UnicodeDecodeError:
            return None
        for shape in self._latest:
            if match := shape.match(header):
                break
        else:
            found = self._find_shape(header)
            if found is None:
                return None
            shape, match = found
        if shape is not self._latest[0]:
            self._latest.remove(shape)
            self._latest.insert(0, shape)
        values: list[Any] = list(match.groups())
        for place in shape.plain:
            values[place] = values[place].rstrip(" ")
        if len(header) > self._longest or not NULLS.isdisjoint(values):
            return None
        # No character takes more than four bytes, in which a search is faster.
        if data.find(b"\n---", start, start + 4 * REST_CHARACTERS) >= 0 and is_cut_by_dashes(
            header + body, len(_OPENING), len(header) - len(_CLOSING) + 1, len(header)
        ):
            return None
        fields = dict(zip(shape.keys, values, strict=True))
        for place in shape.lists:
            read = self._read_list(values[place])
            if read is None:
                return None
            fields[shape.keys[place]], values[place] = read
        is_json = header.count('"') == shape.quotes and "\\" not in header
        front_matter = FrontMatter("yaml", fields, body, len(values) + 3)
        return _VERBATIM, front_matter, shape.json % tuple(values) if is_json else None

    def _find_shape(self, header: str) -> tuple[_Shape, re.Match[str]] | None:
        """Find the shape of a header that has none of the latest ones, and match it; None where it has no shape."""
        if self._vain > _MOST_VAIN:
            return None
        self._vain += 1
        lines = header[len(_OPENING) : 1 - len(_CLOSING)]
        rows = LINE.findall(lines)
        if not rows or read_flat(lines, self._limits) is None:
            return None
        keys = tuple([row[0] for row in rows])
        kinds = tuple([next((kind for kind, value in enumerate(row[1:]) if value), DOUBLE) for row in rows])
        shape = self._shapes.get((keys, kinds))
        if shape is None:
            if len(self._shapes) == _MOST_SHAPES:
                return None
            shape = self._shapes[keys, kinds] = _Shape(keys, kinds)
        match = shape.match(header)
        if match is None:
            return None
        self._latest = [shape, *self._latest[: _SHAPES_TRIED - 1]]
        self._vain = 0
        return shape, match

    def _read_list(self, words: str) -> tuple[list[Value], str] | None:
        """Read the words of a list, and write them as JSON; None where one of them means null."""
        read = self._lists.get(words)
        if read is None:
            items: list[Value] = [word.strip(" ") for word in words.split(",")]
            if not NULLS.isdisjoint(items):
                return None
            if len(self._lists) == _MOST_LISTS:
                self._lists.clear()
            read = self._lists[words] = items, json.dumps(items, ensure_ascii=False, separators=(",", ":"))
        return list(read[0]), read[1]


def _is_text(data: bytes) -> bool:
    r"""Whether no byte is `\r`, or is or begins a control that `decode` may remove, or take for a sign of a binary."""
    return (
        b"\r" not in data
        and len(data.translate(None, C0_BYTES)) == len(data)
        # To look for one byte takes next to nothing.
        and (b"\xc2" not in data or _C1.search(data) is None)
    )
