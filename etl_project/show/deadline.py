"""Stops the queries of a connection that run too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

from etl_project.errors import UserError

GRACE_SECONDS = 3
_SECONDS_BETWEEN_INTERRUPTS = 0.01


class TookTooLong(UserError):
    """A query was stopped at its deadline."""


@contextmanager
def deadline(
    con: duckdb.DuckDBPyConnection, seconds: float, sentence: str, give_up: Callable[[], object] | None = None
) -> Iterator[None]:
    """Interrupt the queries of a connection when so many seconds are over.

    Args:
        con: the connection.
        seconds: longest that all queries within may take together.
        sentence: what to say then.
        give_up: called from a thread where no interrupt had an effect for `GRACE_SECONDS`: one step of a query, such as
            a text of a gigabyte, heeds none.

    Raises:
        TookTooLong: a query was stopped.
    """
    is_over = threading.Event()

    def stop() -> None:
        if not is_over.wait(seconds):
            # An interrupt between two statements has no effect: it is repeated until one is stopped.
            until = time.monotonic() + GRACE_SECONDS
            while not is_over.wait(_SECONDS_BETWEEN_INTERRUPTS):
                con.interrupt()
                if give_up is not None and time.monotonic() > until:
                    give_up()
                    return

    timer = threading.Thread(target=stop, daemon=True)
    timer.start()
    try:
        yield
    except duckdb.InterruptException:
        raise TookTooLong(sentence) from None
    finally:
        is_over.set()
        timer.join()
