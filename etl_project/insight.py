"""Switches of what is made for those who ask: `[insight]` in etl.toml."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Insight:
    """Which parts are made. A part that is off costs nothing, and its tables are empty."""

    search: bool = True
    """Whether titles and texts are folded for search, in `search_text`."""
    stories: bool = True
    """Whether articles that tell the same story are found, in `stories`."""
    terms: bool = True
    """Whether words of titles and excerpts are kept for trends, in `article_terms`."""
    links: bool = True
    """Whether the articles that internal links lead to are found, in `link_targets`."""
