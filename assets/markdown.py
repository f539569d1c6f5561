"""Texts of posts and of the contract, for Dagster's pages, which show Markdown."""

from __future__ import annotations

import re


def escape_markdown(line: str) -> str:
    """Escape a line that is shown as Markdown. CommonMark allows a backslash before any ASCII punctuation."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", line)


def escape_html(comment: str) -> str:
    """Escape what Markdown takes for an element of HTML, such as `<source>`, and drops; the rest is as written."""
    return comment.replace("<", "\\<")
