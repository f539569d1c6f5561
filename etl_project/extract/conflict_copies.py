"""Tells the copies that synchronizing programs make of a file that was changed in two places at once."""

from __future__ import annotations

import re

_MARKS = re.compile(
    r"""
      \.sync-conflict-[0-9]{8}-[0-9]{6}                                   # Syncthing
    | \.conflict(?:ed)?[0-9_-]*\.[^./]+$                                  # Resilio Sync, Unison
    | \bconflicted\ copy\b                                               # Dropbox, Nextcloud, Obsidian Sync
    | \b(?:case|encoding|white\ ?space|selective\ sync)\ conflict\b      # Dropbox
    | [(\[]conflict(?:ed)?[)\]]                                           # pCloud
    | \(SFConflict\                                                       # Seafile
    | _conflict-[0-9]{8}-[0-9]{6}                                         # ownCloud before 2.4
    | 冲突副本 | 衝突複本 | Konfliktkopie | copie\ en\ conflit | copia\ en\ conflicto
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What such programs write into the name of the copy, in the languages of their users where they translate it."""


def is_conflict_copy(path: str) -> bool:
    """Tell whether the name of a file is one that a synchronizing program gives to a conflict copy.

    Names that people give too, such as `trip 2.md`, are not told here: the check `no_post_is_a_conflict_copy` compares
    those with the file beside them.

    Args:
        path: path below the source.
    """
    # To look for parts of the marks takes a fifth of what the pattern does.
    has_hint = "onfli" in path or "CONFLI" in path or "冲突" in path or "衝突" in path
    return has_hint and _MARKS.search(path.rpartition("/")[2]) is not None
