r"""Find the tags that a note of Obsidian holds in its text.

    tag = "#", one or more of any characters but white space, U+2000 to U+206F, U+2E00 to U+2E7F and
          ! " # $ % & ' ( ) * + , . : ; < = > ? @ [ \ ] ^ ` { | } ~        not all of them digits of ASCII

This is the pattern of Obsidian itself (obsidianmd/obsidian-help#816), and its manual says the same in words: letters,
digits, `_`, `-`, `/`, emoji and other symbols. One thing differs: the joiners U+200C and U+200D between two characters
of a tag belong to it, as they do to the word of Persian or the emoji that the author wrote.

A tag begins at the start of a line, after white space, after another tag, or where inline markup begins or ends
(`**#tag**`, `[#tag](x)`); after any other character a `#` is text. There are none in code, formulas, comments, HTML
blocks, addresses, `[[links]]` and embeds. The places were read back from Obsidian 1.13 by
cyanheads/obsidian-mcp-server#138 and #140.
"""

from __future__ import annotations

import re
from typing import Any

from pyromark import Options, events_with_range

from etl_project.extract.body.obsidian import strip_obsidian_comments

_OPTIONS = (
    Options.ENABLE_TABLES
    | Options.ENABLE_STRIKETHROUGH
    | Options.ENABLE_FOOTNOTES
    | Options.ENABLE_TASKLISTS
    | Options.ENABLE_WIKILINKS
    | Options.ENABLE_MATH
)
_IN_TAG = r"""[^\s\u2000-\u206f\u2e00-\u2e7f\ufeff!"#$%&'()*+,.:;<=>?@\[\\\]^`{|}~]"""
_TAG = re.compile(rf"#({_IN_TAG}+(?:[\u200c\u200d]{_IN_TAG}+)*)")
_MAY_BE_TAG = re.compile(rf"#{_IN_TAG}")
_DIGITS = re.compile("[0-9]+")
_MARKUP_SIGNS = frozenset("*_~=")
"""Signs of inline markup. Obsidian reads a tag after one even where it opens nothing."""


def find_note_tags(note: str) -> list[str]:
    """Find the tags in the text of a note.

    Args:
        note: the note's Markdown, without its front matter.

    Returns:
        The tags without `#`, as written, in reading order, repetitions included.
    """
    if "#" not in note or not _MAY_BE_TAG.search(note):
        return []
    source = strip_obsidian_comments(note).encode("utf-8", "replace")
    tags: list[str] = []
    hidden_depth = 0  # of code blocks, links to pages, and images
    run_start = run_end = 0  # bytes of text that nothing interrupts
    for event, span in events_with_range(source.decode(), options=_OPTIONS):
        if isinstance(event, dict) and "Text" in event and not hidden_depth:
            if span["start"] != run_end:
                tags += _tags_in_run(source, run_start, run_end)
                run_start = span["start"]
            run_end = span["end"]
            continue
        tags += _tags_in_run(source, run_start, run_end)
        run_start = run_end = -1
        if isinstance(event, dict):
            if "Start" in event:
                hidden_depth += hidden_depth > 0 or _hides_tags(event["Start"])
            elif "End" in event and hidden_depth:
                hidden_depth -= 1
    return tags


def _hides_tags(begun: Any) -> bool:
    """Tell whether the element that begins holds no tags: a code block, an image, a link to a page."""
    if not isinstance(begun, dict):
        return False
    if "Link" in begun:
        return isinstance(begun["Link"]["link_type"], dict)
    return "CodeBlock" in begun or "Image" in begun


def _tags_in_run(source: bytes, start: int, end: int) -> list[str]:
    """Find the tags in a run of text: bytes `start` to `end` of a note, which begins where markup or a line does."""
    if b"#" not in source[start:end]:
        return []
    run = source[start:end].decode("utf-8", "replace")
    tags: list[str] = []
    after_tag = -1 if source[start - 1 : start] == b"\\" else 0
    for match in _TAG.finditer(run):
        before = run[match.start() - 1 : match.start()]
        may_begin = match.start() == after_tag or before.isspace() or before in _MARKUP_SIGNS
        if may_begin and not _DIGITS.fullmatch(match[1]):
            tags.append(match[1])
            after_tag = match.end()
    return tags
