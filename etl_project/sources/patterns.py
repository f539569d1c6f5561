"""Patterns that choose posts: which of them each file of a folder matches first."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import pathspec


class Ranking(NamedTuple):
    """The patterns that files of one folder may match."""

    by_name: tuple[tuple[int, Callable[[str], object]], ...]
    """Position and test of the patterns that need the name of the file; they are tried first."""
    rank: int | None
    """Position of the first pattern that every file of the folder matches."""

    def of(self, path: str) -> int | None:
        """Position of the first pattern that a file of the folder matches, if there is one."""
        for rank, matches in self.by_name:
            if matches(path):
                return rank
        return self.rank


class Patterns:
    """Patterns as .gitignore reads them: `_posts/**`, `*.md`, `notes/`. Most of them decide a whole folder at once.

    Args:
        patterns: best first.
    """

    def __init__(self, patterns: tuple[str, ...]) -> None:
        spec = pathspec.PathSpec.from_lines("gitignore", patterns)
        # DOTALL: a file name may hold a line feed.
        self._patterns = [re.compile(p.regex.pattern, re.DOTALL) for p in spec.patterns if p.regex is not None]

        self._rankings: dict[str, Ranking] = {}

    def in_folder(self, folder: str) -> Ranking:
        """Find the patterns that files of a folder may match, without testing each file.

        Args:
            folder: its path below the source, a slash at its end; empty for the source itself.
        """
        ranking = self._rankings.get(folder)
        if ranking is None:
            ranking = self._rankings[folder] = self._rank_patterns(folder)
        return ranking

    def _rank_patterns(self, folder: str) -> Ranking:
        by_name: list[tuple[int, Callable[[str], object]]] = []
        for rank, pattern in enumerate(self._patterns):
            # A file's name holds no slash: a match that ends with one ends with the folder or above it.
            if pattern.pattern == ".":
                return Ranking(tuple(by_name), rank)
            if not pattern.pattern.endswith("/"):
                by_name.append((rank, pattern.match))
            elif pattern.match(folder):
                return Ranking(tuple(by_name), rank)
        return Ranking(tuple(by_name), None)
