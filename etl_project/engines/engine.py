"""What every engine does: it runs batches and gives back one manifest row for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from etl_project.engines.batch import Batch, ManifestRow


class Engine(Protocol):
    """Runs batches somewhere: on this machine, say."""

    def warm(self, total_bytes: int) -> None:
        """Begin to start what will run so many bytes of work, so that it is ready when the first batch comes."""

    def run(self, batches: Iterable[Batch], total_bytes: int) -> Iterator[ManifestRow]:
        """Run every batch; rows come in the order they are done.

        A file that ends the process that reads it is rejected; the other files of its batch are not lost.

        Args:
            batches: the work; taken as workers become free, so that it need not all be in memory.
            total_bytes: bytes of all batches, to decide who runs them.

        Raises:
            SourceUnavailable: the device or mount of a source failed.
        """

    def close(self) -> None:
        """End what was started; it is started again when it is needed."""
