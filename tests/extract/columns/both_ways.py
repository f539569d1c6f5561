"""Posts of a batch read with columns and without: the same rows in the same order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import polars as pl
from polars.testing import assert_frame_equal

from etl_project.extract.columns import bodies
from etl_project.extract.posts import PostReader
from etl_project.limits import Limits
from etl_project.sources.folder import PinnedFolder
from etl_project.sources.place import PinnedSource
from etl_project.sources.signature import FileTask, ReadFile, Signature
from etl_project.sources.source import MentionRule, Rule, Source

LATER = 2**62
"""A time of the plan, in nanoseconds, at which no post is young."""

RULES = (
    Rule("p", r"<>|(https?://\S+)", "original_url"),
    Rule("p.em_media", "（文章来源：(.+)）", "medium"),
)
MENTIONS = (MentionRule("stock", "[data-code]", "data-code~(?:K )?([0-9A-Z]+).*"),)

PLAIN_POSTS = {
    f"plain/2021-12-{day:02}-a.md": f"---\ntitle: Day {day}\ndate: 2021-12-{day:02}\n---\nSome *words*.\n".encode()
    for day in range(1, 11)
}
"""So many that their bodies, and others beside them, are read by columns."""

Frames = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


@dataclass(frozen=True)
class Shelf(PinnedFolder):
    """A folder whose posts are in memory."""

    posts: dict[str, bytes] = field(default_factory=dict)

    def read_post(self, path: str, listed: Signature, largest: int) -> ReadFile:
        return ReadFile(self.posts[path], listed, False)


class BothWays:
    """Reads posts of one source with columns and without."""

    def __init__(self, source: Source, limits: Limits | None = None) -> None:
        assert isinstance(source.location, Path)
        self.shelf = Shelf(source.location)
        pinned = PinnedSource(source, self.shelf)
        self.plain, self.single = (PostReader(pinned, limits or Limits(), columns=columns) for columns in (True, False))

    def read(self, posts: Mapping[str, bytes]) -> Frames:
        """Read a batch both ways, every seventh post as one that another file stands for.

        Args:
            posts: path -> bytes.

        Returns:
            The frames, which are the same.
        """
        self.shelf.posts.clear()
        self.shelf.posts.update(posts)
        tasks = [
            FileTask(path, f"s:{path}", number % 7 == 6, None, number % 2 == 0, Signature(len(data), 1, 1, number))
            for number, (path, data) in enumerate(posts.items())
        ]
        with mock.patch.object(bodies, "FEWEST_CHARACTERS", 0):
            read = self.plain.read_batch(tasks, LATER, self.shelf)
        expected = self.single.read_batch(tasks, LATER, self.shelf)
        for frame, other in zip(read, expected, strict=True):
            assert_frame_equal(frame, other)
        return read


def posts_below(folder: Path) -> dict[str, bytes]:
    """All files of a folder that may be posts."""
    endings = (".md", ".markdown", ".html", ".txt", ".mdx", ".rst", ".org", ".mkd")
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix.lower() in endings]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
