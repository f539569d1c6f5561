"""How a process that runs batches prepares itself, whoever started it."""

from __future__ import annotations

import gc

ONE_THREAD = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""Environment of such a process. There is one for each core: threads of its own would only take turns with those of the
others."""


def prepare_worker() -> None:
    """Import what reads posts, and leave the garbage to whoever runs batches, to be collected after each."""
    import etl_project.engines.stage  # noqa: F401

    # Reading a post leaves few cycles behind: looking for them again and again took a tenth of the time.
    gc.freeze()
    gc.disable()
