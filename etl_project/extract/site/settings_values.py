"""Parse the text of a site's settings file into values, every scalar as its text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from etl_project.dialect import COMMON_RULES
from etl_project.limits import Limits

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

_COMMENT = re.compile(r"(?<=[ \t])#")
_FENCE_OF_SUFFIX = {".yml": "---", ".yaml": "---", ".toml": "+++"}
_FORMATS_OF_SUFFIX = {".yml": ("yaml",), ".yaml": ("yaml",), ".toml": ("toml",), ".json": ("json",)}


def parse_settings(data: bytes, suffix: str, limits: Limits) -> dict[str, Value]:
    """Parse settings in YAML, TOML or JSON.

    Args:
        data: bytes of the file.
        suffix: its suffix, such as `.toml`, which tells the format.
        limits: limits of the parser.

    Raises:
        Rejection: the text is not of that format, or beyond a limit.
        UnicodeDecodeError: the file is not UTF-8.
    """
    return parse_settings_text(decode_settings(data), suffix, limits)


def decode_settings(data: bytes) -> str:
    r"""Decode a settings file; line ends become \n, as when a file is opened as text.

    Raises:
        UnicodeDecodeError: the file is not UTF-8.
    """
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def parse_settings_text(text: str, suffix: str, limits: Limits, *, tabs_indent: bool = False) -> dict[str, Value]:
    """Parse the decoded text of a settings file; see `parse_settings`.

    Args:
        text: the text.
        suffix: suffix of the file.
        limits: limits of the parser.
        tabs_indent: whether each TAB at the start of a line of YAML counts as two spaces, as to Hexo.
    """
    # Imported here, because computing the fingerprint of the settings needs no parser.
    from etl_project.extract.front_matter.read import read_front_matter

    fence = _FENCE_OF_SUFFIX.get(suffix)
    if fence == "---":
        # The settings are read as front matter, which a document marker of YAML would close.
        lines = [_without_comment(line) for line in text.split("\n") if line.rstrip() not in ("---", "...")]
        text = "\n".join(lines)
    if fence:
        text = f"{fence}\n{text}\n{fence}\n"
    limits = replace(limits, front_matter_bytes=limits.file_bytes)
    rules = replace(COMMON_RULES, tabs_indent=tabs_indent)
    return read_front_matter(text, limits, required=True, formats=_FORMATS_OF_SUFFIX[suffix], rules=rules).fields


def _without_comment(line: str) -> str:
    """Remove the comment after a plain title: in front matter `#word` is text there, in settings it explains."""
    key, _, value = line.partition(":")
    if key.lower() != "title" or value[:1].strip() or value.lstrip()[:1] in ("", '"', "'", "|", ">"):
        return line
    return f"{key}:{_COMMENT.split(value, maxsplit=1)[0]}"
