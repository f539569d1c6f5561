"""Decode the bytes of a post file to text, or reject the file with a reason."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from etl_project.reasons import PostWarning, Rejection

_BINARY_TEST_BYTES = 8192
"""Bytes at the start of a file that are examined to tell text from binary data."""

_TEXT_PER_CONTROL = 50
"""Bytes of text for each control byte; a file with more controls is binary. Stray ones are mistakes of an editor."""

C0_BYTES = bytes(b for b in (*range(32), 127) if b not in b"\t\n\r")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTROL_DELETIONS = {code: None for code in (*range(32), *range(127, 160)) if code not in (9, 10)}

_BOM_REMOVED = PostWarning("bom_removed")
_CONTROLS_REMOVED = PostWarning("control_characters_removed")
_DECODED_UTF16 = PostWarning("decoded_utf16")


class Decoded(NamedTuple):
    r"""The text of a file: line ends are `\n`; no byte order mark, no control but TAB and `\n`."""

    text: str
    encoding: str
    """Encoding the bytes were decoded with, as named in the settings; `utf-8` or `utf-16` otherwise."""
    warnings: tuple[PostWarning, ...]
    is_verbatim: bool
    """Whether the text, encoded as UTF-8, equals the bytes of the file: nothing was removed or replaced."""


def decode(data: bytes, encodings: Sequence[str]) -> Decoded:
    r"""Decode the bytes of a file.

    A byte order mark decides the encoding. Without one, UTF-8 is tried first, then each of `encodings` in turn,
    strictly. A fallback is accepted only if the text holds no private-use, unassigned or C1 character, because these
    are the signs of a wrong encoding (Big5 bytes decode without an error as GB18030). `\r\n` and `\r` become `\n`;
    C0 and C1 controls other than TAB and `\n`, and DEL, are removed with a warning; NUL is one of them, as generators
    publish a page with a stray NUL and browsers pass over it. Noncharacters are kept, since they are not control
    characters.

    Args:
        data: the whole file.
        encodings: names of encodings, best first; UTF-8 need not be among them.

    Raises:
        Rejection: `empty` (nothing or only white space), `binary` (NUL in the first 8 KiB of a file that is not
            UTF-8 or is full of control bytes; or undecodable and full of control bytes) or `encoding`.
    """
    warnings: tuple[PostWarning, ...] = ()
    encoding = "utf-8"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
        text = _decode_utf16(data)
        warnings = (_DECODED_UTF16,)
        has_controls = _CONTROLS.search(text) is not None
    else:
        # Deleting bytes is five times cheaper than searching the text.
        has_controls = len(data.translate(None, C0_BYTES)) != len(data)
        has_nul = has_controls and b"\0" in data[:_BINARY_TEST_BYTES]
        if has_nul and _is_full_of_controls(data):
            raise Rejection("binary", "The file holds NUL bytes.")
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            if has_nul:
                raise Rejection("binary", "The file holds NUL bytes.") from error
            text, encoding = _decode_with_fallbacks(data, encodings, error)
            warnings = (PostWarning("decoded_fallback", encoding),)
            has_controls = _CONTROLS.search(text) is not None
        else:
            # C1 controls start with C2 in UTF-8.
            has_controls = has_controls or (b"\xc2" in data and _CONTROLS.search(text) is not None)
        if text.startswith("\ufeff"):
            text = text.lstrip("\ufeff")
            warnings = (*warnings, _BOM_REMOVED)
    has_returns = "\r" in text
    if has_returns:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if has_controls and _CONTROLS.search(text):
        text = text.translate(_CONTROL_DELETIONS)
        warnings = (*warnings, _CONTROLS_REMOVED)
    if not text or text.isspace():
        raise Rejection("empty", "The file is empty." if not data else "The file holds only white space.")
    return Decoded(text, encoding, warnings, encoding == "utf-8" and not warnings and not has_returns)


def _decode_utf16(data: bytes) -> str:
    """Decode UTF-16 with a byte order mark; raises Rejection: `encoding`, or `binary` for NUL near the start."""
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise Rejection("encoding", f"The byte order mark says UTF-16, but {error.reason}.") from error
    if "\0" in text[:_BINARY_TEST_BYTES]:
        raise Rejection("binary", "The file holds NUL characters.")
    return text


def _decode_with_fallbacks(data: bytes, encodings: Sequence[str], error: UnicodeDecodeError) -> tuple[str, str]:
    """Decode with the first of the source's encodings that gives plausible text.

    Returns:
        The text and the name of its encoding.

    Raises:
        Rejection: `binary` or `encoding`, with the line of the first byte that is not UTF-8.
    """
    for name in encodings:
        try:
            text = data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        if _is_plausible(text):
            return text, name
    if _is_full_of_controls(data):
        raise Rejection("binary", "The file is no text: it is full of control bytes.")
    line = data.count(b"\n", 0, error.start) + 1
    tried = ", ".join(["utf-8", *(name for name in encodings if name.lower() not in ("utf-8", "utf8"))])
    raise Rejection("encoding", f"The file cannot be decoded as {tried}.", line)


def _is_full_of_controls(data: bytes) -> bool:
    """Whether the start of a file holds too many control bytes for text; a single one never is."""
    head = data[:_BINARY_TEST_BYTES]
    return (len(head) - len(head.translate(None, C0_BYTES)) - 1) * _TEXT_PER_CONTROL > len(head)


def _is_plausible(text: str) -> bool:
    """Whether text decoded with a fallback holds only characters that occur in real text."""
    return not any(
        ("\x7f" <= char <= "\x9f") or unicodedata.category(char) in ("Co", "Cn", "Cs")
        for char in set(text)
        if char > "\x7e"
    )
