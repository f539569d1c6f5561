"""Runs a law on histories of a state machine: one that is written down, or many random ones that are ever others."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.stateful import (
    INITIALIZE_RULE_MARKER,
    RULE_MARKER,
    RuleBasedStateMachine,
    run_state_machine_as_test,
)

SEQUENCES = int(os.environ.get("ETL_LAW_SEQUENCES", "1000"))
"""Random histories of a proof, over all machines and shards of its law together."""

SHARDS = 4
"""Parts of a proof of one machine, so that no core waits for the last one."""

STEPS = 14
"""Most steps of one history."""

Step = tuple[str, dict[str, Any]]
"""A step that is written down: the name of its rule, and the values it is given."""

EXAMPLES = DirectoryBasedExampleDatabase(Path(__file__).parents[2] / ".hypothesis/examples")
"""Where a history that failed is kept, to be replayed first by the next run of its proof."""


def replay(machine: type[RuleBasedStateMachine], steps: Iterable[Step]) -> None:
    """Take the steps of a history and end it, as the law of the machine demands.

    Unlike random histories, what a machine demands between two steps is no part of it: a step says so by its name.
    """
    history = machine()
    try:
        for name, values in steps:
            getattr(history, name)(**values)
    finally:
        history.teardown()


def rules_not_taken(machine: type[RuleBasedStateMachine], steps: Iterable[Step]) -> set[str]:
    """Names of the rules of a machine that none of the steps takes."""
    taken = {name for name, _ in steps}
    return {
        name
        for name, member in inspect.getmembers(machine)
        if (hasattr(member, RULE_MARKER) or hasattr(member, INITIALIZE_RULE_MARKER)) and name not in taken
    }


def run_random_histories(machine: type[RuleBasedStateMachine], machines: int, shard: int) -> None:
    """Run one shard of a proof, whose histories are others in every run; those that failed before are the first.

    Args:
        machine: what happens in a history.
        machines: how many machines share the histories of the law.
        shard: number of the shard, from 0.
    """
    # A name of its own, as Hypothesis keeps failures by the name of the machine.
    run_state_machine_as_test(
        type(f"{machine.__name__}{shard}", (machine,), {}),
        settings=settings(
            derandomize=False,
            database=EXAMPLES,
            max_examples=-(-SEQUENCES // (machines * SHARDS)),
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
