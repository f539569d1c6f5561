"""Results of stages go from the thread that takes them to one that follows, each once and in the order of the calls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from etl_project.refresh import Refresh
from etl_project.refresh.handed_on import NeverTaken, Results


class Rows:
    """Answers a query as a refresh does."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def select(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        if self.error:
            raise self.error
        return ["query"], [(query,)]


def results(error: Exception | None = None) -> Results:
    return Results(cast(Refresh, Rows(error)), {"load": ["FROM articles"]})


def fail(error: BaseException) -> Callable[[], None]:
    def make() -> None:
        raise error

    return make


def never() -> None:
    pytest.fail("who follows makes nothing")


def test_each_follower_gets_what_was_made_from_the_first_on_and_waits_for_what_is_to_come() -> None:
    handed = results()
    with pytest.raises(OSError, match="away"):
        handed.lead("plan", fail(OSError("away")))
    assert handed.lead("plan", lambda: 2) == 2
    got: list[object] = []

    def follow() -> None:
        hand = handed.follower()
        with pytest.raises(OSError, match="away"):
            hand("plan", never)
        got.extend([hand("plan", never), hand("load", never), hand("FROM articles", never)])

    threads = [threading.Thread(target=follow) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert handed.lead("load", lambda: "loaded") == "loaded"
    for thread in threads:
        thread.join(20)
    assert got.count(2) == got.count("loaded") == got.count((["query"], [("FROM articles",)])) == 2


@pytest.mark.parametrize("reason", [KeyboardInterrupt(), None])
def test_nobody_waits_for_what_will_not_come(reason: BaseException | None) -> None:
    handed, told = results(), list[BaseException]()

    def follow() -> None:
        try:
            handed.follower()("load", never)
        except BaseException as error:
            told.append(error)

    waiting = threading.Thread(target=follow)
    waiting.start()
    handed.end(reason)
    waiting.join(20)
    follow()
    assert [type(error) for error in told] == [type(reason) if reason else NeverTaken] * 2


def test_rows_that_cannot_be_read_are_no_fault_of_the_refresh_and_a_ctrl_c_is_one() -> None:
    handed = results(ValueError("no such column"))
    assert handed.lead("load", lambda: 1) == 1
    with pytest.raises(ValueError, match="no such column"):
        handed.follower()("FROM articles", never)
    with pytest.raises(RuntimeError, match="Query interrupted"):
        results(RuntimeError("Query interrupted")).lead("load", lambda: 1)


def test_who_is_stopped_is_interrupted_whatever_there_is() -> None:
    handed = results()
    handed.lead("load", lambda: 1)
    handed.stop()
    with pytest.raises(KeyboardInterrupt):
        handed.follower()("load", never)
