"""The rules of a source, ready to be asked about an element."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from etl_project.extract.body.selectors import Compound, compounds
from etl_project.sources.source import MentionRule, Rule


@dataclass(frozen=True, slots=True)
class Furniture:
    """What a `Rule` looks for in the text of an element, and the column it fills."""

    pattern: re.Pattern[str]
    column: str | None


@dataclass(frozen=True, slots=True)
class Entity:
    """Where a `MentionRule` finds the key of an entity."""

    kind: str
    attribute: str
    pattern: re.Pattern[str] | None

    def key(self, attributes: Mapping[str, str | None]) -> str | None:
        """Read the entity's key off an element's attributes; None when it names none."""
        written = (attributes.get(self.attribute) or "").strip()
        if self.pattern is None or not written:
            return written or None
        match = self.pattern.fullmatch(written)
        if match is None:
            return None
        return match[1 if self.pattern.groups else 0] or None


class Asked(NamedTuple):
    """What rules look for in one element, and find in its attributes."""

    furniture: tuple[Furniture, ...]
    entities: tuple[tuple[str, str], ...]
    """Kind and key of what it mentions, once each."""


_NOTHING = Asked((), ())
_ABSENT = "\0"
"""Stands for an attribute that is not there; the parser lets no NUL through."""
_REMEMBERED = 4_096
"""Answers that are kept: posts of a source mention the same things over and over."""
_SHORT = 256
"""Characters of the longest question whose answer is kept."""


class RuleBook:
    """All rules of a source.

    Args:
        rules: furniture of the site.
        mentions: markup that names entities.

    Raises:
        ValueError: a selector is not CSS or a pattern is not a regular expression; the message names it.
    """

    def __init__(self, rules: Sequence[Rule], mentions: Sequence[MentionRule]) -> None:
        asked: list[tuple[str, Furniture | Entity]] = [(rule.selector, _furniture(rule)) for rule in rules]
        asked += [(rule.selector, _entity(rule)) for rule in mentions]
        self._any_tag: list[tuple[Compound, Furniture | Entity]] = []
        self._by_tag: dict[str, list[tuple[Compound, Furniture | Entity]]] = {}
        self._looking_around: list[tuple[str, Furniture | Entity]] = []
        for selector, looked_for in asked:
            alone = compounds(selector)
            if alone is None:
                self._looking_around.append((selector, looked_for))
                continue
            for compound in alone:
                if compound.tag is None:
                    self._any_tag.append((compound, looked_for))
                else:
                    self._by_tag.setdefault(compound.tag, []).append((compound, looked_for))
        for found in self._by_tag.values():
            found += self._any_tag
        self._names = {tag: _attributes_of(found) for tag, found in self._by_tag.items()}
        self._names_of_any = _attributes_of(self._any_tag)
        self._answers: dict[tuple[str | None, ...], Asked] = {}
        # An element without attributes needs no matching: what it is asked for depends on its tag alone.
        self._bare = {tag: _asked(_unconditional(found), {}) for tag, found in self._by_tag.items()}
        self._bare_any = _asked(_unconditional(self._any_tag), {})
        self.tags = frozenset(self._by_tag)
        """Tags that interest a rule."""
        names = [{name for name, _, _ in compound.conditions} for compound, _ in self._any_tag]
        self.attributes = frozenset[str]().union(*names)
        """Attributes of which an element of any other tag must have one to interest a rule."""
        self.any_tag = not all(names)
        """Whether an element of any tag and without attributes can interest a rule."""

    def marked(self, root: LexborNode) -> dict[int, list[Furniture | Entity]]:
        """Ask a tree for the elements of selectors that look around themselves.

        Args:
            root: root of the tree.

        Returns:
            `mem_id` of an element -> what to look for there; empty for sources without such selectors.
        """
        marked: dict[int, list[Furniture | Entity]] = {}
        for selector, looked_for in self._looking_around:
            for node in root.css(selector):
                marked.setdefault(node.mem_id, []).append(looked_for)
        return marked

    def asked(self, tag: str, attributes: Mapping[str, str | None]) -> Asked:
        """Say what to look for in an element, by the rules that look at the element alone."""
        if not attributes:
            return self._bare.get(tag, self._bare_any)
        names = self._names.get(tag, self._names_of_any)
        question = (tag, *[attributes.get(name, _ABSENT) for name in names])
        answer = self._answers.get(question)
        if answer is None:
            looked_for = self._by_tag.get(tag, self._any_tag)
            answer = _asked([found for compound, found in looked_for if compound.matches(attributes)], attributes)
            if sum([len(part or "") for part in question]) <= _SHORT:
                if len(self._answers) >= _REMEMBERED:
                    self._answers.clear()
                self._answers[question] = answer
        return answer

    @staticmethod
    def asked_by_place(
        answer: Asked, looking_around: Sequence[Furniture | Entity], attributes: Mapping[str, str | None]
    ) -> Asked:
        """Add to an answer what the selectors that look around themselves look for in the element."""
        more = _asked(looking_around, attributes)
        return Asked(answer.furniture + more.furniture, tuple(dict.fromkeys(answer.entities + more.entities)))


def _asked(looked_for: Sequence[Furniture | Entity], attributes: Mapping[str, str | None]) -> Asked:
    if not looked_for:
        return _NOTHING
    furniture = tuple([rule for rule in looked_for if isinstance(rule, Furniture)])
    keys = {(rule.kind, rule.key(attributes)): None for rule in looked_for if isinstance(rule, Entity)}
    return Asked(furniture, tuple([(kind, key) for kind, key in keys if key is not None]))


def _attributes_of(asked: Sequence[tuple[Compound, Furniture | Entity]]) -> tuple[str, ...]:
    """Attributes that decide what is found: those of conditions, and those that hold keys."""
    names = {name for compound, _ in asked for name, _, _ in compound.conditions}
    names |= {rule.attribute for _, rule in asked if isinstance(rule, Entity)}
    return tuple(sorted(names))


def _unconditional(asked: list[tuple[Compound, Furniture | Entity]]) -> list[Furniture | Entity]:
    return [looked_for for compound, looked_for in asked if not compound.conditions]


def _furniture(rule: Rule) -> Furniture:
    return Furniture(_compiled(rule.pattern, re.DOTALL), rule.column)


def _entity(rule: MentionRule) -> Entity:
    attribute, tilde, pattern = rule.key.partition("~")
    return Entity(rule.kind, attribute.strip().lower(), _compiled(pattern, 0) if tilde else None)


def _compiled(pattern: str, flags: int) -> re.Pattern[str]:
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
