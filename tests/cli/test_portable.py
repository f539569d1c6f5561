"""Errors of stages arrive in another process with their kind, their sentence, their trace and their cause."""

from __future__ import annotations

import pickle

import duckdb

from etl_project.cli.portable import error_of, pickled, portable
from etl_project.database.lock import LockHeld
from etl_project.errors import UserError
from etl_project.sources.signature import SourceUnavailable


class Keeps(UserError):
    """An error that is made of other arguments than it keeps."""

    def __init__(self, number: int, name: str) -> None:
        super().__init__(f"{number} of {name}")


def test_an_error_keeps_its_kind_its_trace_and_its_cause() -> None:
    try:
        raise OSError(28, "No space left on device") from SourceUnavailable("away")
    except OSError as error:
        arrived = error_of(portable(error))
    assert isinstance(arrived, OSError) and arrived.errno == 28
    assert isinstance(arrived.__cause__, SourceUnavailable) and "raise OSError(28" in arrived.__notes__[0]
    assert isinstance(error_of(portable(KeyboardInterrupt())), KeyboardInterrupt)


def test_an_error_that_cannot_be_made_again_keeps_its_sentence() -> None:
    for kept in (Keeps(1, "two"), LockHeld({"who": "a test", "pid": "1", "host": "here", "since": "now"})):
        arrived = error_of(portable(kept))
        assert isinstance(arrived, UserError) and str(arrived) == str(kept)

    class OfHere(Exception):
        pass

    assert str(error_of(portable(OfHere("a fault")))) == "OfHere: a fault"


def test_a_connection_is_left_out() -> None:
    with duckdb.connect() as con:
        assert pickle.loads(pickled({"rows": 3, "opened": con})) == {"rows": 3, "opened": None}
