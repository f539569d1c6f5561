"""What a refresh keeps of the batches that others run: little, however many there are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 300_000_000
BATCHES = 50_000 * int(os.environ.get("ETL_RAY_POSTS", "20000")) // 20_000
"""Those of a hundred million posts; fewer where the lane of .ci/run asks for a smaller proof."""

ROW_BYTES = 2_000
"""So that 50,000 rows are a third of what may be taken; with what Python keeps of names for itself."""


def simulate(folder: Path, batches: int, *options: str) -> tuple[int, int]:
    """Largest resident set of a refresh with so many batches, and with --trace the bytes of a row of the manifest."""
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "tests/engines")))
    command = [
        sys.executable,
        str(Path(__file__).with_name("simulated_driver.py")),
        str(folder),
        str(batches),
        *options,
    ]
    ended = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    largest, tables, row = map(int, ended.stdout.split())
    assert tables > 10
    return largest, row


def test_a_batch_that_is_done_takes_a_few_hundred_bytes(tmp_path: Path) -> None:
    _, row = simulate(tmp_path, 2_000, "--trace")
    assert 50 < row < ROW_BYTES


@pytest.mark.prove("ray")
@pytest.mark.timeout(1_200)
def test_fifty_thousand_batches_stay_below_300_mb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    largest, _ = simulate(tmp_path, BATCHES)
    with capsys.disabled():
        print(f"\nlargest resident set with {BATCHES:,} batches: {largest / 1e6:.0f} MB")
    assert largest < MOST_BYTES
