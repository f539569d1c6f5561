"""Hands the results of stages on from the thread that takes them to one that follows."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, Literal, Protocol, TypeVar

from etl_project.checks.check import CheckResult, Stage
from etl_project.database.publish import Published
from etl_project.database.work_file import WorkFile
from etl_project.errors import is_query_interrupt
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.read_files import Report
from etl_project.refresh.refresh import Refresh
from etl_project.refresh.request import Request
from etl_project.refresh.result import TablesLoaded
from etl_project.refresh.stages import Stages
from etl_project.settings import Settings

R = TypeVar("R")

What = Literal["result", "error", "end", "stop"]
"""What followers learn: the result of a key, an error in its place, that there will be no more and why, or to stop."""


FINDINGS, PAGE = "findings", "page"
"""Keys of what is found in the published file, and of the page that is written of it: no stages of a refresh, but they
are handed on, too."""


class NeverTaken(Exception):
    """A result is asked for of a stage that the refresh did not come to."""


class Hand(Protocol):
    """Through what a result goes: the one side makes it and leaves it there, the other waits for it."""

    def __call__(self, key: str, make: Callable[[], R], /) -> R:
        """Take a result.

        Args:
            key: what it is the result of; the same one may come several times, as a stage may be tried again.
            make: makes it.

        Raises:
            BaseException: what the making raised, on both sides.
        """


class Results:
    """The results of the stages of one refresh. `lead` is for the thread that takes them; each follower gets a hand."""

    def __init__(self, refresh: Refresh, queries: Mapping[str, Sequence[str]]) -> None:
        """Prepare to hand on.

        Args:
            refresh: the refresh.
            queries: key -> queries of the work file whose rows the follower will ask for; they are read as soon as the
                result of that key is there, by the thread that leads: a reader of its own might have the file open as
                it is closed or published.
        """
        self._refresh = refresh
        self._queries = queries
        self._lock = threading.Lock()
        self._futures: dict[tuple[str, int], Future[Any]] = {}
        self._led: Counter[str] = Counter()
        self._end: BaseException | None = None
        self._is_stopped = False
        self.tell: Callable[[What, str, Any], None] = lambda what, key, value: None
        """Called with all that followers learn, for those in another process: what it is, its key, and its value."""

    def lead(self, key: str, make: Callable[[], R], /) -> R:
        """Make a result, and leave it for the followers, be it an error."""
        made = self._make(key, make)
        for query in self._queries.get(key, ()):
            try:
                self._make(query, partial(self._refresh.select, query))
            except Exception as error:
                # Rows are for pages: who shows them meets the error, and the refresh goes on.
                if is_query_interrupt(error):
                    raise
        return made

    def follower(self) -> Hand:
        """A hand that gets every result from the first on, and waits for those that are not there yet."""
        followed: Counter[str] = Counter()

        def follow(key: str, make: Callable[[], R], /) -> R:
            followed[key] += 1
            if self._is_stopped:
                raise KeyboardInterrupt
            result: R = self._future(key, followed[key]).result()
            return result

        return follow

    def end(self, reason: BaseException | None = None) -> None:
        """Let nobody wait for what will not come: they get the reason, if there is one, and else `NeverTaken`."""
        self.tell("end", "", reason)
        with self._lock:
            self._end = reason or NeverTaken("the refresh ended before that")
            waiting: Iterable[Future[Any]] = [future for future in self._futures.values() if not future.done()]
        for future in waiting:
            future.set_exception(self._end)

    def stop(self) -> None:
        """Interrupt the followers at their next step, whatever is there for them."""
        self.tell("stop", "", None)
        self._is_stopped = True

    def hear(self, what: What, key: str, value: Any) -> None:
        """Take over what another one tells."""
        if what == "end":
            self.end(value)
        elif what == "stop":
            self.stop()
        elif what == "error":
            with suppress(BaseException):  # the follower gets it
                self.lead(key, partial(_fail, value))
        else:
            self.lead(key, lambda: value)

    def _make(self, key: str, make: Callable[[], R]) -> R:
        self._led[key] += 1
        future = self._future(key, self._led[key])
        try:
            result = make()
        except BaseException as error:
            self.tell("error", key, error)
            future.set_exception(error)
            raise
        self.tell("result", key, result)
        future.set_result(result)
        return result

    def _future(self, key: str, number: int) -> Future[Any]:
        with self._lock:
            is_new = (key, number) not in self._futures
            future = self._futures.setdefault((key, number), Future())
            if is_new and self._end:
                future.set_exception(self._end)
            return future


def _fail(error: BaseException) -> None:
    raise error


class HandedOn:
    """A refresh whose stages go through a hand: the same on the side that takes them, and on the side that follows.

    Of the work file, a follower may use the files beside it, and never a connection.
    """

    def __init__(self, refresh: Refresh, hand: Hand) -> None:
        self._refresh = refresh
        self._hand = hand

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self._refresh.settings

    @property
    def ask(self) -> Request:
        """What is asked of the refresh."""
        return self._refresh.ask

    @property
    def work(self) -> WorkFile:
        """The work file."""
        return self._refresh.work

    @property
    def stages(self) -> Stages:
        """Which stage the refresh is in, and how long each took."""
        return self._refresh.stages

    def again(self, **options: Any) -> HandedOn:
        """The same: who leads decides what is asked for."""
        return self

    def skipped_outages(self) -> dict[str, str]:
        """As `Refresh.skipped_outages`: it reads a record that no later stage writes."""
        return self._refresh.skipped_outages()

    def plan(self) -> RefreshPlan:
        """As `Refresh.plan`."""
        return self._hand("plan", self._refresh.plan)

    def load_tables(self, plan: RefreshPlan, report: Report | None = None) -> TablesLoaded:
        """As `Refresh.load_tables`."""
        return self._hand("load_tables", partial(self._refresh.load_tables, plan, report))

    def count_rows(self) -> dict[str, int]:
        """As `Refresh.count_rows`."""
        return self._hand("count_rows", self._refresh.count_rows)

    def run_checks(self, stage: Stage) -> list[CheckResult]:
        """As `Refresh.run_checks`."""
        return self._hand(f"run_checks {stage}", partial(self._refresh.run_checks, stage))

    def relate(self) -> dict[str, int]:
        """As `Refresh.relate`."""
        return self._hand("relate", self._refresh.relate)

    def build_aggregates(self, names: Iterable[str] | None = None) -> dict[str, int]:
        """As `Refresh.build_aggregates`."""
        return self._hand("build_aggregates", partial(self._refresh.build_aggregates, names))

    def publish(self) -> Published:
        """As `Refresh.publish`."""
        return self._hand("publish", self._refresh.publish)

    def select(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """As `Refresh.select`."""
        return self._hand(query, partial(self._refresh.select, query))
