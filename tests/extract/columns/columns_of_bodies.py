"""Compares bodies that are read by columns with the same bodies read one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from etl_project.extract.body.read import Body, BodyReader, Form
from etl_project.extract.columns.bodies import BodyColumns
from etl_project.extract.frames import BODIES
from etl_project.sources.source import MentionRule, Rule

RULES = (
    Rule("p.em_media", "（文章来源：(.+)）", "medium"),
    Rule("p", r"<>|((?:https?|javascript):\S*)", "original_url"),
    Rule("p", r"返回.+新闻\s*｜?\s*返回首页"),
    Rule("h2", r"(?s:(\w+)!)", "shout"),
)
MENTIONS = (
    MentionRule("stock", "[data-code]", r"data-code~(?:K )?(?:[0-9]+,)?((?!BK[0-9])[0-9A-Z._]+)(?:\|.*)?"),
    MentionRule("board", "[data-code]", r"data-code~(?:K )?(?:90,)?(BK[0-9]+)(?:\|.*)?"),
    MentionRule("page", "a.page", "href"),
)


def row_of(body: Body) -> dict[str, Any]:
    """The row of `BODIES` that a body should have, but for its place."""
    values = dict(body.values)
    row: dict[str, Any] = {
        "text": body.text,
        "original_url": values.pop("original_url", None),
        "medium": values.pop("medium", None),
        "extra": json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else "{}",
        "warnings": [warning.code for warning in body.warnings],
    }
    return row | {name: getattr(body, name) for name in BODIES if name not in row and name != "row"}


def share_read(reader: BodyReader, bodies: Sequence[str], form: Form = "markdown", *, more: int = 0) -> float:
    """Read bodies by columns, check what comes of it, and tell which share of them was read.

    Args:
        reader: the reader of single bodies.
        bodies: the bodies.
        form: their form.
        more: how often to repeat them, where there are too few to be read together.
    """
    bodies = [*bodies] * (1 + more)
    frame, others = BodyColumns(reader).read(bodies, form)
    assert frame.schema == BODIES
    assert sorted([*frame["row"], *others]) == list(range(len(bodies)))
    for row in frame.iter_rows(named=True):
        body = bodies[row.pop("row")]
        assert row == row_of(reader.read(body, form)), body
    for place, html in others.items():
        if html is not None:
            assert reader.read_html(html, bodies[place]) == reader.read(bodies[place], form)
    return len(frame) / max(1, len(bodies))


def read_one(reader: BodyReader, body: str, form: Form = "markdown") -> bool:
    """Read one body by columns, check what comes of it, and tell whether it was read at all."""
    share = share_read(reader, [body, "其他"], form, more=7)
    return share == pytest.approx(1)
