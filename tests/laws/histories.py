"""Runs a law: random histories of a state machine, few of them always the same, or many that are ever others."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

SEQUENCES = int(os.environ.get("ETL_LAW_SEQUENCES", "1000"))
"""Random histories of a proof, over all machines and shards of its law together."""

SHARDS = 4
"""Parts of a proof of one machine, so that no core waits for the last one."""

FEW_SEQUENCES = 6
"""Histories of one machine that the twin of a proof replays."""

FEW_SHARDS = 2

STEPS = 14
"""Most steps of one history."""

EXAMPLES = DirectoryBasedExampleDatabase(Path(__file__).parents[2] / ".hypothesis/examples")
"""Where a history that failed is kept, to be replayed first by the next run of its proof."""


def replay_few_histories(machine: type[RuleBasedStateMachine], shard: int) -> None:
    """Run one shard of the histories that are the same in every run."""
    _run(machine, shard, FEW_SEQUENCES // FEW_SHARDS, settings(derandomize=True))


def run_random_histories(machine: type[RuleBasedStateMachine], machines: int, shard: int) -> None:
    """Run one shard of a proof, whose histories are others in every run; those that failed before are the first.

    Args:
        machine: what happens in a history.
        machines: how many machines share the histories of the law.
        shard: number of the shard, from 0.
    """
    _run(machine, shard, -(-SEQUENCES // (machines * SHARDS)), settings(derandomize=False, database=EXAMPLES))


def _run(machine: type[RuleBasedStateMachine], shard: int, histories: int, chosen: settings) -> None:
    # A name of its own, as Hypothesis keeps failures by the name of the machine.
    of_shard = type(f"{machine.__name__}{shard}", (machine,), {})
    run_state_machine_as_test(
        seed(shard)(of_shard) if chosen.derandomize else of_shard,
        settings=settings(
            chosen,
            max_examples=histories,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
