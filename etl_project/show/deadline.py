"""Stops the queries of a connection that run too long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from etl_project.errors import UserError

_SECONDS_BETWEEN_INTERRUPTS = 0.01


class TookTooLong(UserError):
    """A query was stopped at its deadline."""


@contextmanager
def deadline(con: duckdb.DuckDBPyConnection, seconds: float, sentence: str) -> Iterator[None]:
    """Interrupt the queries of a connection when so many seconds are over.

    Args:
        con: the connection.
        seconds: longest that all queries within may take together.
        sentence: what to say then.

    Raises:
        TookTooLong: a query was stopped.
    """
    is_over = threading.Event()

    def stop() -> None:
        if not is_over.wait(seconds):
            # An interrupt between two statements has no effect: it is repeated until one is stopped.
            while not is_over.wait(_SECONDS_BETWEEN_INTERRUPTS):
                con.interrupt()

    timer = threading.Thread(target=stop, daemon=True)
    timer.start()
    try:
        yield
    except duckdb.InterruptException:
        raise TookTooLong(sentence) from None
    finally:
        is_over.set()
        timer.join()
