"""Sampled text in, selectors and patterns of rules out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from etl_project.extract.body import BodyReader
from etl_project.init.sample import Block, SampledPost
from etl_project.sources.source import Rule

FEWEST_POSTS = 3
"""Posts in which something must stand before it is called repeated."""

_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")
_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule, and why it is proposed."""

    rule: Rule
    why: str
    """What was seen, in one sentence."""
    example: str
    """One text that it matches."""
    found: int = 0
    """Posts of the sample in which the reader of posts finds it."""


def escaped(text: str) -> str:
    """Write a text as a pattern that a person can still read: only what is special is escaped."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def selector_of(blocks: Sequence[Block]) -> str:
    """Name the elements: their tag, and the class that all of them share."""
    tag = Counter(block.tag for block in blocks).most_common(1)[0][0]
    shared = frozenset.intersection(*(block.classes for block in blocks))
    names = sorted(name for name in shared if _CLASS.fullmatch(name))
    return f"{tag}.{names[0]}" if names else tag


def covers(rule: Rule, block: Block) -> bool:
    """Say whether a rule made by `selector_of` leaves a block out."""
    tag, _, name = rule.selector.partition(".")
    is_meant = block.tag == tag and (not name or name in block.classes)
    return is_meant and re.fullmatch(rule.pattern, block.text, re.DOTALL) is not None


def posts_found(rule: Rule, posts: Sequence[SampledPost]) -> int:
    """Count the posts in which a rule leaves something out, as a refresh does it."""
    marked = Rule(rule.selector, rule.pattern, rule.column or "footer")
    reader = BodyReader((marked,))
    return sum(marked.column in reader.read(post.post.front_matter.body).values for post in posts)
