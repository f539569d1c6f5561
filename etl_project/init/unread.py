"""Find the files of a site that look like posts and that a refresh would not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from etl_project.dialect import Dialect
from etl_project.dialects import DIALECTS
from etl_project.sources.folder import PinnedFolder
from etl_project.sources.source import Source

_MOST_PLACES = 5
"""Places that are named; the others are counted."""


def find_unread(folder: Path, dialect: str, read: Iterable[str]) -> Counter[str]:
    """Count files with the endings of posts that are not among those read, by place.

    Args:
        folder: the site.
        dialect: name of its dialect.
        read: paths of the files that a refresh would read.

    Returns:
        For each folder of the site (`docs/`), and each file beside them (`README.md`), how many are not read.

    Raises:
        SourceUnavailable: the folder cannot be listed.
    """
    everything = Source(name="site", location=folder, dialect=dialect, include=("**",))
    unread = set(PinnedFolder(folder).walk(everything).paths()).difference(read)
    return Counter(top + slash for top, slash, _ in (path.partition("/") for path in unread))


def find_not_posts(folder: Path, dialect: str) -> Counter[str]:
    """Count the files that have the ending of a post and a name that makes them something else: `_index.md` of Hugo.

    Args:
        folder: the site.
        dialect: name of its dialect.

    Returns:
        Name -> files.
    """
    rules = DIALECTS[dialect]
    names = (path.rpartition("/")[2] for path in PinnedFolder(folder).files_below("") if rules.not_posts)
    return Counter(name for name in names if Path(name).stem.lower() in rules.not_posts and has_ending(rules, name))


def describe_not_posts(not_posts: Counter[str]) -> str | None:
    """Say in a sentence which files are no posts by their name; None where there are none."""
    if not not_posts:
        return None
    files = not_posts.total()
    named = ", ".join([f"{name} ({count:,})" for name, count in sorted(not_posts.items())])
    return f"{files:,} other {'page is no post' if files == 1 else 'pages are not posts'} of this dialect: {named}."


def has_ending(dialect: Dialect, name: str) -> bool:
    """Whether a file has an ending that posts of the dialect have."""
    return Path(name).suffix.lower() in dialect.suffixes


def describe_unread(unread: Counter[str]) -> str | None:
    """Say in a sentence which files are not read; None where all are."""
    if not unread:
        return None
    places = sorted(unread.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{place} ({files:,})" if place.endswith("/") else place for place, files in places[:_MOST_PLACES]]
    if more := sum(files for _, files in places[_MOST_PLACES:]):
        named.append(f"{more:,} more elsewhere")
    files = unread.total()
    return (
        f"{files:,} other {'file has' if files == 1 else 'files have'} the ending of a post and "
        f"{'is' if files == 1 else 'are'} not read: {', '.join(named)}. To read them, name their folders in `include`."
    )
