"""The code blocks of a README, and the commands in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def blocks(page: str, kind: str) -> list[str]:
    """Code blocks of a page at the root of the project: `sh`, `toml`, `text`."""
    return re.findall(rf"^```{kind}\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[str]:
    """Commands of a block, without the remarks behind them."""
    lines = block.removesuffix("\n").split("\n")
    return [command for line in lines if (command := re.sub(r"(^|\s+)#\s.*", "", line).strip())]
