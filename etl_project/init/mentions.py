"""Markup that names things: which attribute holds the key, and what of its value is the key."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from etl_project.init.patterns import FEWEST_POSTS, escaped
from etl_project.init.sample import Marked, SampledPost
from etl_project.sources.source import MentionRule

SHARE = 0.05
"""Share of the sampled posts in which the markup must stand."""

_FEWEST_ELEMENTS = 8
_FEWEST_KEYS = 3
_LONGEST_VALUE = 64
_SAME_LABEL = 0.7
"""Part of the elements of one key that must have the label most of them have: the same thing has the same name."""
_SPLIT_SHARE = 0.1
"""Part of the elements whose keys must begin with the same letters before they are a kind of their own."""

_TOKEN = re.compile(r"[0-9A-Za-z_.\u0080-\U0010ffff-]+")
_LETTERS_DIGITS = re.compile(r"([A-Za-z]{2,6})[-_.]?[0-9]+")
# Attributes of scripts and styles, by the words in their names.
_NOT_ENTITIES = re.compile(
    r"\b(?:src|srcset|href|url|lang|language|toc|toggle|target|theme|style|class|width|height|align|title|alt|caption"
    r"|line|lines|offset|level|index|position|footnote|role|filename|src2|w|h|size|ratio|rel|color|speed|dismiss"
    r"|parent|placement|conversation|dnt|cards|id|type|value|key|number|order|count|lazy|original|image|img|video)\b"
)
_KINDS = (
    "stock|share|ticker|fund|bond|index|board|currency|coin|person|people|author|user|company|organisation|organization"
    "|place|city|country|location|product|brand|book|film|movie|game|song|album|artist|card|team|player|ship|species"
    "|gene|package|module|term|topic|event|symbol"
)
_KIND = re.compile(rf"(?<![a-z])({_KINDS})(?![a-z])")


@dataclass(frozen=True, slots=True)
class MentionProposal:
    """A rule for mentions, and why it is proposed."""

    rule: MentionRule
    example: str
    """One value of the attribute with its label."""
    found: int
    """Posts of the sample that have it."""
    keys: int
    """Different keys seen."""


@dataclass(frozen=True, slots=True)
class _Key:
    """How the key is cut out of a value: whole, or a token with what stands around it."""

    attribute: str
    before: tuple[str, ...]
    """Patterns of what may stand before it."""
    after: tuple[str, ...]
    """Patterns of what anything that stands after it begins with."""
    characters: str
    """Pattern of one character of it."""

    def rule(self, *, only: str = "", never: str = "") -> str:
        """Write the `key` of a rule.

        Args:
            only: letters that every key begins with.
            never: letters and a digit that no key begins with.
        """
        if not (self.before or self.after or only or never):
            return self.attribute
        before = f"(?:{'|'.join(self.before)})?" if self.before else ""
        key = f"{only}[0-9]+" if only else f"{never}{self.characters}+"
        after = (
            f"(?:(?:{'|'.join(self.after)}).*)?"
            if len(self.after) > 1
            else f"(?:{self.after[0]}.*)?"
            if self.after
            else ""
        )
        return f"{self.attribute}~{before}({key}){after}"


def propose_mentions(posts: Sequence[SampledPost]) -> list[MentionProposal]:
    """Propose rules for the attributes that name things.

    An attribute names things where many elements have it and the same key always has the same label. Of attributes
    that stand on the same elements, the most frequent is enough.

    Args:
        posts: the sample.
    """
    elements: dict[str, list[Marked]] = defaultdict(list)
    holders: dict[str, set[str]] = defaultdict(set)
    for post in posts:
        for one in post.marked:
            if _may_name(one):
                elements[one.attribute].append(one)
                holders[one.attribute].add(post.path)
    proposals: list[MentionProposal] = []
    taken: set[str] = set()
    for attribute in sorted(elements, key=lambda name: (-len(elements[name]), name)):
        fewest = max(FEWEST_POSTS, SHARE * len(posts))
        if len(elements[attribute]) < _FEWEST_ELEMENTS or len(holders[attribute]) < fewest:
            continue
        if len(holders[attribute] & taken) * 5 >= 4 * len(holders[attribute]):
            continue
        found = _proposals(attribute, elements[attribute], posts)
        if found:
            taken |= holders[attribute]
            proposals += found
    return proposals


def _may_name(one: Marked) -> bool:
    words = one.attribute.removeprefix("data-").replace("-", " ").replace("_", " ")
    return len(one.value) <= _LONGEST_VALUE and not _NOT_ENTITIES.search(words) and bool(_TOKEN.search(one.value))


def _proposals(attribute: str, elements: Sequence[Marked], posts: Sequence[SampledPost]) -> list[MentionProposal]:
    key = _key_of(attribute, elements)
    cut = re.compile(key.rule().partition("~")[2] or "(.+)")
    keyed = [(match[1], one) for one in elements if (match := cut.fullmatch(one.value))]
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for name, one in keyed:
        if one.label:
            labels[name][one.label] += 1
    named = sum(counter.total() for counter in labels.values())
    agreeing = sum(counter.most_common(1)[0][1] for counter in labels.values())
    distinct = len({counter.most_common(1)[0][0] for counter in labels.values()})
    if len(labels) < _FEWEST_KEYS or distinct * 2 < len(labels) or agreeing < _SAME_LABEL * named:
        return []
    starts = Counter(match[1] for name, _ in keyed if (match := _LETTERS_DIGITS.fullmatch(name)))
    own = [start for start, count in sorted(starts.items()) if _SPLIT_SHARE * len(keyed) <= count < 0.9 * len(keyed)]
    never = f"(?!(?:{'|'.join(own)})[0-9])" if own else ""
    proposals: list[MentionProposal] = []
    for start in ("", *own):
        is_of = re.compile(f"{start}[0-9]+" if start else f"{never}.+")
        group = [(name, one) for name, one in keyed if is_of.fullmatch(name)]
        example = next((one for _, one in group if one.label), None)
        if example is None:
            continue
        kind = _kind_of([one for _, one in group], start.lower() or attribute.removeprefix("data-"))
        if any(proposal.rule.kind == kind for proposal in proposals):
            kind = start.lower()
        rule = MentionRule(kind, f"[{attribute}]", key.rule(only=start, never="" if start else never))
        values = {one.value for _, one in group}
        found = sum(any(m.attribute == attribute and m.value in values for m in post.marked) for post in posts)
        proposals.append(MentionProposal(rule, f"{example.value} ({example.label})", found, len({n for n, _ in group})))
    return proposals


def _kind_of(elements: Sequence[Marked], otherwise: str) -> str:
    """Take the kind from the names the site gives its markup, where enough of it says so."""
    words: Counter[str] = Counter(word for one in elements for word in set(_KIND.findall(one.names.replace("_", " "))))
    if words:
        word = min(words, key=lambda word: (-words[word], word))
        if words[word] * 3 >= len(elements):
            return word
    return re.sub(r"\W+", "_", otherwise)


def _key_of(attribute: str, elements: Sequence[Marked]) -> _Key:
    """Learn from all values where the key stands.

    Values are told apart by what separates their parts (`1,600160`, `600160|1|2`). Of the parts, the key is the one
    that differs most from element to element.
    """
    forms: dict[tuple[str, ...], list[list[str]]] = defaultdict(list)
    for value in sorted({one.value for one in elements}):
        forms[tuple(_TOKEN.split(value))].append(_TOKEN.findall(value))
    before: dict[str, None] = {}
    after: dict[str, None] = {}
    keys: set[str] = set()
    for separators, rows in sorted(forms.items(), key=lambda item: (-len(item[1]), item[0])):
        columns = list(zip(*rows, strict=True))
        place = max(range(len(columns)), key=lambda i: (len(keys & set(columns[i])), len(set(columns[i])), -i))
        keys.update(columns[place])
        start = "".join(escaped(separators[i]) + _tokens(columns[i]) for i in range(place)) + escaped(separators[place])
        if start:
            before[start] = None
        if rest := separators[place + 1]:
            after[escaped(rest[0])] = None
    characters = "[0-9A-Za-z_.]" if all(re.fullmatch("[0-9A-Za-z_.]+", key) for key in keys) else r"[^\s,|;:/]"
    if any("-" in key for key in keys):
        characters = r"[^\s,|;:/]"
    return _Key(attribute, tuple(before), tuple(after), characters)


def _tokens(column: Sequence[str]) -> str:
    if len(set(column)) == 1 and not column[0].isdigit():
        return escaped(column[0])
    return "[0-9]+" if all(token.isdigit() and token.isascii() for token in column) else r"[^\s,|;:/]+"
