"""What lies at a source that lists no post: files that might be posts, and are passed over by its settings."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from etl_project.dialects import DIALECTS, ending_not_read, is_post
from etl_project.sources.place import PinnedSource

_PLACES_NAMED = 3


class PassedOver(NamedTuple):
    """Files that might be posts."""

    places: Counter[str]
    """For each folder at the top of the source (`_posts/`), and for the source itself (empty), how many lie there."""
    have_endings: bool
    """They have endings of the dialect: its patterns are what does not match."""


def files_passed_over(pinned: PinnedSource) -> PassedOver:
    """Find the files of a source that have the ending of a post, of its dialect or else of another.

    Hidden folders and those that the dialect never enters are left out.

    Args:
        pinned: the source, of which no post is listed.
    """
    dialect = DIALECTS[pinned.source.dialect]
    posts: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for path in pinned.place.files_below(""):
        *folders, name = path.split("/")
        if not any(folder.startswith(".") or folder in dialect.pruned for folder in folders):
            place = f"{folders[0]}/" if folders else ""
            posts[place] += is_post(dialect, name)
            others[place] += ending_not_read(dialect, name) is not None
    return PassedOver(+posts or +others, bool(+posts))


def describe_passed_over(pinned: PinnedSource, found: PassedOver) -> str:
    """Say what lies at a source that lists no post: a part of a sentence.

    Args:
        pinned: the source.
        found: what `files_passed_over` returned.
    """
    where = re.sub(r"^git\+", "", str(pinned.source.location))
    if not found.places:
        return f"no file that may be one lies in {where}"
    dialect = DIALECTS[pinned.source.dialect]
    places = sorted(found.places.items(), key=lambda place: (-place[1], place[0]))
    named = [_in_words(place, files) for place, files in places[:_PLACES_NAMED]]
    if more := sum(files for _, files in places[_PLACES_NAMED:]):
        named.append(f"{more:,} elsewhere")
    patterns = ", ".join(pinned.source.include or dialect.include)
    fault = (
        f"matches {patterns}"
        if found.have_endings
        else f"has an ending of the dialect {dialect.name}: {', '.join(sorted(dialect.suffixes))}"
    )
    return f"{', '.join(named)} of {where}, and none {fault}"


def _in_words(place: str, files: int) -> str:
    lie = "file lies" if files == 1 else "files lie"
    return f"{files:,} {lie} in {place or 'the top folder'}"
