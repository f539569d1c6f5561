"""Run the proofs at full size, section by section: what `make prove` does.

A section is every test marked `prove` with its name. One that passed leaves a stamp in `.prove/`, and is
not run again on the same code with the same sizes and Python, so that a proof of hours can be interrupted and resumed.

    python tests/prove.py                 # what has not passed on this code yet
    python tests/prove.py laws kills      # of these sections only
    python tests/prove.py --again         # also what has passed
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STAMPS = ROOT / ".prove"

SECTIONS = {
    "laws": "random histories end in the tables of one full build",
    "kills": "refreshes killed at random moments are healed by the next",
    "faults": "every entry point under every locale, umask and user",
    "soak": "writers, readers and two refreshers at once",
    "fuzz": "posts whose bytes were changed at random",
    "servers": "servers and runs that are killed or meet, and Dagster's own commands",
    "growth": "Dagster's records over many runs",
    "browser": "Dagster's pages in Chromium",
    "install": "the wheel in an empty environment and an empty folder",
    "objects": "objects of servers of S3 and Azure that others wrote",
    "lake": "lakes: drivers that are killed, and tables on servers of S3 and Azure that others wrote",
    "clients": "the published file in older versions of DuckDB",
    "ray": "posts read on a cluster of two nodes",
}
"""Section -> what it proves."""

SHARED_OUT = {"laws", "kills", "faults", "fuzz", "objects", "lake"}
"""Sections of many tests that take turns on every core; the others are alone on the machine."""

FUZZ_SECONDS = 600
"""How long atheris fuzzes, where it is installed."""

CODE = ("assets", "etl_project", "examples", "tests", "warehouse", "etl.toml", "pyproject.toml", "requirements.lock")
"""Files and folders on which a proof depends."""


def code_files(root: Path) -> Iterator[Path]:
    """Yield every file of the code, in an order that is always the same; built and hidden files are none of it."""
    for name in CODE:
        for path in sorted([root / name, *(root / name).rglob("*")]):
            inner = path.relative_to(root)
            is_hidden = any(part.startswith((".", "__pycache__")) for part in inner.parts)
            if path.is_file() and not is_hidden and path.suffix not in (".duckdb", ".wal"):
                yield path


def code_digest(root: Path = ROOT) -> str:
    """Digest of the code, of the Python that runs it, and of the sizes of the proofs that the environment sets."""
    digest = hashlib.sha256(sys.version.encode())
    for path in code_files(root):
        digest.update(f"{path.relative_to(root)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    for name, value in sorted(os.environ.items()):
        if name.startswith("ETL_"):
            digest.update(f"{name}={value}\0".encode())
    return digest.hexdigest()[:16]


def commands(section: str) -> list[list[str]]:
    """Return the commands that prove a section."""
    workers = ["--numprocesses", "auto", "--dist", "worksteal"] if section in SHARED_OUT else []
    options = ["--section", section, "--fail-without-tools", "-rs", "--durations=5"]
    # Ray is in an environment of its own, which .ci/run makes.
    python = os.environ.get("ETL_RAY_PYTHON", sys.executable) if section == "ray" else sys.executable
    found = [[python, "-m", "pytest", *options, *workers]]
    if section == "fuzz":
        if importlib.util.find_spec("atheris"):
            corpus = STAMPS / "corpus"
            limits = [f"-max_total_time={FUZZ_SECONDS}", "-timeout=10", "-rss_limit_mb=2048"]
            found.append([sys.executable, "tests/fuzz/fuzz_posts.py", str(corpus), *limits])
        else:
            print("atheris is not installed: the bytes are changed by Hypothesis alone", flush=True)
    return found


def is_proved(section: str) -> bool:
    """Run a section, its output on the terminal. Returns whether it passed; one without any test did not."""
    return all(subprocess.run(command, cwd=ROOT, check=False).returncode == 0 for command in commands(section))


def prove(sections: Sequence[str], *, again: bool) -> bool:
    """Run sections, and print the result and time of each.

    Args:
        sections: their names.
        again: whether to run also what has passed on this code.

    Returns:
        Whether none failed.
    """
    STAMPS.mkdir(exist_ok=True)
    results = {}
    for section in sections:
        # The code may change while a section runs: what was proved is the code that it began with.
        stamp = STAMPS / f"{section}-{code_digest()}"
        if stamp.exists() and not again:
            results[section] = f"passed on this code already ({stamp.read_text('utf-8')})"
            continue
        print(f"\n== {section}: {SECTIONS[section]}", flush=True)
        began = time.monotonic()
        passed = is_proved(section)
        minutes, seconds = divmod(round(time.monotonic() - began), 60)
        took = f"{minutes} min {seconds:02} s"
        results[section] = f"{'passed' if passed else 'FAILED'} in {took}"
        stamp.unlink(missing_ok=True)
        if passed:
            for old in STAMPS.glob(f"{section}-*"):
                old.unlink()
            stamp.write_text(f"in {took}, {time.strftime('%Y-%m-%d %H:%M')}", "utf-8")
    print("\n" + "\n".join(f"{section:8} {result}" for section, result in results.items()), flush=True)
    return not any(result.startswith("FAILED") for result in results.values())


def main() -> None:
    """Prove the sections that the command line names; all by default."""
    parser = argparse.ArgumentParser(description="Run the proofs at full size.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--again", action="store_true", help="also what has passed on this code")
    asked = parser.parse_args()
    names = [name for words in asked.sections for name in words.split(",")]
    if unknown := [name for name in names if name not in SECTIONS]:
        parser.error(f"there is no section {unknown[0]!r}: {', '.join(SECTIONS)}")
    sys.exit(0 if prove(names or list(SECTIONS), again=asked.again) else 1)


if __name__ == "__main__":
    main()
