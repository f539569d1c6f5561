"""Tasks of a cluster: a bounded number in flight, each counted once, whatever happens to those who run them."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator

import pytest
from fake_cluster import FakeCluster

from etl_project.engines import dispatch as module
from etl_project.engines.dispatch import MOST_LOSSES, Done, EngineUnavailable, MachineLost, dispatch
from etl_project.engines.halving import WorkerDied


def same(item: int) -> int:
    return item


def run(cluster: FakeCluster, items: Iterator[int] | range, in_flight: int = 4) -> list[tuple[int, object]]:
    """Each item with its result, or with the word for its death."""
    return [
        (item, outcome.value if isinstance(outcome, Done) else "died")
        for item, outcome in dispatch(cluster, operator.neg, items, same, lambda: in_flight)
    ]


def test_each_item_is_done_once_and_no_more_than_so_many_are_in_flight() -> None:
    cluster = FakeCluster()
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(50):
            taken.append(number)
            yield number

    done = dispatch(cluster, operator.neg, items(), same, lambda: 4)
    next(done)
    assert len(taken) == 4, "what is not in flight is not in memory either"
    assert sorted(item for item, _ in done) == list(range(1, 50))
    assert cluster.most_running == 4 and not cluster.running


def test_an_item_whose_worker_dies_is_named_and_the_others_are_done() -> None:
    cluster = FakeCluster(lambda item: WorkerDied() if item == 7 else None)
    assert dict(run(cluster, range(20))) == {number: -number if number != 7 else "died" for number in range(20)}


def test_a_task_whose_machine_goes_is_begun_anew_a_few_times() -> None:
    lost: Counter[int] = Counter()

    def lose(item: int) -> Exception | None:
        lost[item] += 1
        return MachineLost() if item == 3 and lost[item] <= MOST_LOSSES else None

    assert sorted(run(FakeCluster(lose), range(6))) == [(number, -number) for number in range(6)]
    assert lost[3] == MOST_LOSSES + 1
    with pytest.raises(EngineUnavailable, match="lost the machine of a task 4 times"):
        run(FakeCluster(lambda item: MachineLost()), range(2))


def test_a_task_that_is_slow_at_the_end_is_begun_a_second_time_and_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_SECONDS", 0)
    monkeypatch.setattr(module, "SLOW_TIMES", 0)
    cluster = FakeCluster(holds=lambda item, number: item == 2 and number == 2)
    done = run(cluster, range(10))
    assert sorted(done) == [(number, -number) for number in range(10)]
    assert 2 in cluster.cancelled and not cluster.running, "nobody waits for the first try any more"


def test_a_task_is_not_begun_twice_while_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_SECONDS", 0)
    monkeypatch.setattr(module, "SLOW_TIMES", 0)
    cluster = FakeCluster()
    steps = dispatch(cluster, operator.neg, range(100), same, lambda: 4)
    for _ in range(90):
        next(steps)
    assert next(cluster.numbers) == 93, "90 are done, and 3 in flight until the next is asked for"


def test_a_second_try_that_dies_does_not_count_while_the_first_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_SECONDS", 0)
    monkeypatch.setattr(module, "SLOW_TIMES", 0)
    deaths: list[int] = []
    cluster = FakeCluster()

    def fate(item: int) -> Exception | None:
        if item == 1 and not deaths:
            deaths.append(item)
            return WorkerDied()
        return None

    cluster.fate = fate
    cluster.holds = lambda item, number: item == 1 and number == 1 and not deaths
    assert sorted(run(cluster, range(4))) == [(number, -number) for number in range(4)]
    assert deaths == [1]


def test_who_stops_taking_results_leaves_no_task_behind() -> None:
    cluster = FakeCluster()
    done = dispatch(cluster, operator.neg, range(50), same, lambda: 4)
    next(done)
    done.close()
    assert not cluster.running and len(cluster.cancelled) == 3
