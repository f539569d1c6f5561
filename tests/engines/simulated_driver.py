"""A refresh of very many batches on a cluster that is simulated: prints what it takes in memory.

    python simulated_driver.py FOLDER BATCHES [--trace]

Everything is loaded that such a refresh loads, Ray too where it is installed, and each batch comes home with a file of
every table. Prints the largest resident set of the process, the number of tables, and with --trace, which takes time,
the bytes that one row of the manifest keeps.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tracemalloc
from pathlib import Path

import duckdb  # noqa: F401  as of every refresh
from conftest import pinned
from fake_cluster import FakeCluster

import etl_project.refresh.refresh  # noqa: F401
from etl_project.engines import stage
from etl_project.engines.batch import Batch, ManifestRow
from etl_project.engines.ray import RayEngine
from etl_project.engines.ray_worker import ReadBatch
from etl_project.limits import Limits
from etl_project.sources.location import Bucket
from etl_project.sources.objects.bucket import PinnedBucket
from etl_project.sources.place import PinnedSource
from etl_project.sources.signature import FileTask, Signature
from etl_project.sources.source import Source

with contextlib.suppress(ImportError):
    import ray  # noqa: F401

TASK = FileTask("a.md", "site:a.md", False, None, False, Signature(4_000_000, 0, 0, 0))
LARGE = 1 << 40
tables: list[str] = []


def bring_every_table(batch: Batch) -> ReadBatch:
    """Bring home an empty file of every table, whose names are new texts, as those that were pickled are."""
    return ReadBatch({"".join(list(table)): b"" for table in tables}, 2_000, 4_000_000)


def code() -> str:
    return "the code"


def largest_resident_set() -> int:
    """Bytes of this program alone; `getrusage` begins with those of the process that started it."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main(folder: Path, count: int, *, is_traced: bool) -> None:
    (folder / "a.md").write_text("---\ntitle: A\n---\nText.\n")
    tables.extend(stage.read_tables(Batch("0", pinned(Source("site", folder)), Limits(), (TASK,), 0, folder)))
    bucket = Bucket("s3://bucket/posts")
    place = PinnedSource(Source("site", bucket), PinnedBucket(bucket, None, "digest"))
    engine = RayEngine(None, None, code)
    engine._cluster, engine._read = FakeCluster(), bring_every_table  # type: ignore[assignment]
    work = (Batch(f"001-site-{number:06}", place, Limits(), (TASK,), 0, folder) for number in range(count))
    rows: list[ManifestRow] = []
    for row in engine.run(work, LARGE):
        if is_traced and not rows:
            tracemalloc.start()
        rows.append(row)
        for path in row.files.values():
            os.unlink(path)  # as the rows of tables that are built from nothing are appended at once
    kept, _ = tracemalloc.get_traced_memory()
    print(largest_resident_set(), len(tables), kept // count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), is_traced="--trace" in sys.argv)
