"""Turn reStructuredText into HTML, with docutils.

What docutils could be told to do to this machine is off: it includes no files, passes no raw HTML through, and reads no
settings of its own. Text that would take it long, or that it gives up on, is read as it is written.
"""

from __future__ import annotations

import html
import importlib
import re
from typing import Any

from etl_project.reasons import Rejection

_SETTINGS: dict[str, Any] = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": False,
    "input_encoding": "unicode",
    "doctitle_xform": False,
    "docinfo_xform": False,
    "initial_header_level": "2",
    "syntax_highlight": "none",
    "math_output": "LaTeX",
    "embed_stylesheet": False,
    "stylesheet_path": "",
    "smart_quotes": False,
    "line_length_limit": 10_000,
}
_LONGEST_TEXT_CHARACTERS = 512 * 1024
_LONGEST_LINE_CHARACTERS = 10_000
_LONGEST_BLOCK_CHARACTERS = 20_000
"""docutils looks for the end of each mark up to the end of its block."""

_MOST_TITLES = 500
"""docutils compares each title with those that are named alike."""

_TITLE = re.compile(r"^([=\-`:.'\"~^_*+#<>])\1++[ \t]*$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_ABBREVIATION = re.compile(r":abbr:`([^`()]{1,200}?)\s*(?:\([^`()]{0,400}\))?`")
_ONLY_PARAGRAPH = re.compile(r"(<(?:t[dh]|dd|li)\b[^<>]*>)<p>([^<]*(?:<(?!/?p\b)[^<]*)*)</p>(?=\s*</(?:t[dh]|dd|li)>)")
"""A cell or item of one paragraph, which the writer of Pelican leaves bare."""


def rst_to_html(text: str) -> str:
    r"""Turn a document, without its title and fields, into HTML.

    Args:
        text: reStructuredText, lines ended by `\n`.

    Raises:
        Rejection: docutils_missing; docutils is not installed.
    """
    if not text.strip():
        return ""
    try:
        core = importlib.import_module("docutils.core")
    except ImportError as error:
        raise Rejection("docutils_missing", "is reStructuredText, and docutils is not installed.") from error
    blocks = _BLANK_LINES.split(text)
    if (
        len(text) > _LONGEST_TEXT_CHARACTERS
        or max(map(len, blocks)) > _LONGEST_BLOCK_CHARACTERS
        or max(map(len, text.split("\n"))) > _LONGEST_LINE_CHARACTERS
        or sum(1 for _ in _TITLE.finditer(text)) > _MOST_TITLES
    ):
        return _as_written(blocks)
    if ":abbr:`" in text:  # a role that Pelican adds
        text = _ABBREVIATION.sub(r"\1", text)
    try:
        parts = core.publish_parts(text, writer="html5", settings_overrides=_SETTINGS)
    except Exception:  # docutils raises what it likes; RecursionError, where a text is nested deeply
        return _as_written(blocks)
    return _ONLY_PARAGRAPH.sub(r"\1\2", str(parts["body"]))


def _as_written(blocks: list[str]) -> str:
    """Make each block a paragraph, markup and all."""
    return "".join([f"<p>{html.escape(block.strip(), quote=False)}</p>\n" for block in blocks if block.strip()])
