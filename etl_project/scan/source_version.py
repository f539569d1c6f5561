"""What the rows of a source were made with and of."""

from __future__ import annotations

from typing import NamedTuple

from etl_project.sources.place import PlaceVersion


class SourceVersion(NamedTuple):
    """A row of `internal.source_states`, without the source."""

    fingerprint: str
    """Fingerprint of the settings and code (`source_fingerprint`)."""
    commit_id: str | None = None
    """Commit that was read, of a git source."""
    tree_id: str | None = None
    """Tree that was read, of a git source: two commits may hold the same."""

    @property
    def place(self) -> PlaceVersion:
        """What the place of the source was read at."""
        return PlaceVersion(self.commit_id, self.tree_id)
