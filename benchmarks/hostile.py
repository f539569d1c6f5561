"""Measure the seconds and memory of hostile posts, whose bodies or front matter are made to be expensive.

Run `python -m benchmarks.hostile`. Each case is read in a process of its own, so that the peak memory is its own. The
growth is counted from the peak of the same process after it has read one small post.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.results import Result

HEAD = "---\ntitle: t\ndate: 2021-12-08\n"


def _yaml_aliases() -> str:
    lines = ["a0: &a0 [" + ",".join(["lol"] * 10) + "]"]
    lines += [f"a{n}: &a{n} [" + ",".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 10)]
    return HEAD + "\n".join(lines) + "\n---\nx\n"


def _yaml_merges() -> str:
    lines = ["m0: &m0 {k: v}"]
    lines += [f"m{n}: &m{n} {{<<: [" + ",".join([f"*m{n - 1}"] * 10) + "]}" for n in range(1, 10)]
    return HEAD + "\n".join(lines) + "\n---\nx\n"


CASES: dict[str, Callable[[], str]] = {
    "a line of 300,000 characters": lambda: HEAD + "---\n" + "字" * 300_000,
    "50,000 opening brackets": lambda: HEAD + "---\n" + "[" * 50_000,
    "50,000 opening emphases": lambda: HEAD + "---\n" + "*a " * 50_000,
    "50,000 backticks of growing runs": lambda: HEAD + "---\n" + " ".join("`" * (n % 300 + 1) for n in range(1_000)),
    "5,000 nested quotes": lambda: HEAD + "---\n" + "> " * 5_000 + "x",
    "50,000 nested divs": lambda: HEAD + "---\n" + "<div>" * 50_000 + "x",
    "30,000 nested YAML brackets": lambda: HEAD + "x: " + "[" * 30_000 + "]" * 30_000 + "\n---\nx\n",
    "an alias bomb": _yaml_aliases,
    "a merge bomb": _yaml_merges,
    "a 4 MB post of paragraphs": lambda: HEAD + "---\n" + ("沪指今日收涨，成交额放大。" * 12 + "\n\n") * 9_000,
    "a 4 MB post of linked paragraphs": lambda: (
        HEAD + "---\n" + "A [link](https://a.example/b) and some words.\n\n" * 85_000
    ),
}


def measure(name: str) -> dict[str, float | str]:
    """Read one case.

    Returns:
        `seconds`, `mebibytes` (by which the peak memory grew), and `ended`: `loaded`, or the reason of the rejection.
    """
    from etl_project.extract.posts import PostReader
    from etl_project.limits import Limits
    from etl_project.reasons import Rejection
    from etl_project.sources.folder import PinnedFolder
    from etl_project.sources.place import PinnedSource
    from etl_project.sources.source import Source

    nowhere = Path("/nowhere")
    source = Source("s", nowhere, dialect="jekyll", language="zh")
    reader = PostReader(PinnedSource(source, PinnedFolder(nowhere)), Limits())
    reader.read("_posts/2021-12-08-a.md", (HEAD + "---\nwords\n").encode())
    data = CASES[name]().encode()
    before = _peak_kibibytes()
    began = time.perf_counter()
    try:
        reader.read("_posts/2021-12-08-b.md", data)
        ended = "loaded"
    except Rejection as rejection:
        ended = rejection.reason
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "mebibytes": (_peak_kibibytes() - before) / 1024, "ended": ended}


def _peak_kibibytes() -> int:
    """Peak memory of this process. `ru_maxrss` would be that of the parent process if that was larger."""
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def hostile_rows(bench: object = None) -> Iterator[Result]:
    """Measure every case, each in a process of its own."""
    for name in CASES:
        command = [sys.executable, "-m", "benchmarks.hostile", name]
        process = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        row = json.loads(process.stdout)
        yield Result(name, f"{row['seconds']:.2f} s, the peak grows by {row['mebibytes']:.0f} MiB", note=row["ended"])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        for result in hostile_rows():
            print(f"{result.what}: {result.measured}, {result.note}")
