"""A place that only this machine reaches, and what is sent of it to another that reads its posts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from etl_project.reasons import Rejection
from etl_project.sources.listing import FolderListing, Listing
from etl_project.sources.place import LastListing, OrdinaryPlace, PinnedPlace, PinnedSource
from etl_project.sources.signature import FileTask, ReadFile, Signature
from etl_project.sources.source import Source

Outcome = ReadFile | Rejection | None
"""What reading a post gave: its bytes, why it is rejected, or None where it went away."""

Beside = list[tuple[str, bytes]] | list[str] | OSError
"""What a question for files beside the posts was answered with."""


@dataclass(frozen=True, slots=True)
class SentPlace(OrdinaryPlace):
    """A place that another machine reads posts of without reaching it: see `PinnedPlace` for what its methods answer.

    The process that reaches the place passes every question on to it and keeps the answers that readers need. Pickled,
    only these go along: addresses and passwords stay here.
    """

    name: str
    """Name of the folder that is the source; empty for a whole repository or packs."""
    origin: PinnedPlace | None = field(compare=False, repr=False)
    """The place itself; None where it cannot be reached."""
    digest: str
    """Tells what is read here from all else: equal where the same refresh reads the same source."""
    beside: dict[tuple[Any, ...], Beside] = field(default_factory=dict, compare=False, repr=False)
    """Question for files beside the posts -> its answer."""
    posts: dict[str, Outcome] = field(default_factory=dict, compare=False, repr=False)
    """Path of a post -> what reading it gave, of one batch."""

    def __reduce__(self) -> tuple[object, ...]:
        """Leave the place itself behind."""
        return SentPlace, (self.name, None, self.digest, self.beside, self.posts)

    def walk(self, source: Source) -> FolderListing | None:
        """List by the place itself."""
        return self._reached().walk(source)

    def list_posts(self, source: Source, walked: FolderListing | None, last: LastListing | None) -> Listing:
        """List by the place itself."""
        return self._reached().list_posts(source, walked, last)

    def still_there(self, paths: Sequence[str]) -> list[str]:
        """Ask the place itself."""
        return self._reached().still_there(paths)

    def read_post(self, path: str, listed: Signature, largest: int) -> ReadFile:
        """Give what was read of the post."""
        outcome = self.posts[path] if path in self.posts else self._read(path, listed, largest)
        if outcome is None:
            raise FileNotFoundError(path)
        if isinstance(outcome, Rejection):
            raise outcome
        return outcome

    def read_first(self, names: Iterable[str], largest: int | None = None) -> tuple[str, bytes] | None:
        """Give the first file there was of some beside the posts."""
        names = tuple(names)

        def ask(place: PinnedPlace) -> Beside:
            found = place.read_first(names, largest)
            return [found] if found else []

        return next(iter(self._answer(("first", names, largest), ask)), None)

    def read_files(self, names: Sequence[str], largest: int | None = None) -> list[tuple[str, bytes]]:
        """Give all files there were of some beside the posts."""
        names = tuple(names)
        found: list[tuple[str, bytes]] = self._answer(
            ("all", names, largest), lambda place: place.read_files(names, largest)
        )
        return found

    def files_below(self, folder: str) -> list[str]:
        """Give the files there were below a folder of the source."""
        found: list[str] = self._answer(("below", folder), lambda place: list(place.files_below(folder)))
        return found

    def with_posts(self, tasks: Iterable[FileTask], largest: int) -> SentPlace:
        """Read posts, to be sent.

        Args:
            tasks: the posts.
            largest: bytes above which one is not read.

        Raises:
            SourceUnavailable: the place failed.
        """
        return replace(self, posts={task.path: self._read(task.path, task.listed, largest) for task in tasks})

    def _read(self, path: str, listed: Signature, largest: int) -> Outcome:
        try:
            return self._reached().read_post(path, listed, largest)
        except FileNotFoundError:
            return None
        except Rejection as rejection:
            return rejection

    def _answer(self, question: tuple[Any, ...], ask: Callable[[PinnedPlace], Beside]) -> Any:
        """Answer as was answered before; an error of the system is an answer, too."""
        if question not in self.beside:
            try:
                self.beside[question] = ask(self._reached())
            except OSError as error:
                self.beside[question] = error
        answer = self.beside[question]
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _reached(self) -> PinnedPlace:
        assert self.origin, "readers of a sent place ask what was asked where it was reached"
        return self.origin


def to_send(pinned: PinnedSource, digest: str) -> PinnedSource:
    """Make of a source one whose posts can be read by a machine that does not reach its place.

    What tells where the source is goes out of it: no reader needs it, and it may hold a password.

    Args:
        pinned: the source.
        digest: tells what is read of it from all else.
    """
    source = replace(pinned.source, location=Path(), branch=None, renamed_from=None)
    return PinnedSource(source, SentPlace(pinned.place.name, pinned.place, digest))
