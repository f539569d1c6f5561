"""How a process that runs batches prepares itself, whoever started it."""

from __future__ import annotations

import gc
import threading
from contextlib import suppress
from importlib import import_module

ONE_THREAD = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""Environment of such a process. There is one for each core: threads of its own would only take turns with those of the
others."""

_BOTH_NEED = ("duckdb", "polars")
"""What a plan and a reader of posts import: before there are two threads, as Python gives up where each waits for the
other. That may happen to two that import a package and one of its modules; a test holds that this is all."""


def prepare_worker() -> None:
    """Import what reads posts, and leave the garbage to whoever runs batches, to be collected after each."""
    import etl_project.engines.stage  # noqa: F401

    # Reading a post leaves few cycles behind: looking for them again and again took a tenth of the time.
    gc.freeze()
    gc.disable()


def import_beside() -> None:
    """Begin to import what reads posts, in a thread: most of that time DuckDB is at work, which needs no interpreter.

    Who reads the first post waits for the rest of it, and meets the error where something cannot be imported.
    """
    for name in _BOTH_NEED:
        import_module(name)
    with suppress(RuntimeError):  # there may be no more threads
        threading.Thread(target=_import_quietly, name="imports what reads posts", daemon=True).start()


def _import_quietly() -> None:
    with suppress(Exception):
        import etl_project.engines.stage  # noqa: F401
