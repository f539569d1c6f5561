"""What ends many posts alike: the same words, or the same words around a part that varies."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from etl_project.init.patterns import FEWEST_POSTS, Proposal, covers, escaped, selector_of
from etl_project.init.sample import Block, SampledPost
from etl_project.sources.source import Rule

TEXT_SHARE = 0.3
"""Share of the sampled posts that must end with a text before it is furniture."""
VARYING_SHARE = 0.5
"""The same where a part of the text varies."""
LINKS_SHARE = 0.1
"""Share for a block of links and nothing else: authors end their texts with other words than menus."""
VARYING_LINKS_SHARE = 0.2
"""The same where a part of it varies."""

_MOST_RULES = 8
_MOST_COMPARED = 40
"""Different texts of one tag that are compared with each other."""
_LONGEST = 300
"""Characters above which a block is no footer."""
_LEAST_WEIGHT = 8
"""Letters that a footer must have in common, a Han character or kana counting as two."""
_FEWEST_VARYING = 5
"""Posts that a shape must be seen in where a part of it varies."""
_LEAST_COMMON = 0.75
"""Part of a text, not of links or credits, that must be common where another part varies; less, and somebody wrote it
for that post."""
_NOT_FURNITURE = frozenset(("pre", "td"))
_WIDE = re.compile("[\u2e80-\u312f\u3190-\ua4cf\uac00-\ud7a3\uf900-\ufaff]")
_WORD = re.compile(r"[^\W_]")
_LABEL = re.compile(r"(?:(?<=\s)|\A)[^\W\d_][^\s:：]{0,15}[:：]")


class _Shape(NamedTuple):
    """Words that texts of one tag have in common, in order, with anything between them."""

    tag: str
    is_links: bool
    fixed: tuple[str, ...]
    is_credits: bool = False
    """The words are labels: names stand between them."""

    @property
    def varies(self) -> bool:
        """Whether anything stands between the words."""
        return len(self.fixed) > 1

    def fewest(self, posts: int) -> float:
        """Posts, of all those sampled, that must end like this."""
        if not self.varies:
            is_brief = _weight(self.fixed[0]) < _LEAST_WEIGHT
            share = LINKS_SHARE if self.is_links else VARYING_SHARE if is_brief else TEXT_SHARE
            return max(FEWEST_POSTS, share * posts)
        share = VARYING_LINKS_SHARE if self.is_links else TEXT_SHARE if self.is_credits else VARYING_SHARE
        return max(_FEWEST_VARYING, share * posts)


def propose_footers(posts: Sequence[SampledPost], known: Iterable[Proposal]) -> list[Proposal]:
    """Propose rules for footers, from the last block upwards.

    Only what stands at the very end, or above nothing but furniture, is looked at: so a sentence that many posts
    have in their middle stays theirs.

    Args:
        posts: the sample.
        known: rules proposed already.

    Returns:
        Rules without a column, the lowest on the page first.
    """
    proposals: list[Proposal] = []
    rules = [proposal.rule for proposal in known]
    tails = [list(post.tail) for post in posts]
    while len(proposals) < _MOST_RULES:
        for tail in tails:
            while tail and any(covers(rule, tail[-1]) for rule in rules):
                tail.pop()
        ends = [tail[-1] for tail in tails if tail and _may_be_furniture(tail[-1])]
        best = _most_common(ends, len(posts))
        if best is None:
            return proposals
        pattern, blocks = best
        rule = Rule(selector_of(blocks), pattern)
        rules.append(rule)
        proposals.append(Proposal(rule, "The end of many posts", blocks[0].text))
    return proposals


def _may_be_furniture(block: Block) -> bool:
    return block.tag not in _NOT_FURNITURE and len(block.text) <= _LONGEST


def _most_common(ends: Sequence[Block], posts: int) -> tuple[str, list[Block]] | None:
    """Find the shape that most of the last blocks have; of equals, the one that says most."""
    best: tuple[tuple[float, int], str, list[Block]] | None = None
    for shape in _shapes(ends):
        alike = [block for block in ends if block.tag == shape.tag and block.is_links == shape.is_links]
        pattern = _pattern(shape, [block.text for block in alike])
        if pattern is None:
            continue
        compiled = re.compile(pattern)
        blocks = [block for block in alike if compiled.fullmatch(block.text)]
        if len(blocks) < shape.fewest(posts):
            continue
        # A part that varies has to bring in a tenth more posts than the same words without it.
        rank = (len(blocks) / (1.1 if shape.varies else 1), _weight("".join(shape.fixed)))
        if best is None or rank > best[0]:
            best = rank, pattern, blocks
    return best and best[1:]


def _shapes(ends: Sequence[Block]) -> list[_Shape]:
    texts: dict[tuple[str, bool], Counter[str]] = defaultdict(Counter)
    for block in ends:
        texts[block.tag, block.is_links][block.text] += 1
    shapes: dict[_Shape, None] = {}
    for (tag, is_links), counter in texts.items():
        frequent = [text for text, _ in sorted(counter.items(), key=lambda item: (-item[1], item[0]))][:_MOST_COMPARED]
        for i, text in enumerate(frequent):
            shapes[_Shape(tag, is_links, (text,))] = None
            if labels := _labels(text):
                shapes[_Shape(tag, is_links, (*labels, ""), is_credits=True)] = None
            for other in frequent[i + 1 :]:
                prefix, suffix = _common(text, other)
                if prefix and _weight(prefix + suffix) >= _LEAST_WEIGHT:
                    shapes[_Shape(tag, is_links, (prefix, suffix))] = None
    return list(shapes)


def _labels(text: str) -> tuple[str, ...]:
    """Labels of a line of credits (`Author: A Translator: B`), if it starts with one and has more."""
    labels = _LABEL.findall(text)
    return tuple(labels) if len(labels) > 1 and text.startswith(labels[0]) else ()


def _common(one: str, other: str) -> tuple[str, str]:
    """Beginning and end that two texts share, cut where words end."""
    shorter = min(len(one), len(other))
    start = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    end = next((i for i in range(shorter - start) if one[-1 - i] != other[-1 - i]), shorter - start)
    prefix, suffix = one[:start], one[len(one) - end :]
    for text in (one, other):
        rest = text[len(prefix) :]
        if prefix and rest and _is_inside_word(prefix[-1], rest[0]):
            prefix = re.sub(r"[^\W_]+\Z", "", prefix) if not _WIDE.match(prefix[-1]) else prefix
        before = text[: len(text) - len(suffix)]
        if suffix and before and _is_inside_word(before[-1], suffix[0]):
            suffix = re.sub(r"\A[^\W_]+", "", suffix) if not _WIDE.match(suffix[0]) else suffix
    return prefix, suffix


def _is_inside_word(left: str, right: str) -> bool:
    return all(_WORD.match(char) and not _WIDE.match(char) for char in (left, right))


def _weight(text: str) -> int:
    return len(_WORD.findall(text)) + len(_WIDE.findall(text))


def _pattern(shape: _Shape, texts: Sequence[str]) -> str | None:
    """Write a pattern whose parts that vary are no longer than they were seen, or little longer."""
    fixed = list(map(escaped, shape.fixed))
    if not shape.varies:
        return fixed[0]
    compiled = re.compile("(.{0,100})".join(fixed))
    is_names = shape.is_credits or shape.is_links
    most = 200 if is_names else sum(map(len, shape.fixed)) * (1 / _LEAST_COMMON - 1)
    found = (match.groups() for text in texts if (match := compiled.fullmatch(text)))
    varying = {parts for parts in found if sum(map(len, parts)) <= most}
    if len(varying) < 2:
        return None
    pattern = fixed[0]
    for i, words in enumerate(fixed[1:]):
        longest = max(len(parts[i]) for parts in varying)
        pattern += f".{{0,{longest + max(5, longest // 2)}}}{words}"
    return pattern
