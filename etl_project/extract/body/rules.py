"""The rules of a source, compiled so that the rules for one element are found quickly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from etl_project.extract.body.selectors import Compound, compounds
from etl_project.sources.source import MentionRule, Rule

# Settings try their rules without a body at hand: the parser is not imported for that.
if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode


_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Furniture:
    """A compiled `Rule`: the pattern that the text of an element must match, and the column that it fills."""

    pattern: re.Pattern[str]
    column: str | None

    def store_value(self, match: re.Match[str], values: dict[str, str | None]) -> None:
        """Store what the pattern matched in the column that the rule fills, if it fills one."""
        if self.column is None:
            return
        value = match[1 if self.pattern.groups else 0]
        if self.column == "original_url" and not (value and _WEB_ADDRESS.fullmatch(value)):
            value = None
        values[self.column] = value


@dataclass(frozen=True, slots=True)
class Entity:
    """A compiled `MentionRule`: the attribute and the pattern that give the key of an entity."""

    kind: str
    attribute: str
    pattern: re.Pattern[str] | None

    def key(self, attributes: Mapping[str, str | None]) -> str | None:
        """Read the entity's key from an element's attributes; None when they hold no key."""
        written = (attributes.get(self.attribute) or "").strip()
        if self.pattern is None or not written:
            return written or None
        match = self.pattern.fullmatch(written)
        if match is None:
            return None
        return match[1 if self.pattern.groups else 0] or None


class ElementRules(NamedTuple):
    """The rules that apply to one element, and the entities that its attributes name."""

    furniture: tuple[Furniture, ...]
    entities: tuple[tuple[str, str], ...]
    """Kind and key of each entity that the element mentions, once each."""


_NO_RULES = ElementRules((), ())
_ABSENT_ATTRIBUTE = "\0"
"""Value in a cache key for an attribute that is absent; the parser lets no NUL through."""
_CACHED_ELEMENTS = 4_096
"""Elements whose rules are cached: posts of one source mention the same entities over and over."""
_CACHED_KEY_CHARACTERS = 256
"""Rules are not cached under a key of more characters."""


class RuleBook:
    """All rules of a source.

    Args:
        rules: furniture of the site.
        mentions: markup that names entities.

    Raises:
        ValueError: a selector is not CSS or a pattern is not a regular expression; the message names it.
    """

    def __init__(self, rules: Sequence[Rule], mentions: Sequence[MentionRule]) -> None:
        targets: list[tuple[str, Furniture | Entity]] = [(rule.selector, _make_furniture(rule)) for rule in rules]
        targets += [(rule.selector, _make_entity(rule)) for rule in mentions]
        self._any_tag: list[tuple[Compound, Furniture | Entity]] = []
        self._by_tag: dict[str, list[tuple[Compound, Furniture | Entity]]] = {}
        self._context_selectors: list[tuple[str, Furniture | Entity]] = []
        self.furniture_tags: set[str | None] = set()
        """Tags that may be furniture; None among them stands for any."""
        self.mention_attributes: set[str] = set()
        """Attributes that hold the keys of entities."""
        for selector, target in targets:
            compound_list = compounds(selector)
            if compound_list is None:
                self._context_selectors.append((selector, target))
                continue
            if isinstance(target, Entity):
                self.mention_attributes.add(target.attribute)
            for compound in compound_list:
                if isinstance(target, Furniture):
                    self.furniture_tags.add(compound.tag)
                if compound.tag is None:
                    self._any_tag.append((compound, target))
                else:
                    self._by_tag.setdefault(compound.tag, []).append((compound, target))
        for candidates in self._by_tag.values():
            candidates += self._any_tag
        self._attribute_names = {tag: _deciding_attributes(candidates) for tag, candidates in self._by_tag.items()}
        self._attribute_names_of_any = _deciding_attributes(self._any_tag)
        self._cache: dict[tuple[str | None, ...], ElementRules] = {}
        # An element without attributes that decide needs no matching: its rules depend on its tag alone.
        self._bare_rules = {
            tag: _make_element_rules(_unconditional_targets(candidates), {}) for tag, candidates in self._by_tag.items()
        }
        self._bare_rules_of_any = _make_element_rules(_unconditional_targets(self._any_tag), {})
        self.tags = frozenset(self._by_tag)
        """Tags that some rule names."""
        names = [{name for name, _, _ in compound.conditions} for compound, _ in self._any_tag]
        self.attributes = frozenset[str]().union(*names)
        """An element of any other tag can match a rule only if it has one of these attributes."""
        self.any_tag = not all(names)
        """Whether some rule matches elements of any tag, even without attributes."""
        self.depends_on_context = bool(self._context_selectors)
        """Whether some selector depends on other elements."""

    def match_in_context(self, root: LexborNode) -> dict[int, list[Furniture | Entity]]:
        """Find the elements that match selectors which depend on other elements (`div > p`).

        Args:
            root: root of the tree.

        Returns:
            `mem_id` of an element -> the targets that match it; empty for sources without such selectors.
        """
        matches: dict[int, list[Furniture | Entity]] = {}
        for selector, target in self._context_selectors:
            for node in root.css(selector):
                matches.setdefault(node.mem_id, []).append(target)
        return matches

    def find_rules(self, tag: str, attributes: Mapping[str, str | None]) -> ElementRules:
        """Find the rules for an element among those whose selectors depend on that element alone."""
        names = self._attribute_names.get(tag, self._attribute_names_of_any)
        if not attributes or names.isdisjoint(attributes):
            return self._bare_rules.get(tag, self._bare_rules_of_any)
        cache_key = (tag, *[attributes.get(name, _ABSENT_ATTRIBUTE) for name in names])
        rules = self._cache.get(cache_key)
        if rules is None:
            candidates = self._by_tag.get(tag, self._any_tag)
            matching = [target for compound, target in candidates if compound.matches(attributes)]
            rules = _make_element_rules(matching, attributes)
            if sum([len(part or "") for part in cache_key]) <= _CACHED_KEY_CHARACTERS:
                if len(self._cache) >= _CACHED_ELEMENTS:
                    self._cache.clear()
                self._cache[cache_key] = rules
        return rules

    @staticmethod
    def add_context_rules(
        rules: ElementRules, context_targets: Sequence[Furniture | Entity], attributes: Mapping[str, str | None]
    ) -> ElementRules:
        """Add the targets that `match_in_context` found for an element to its rules."""
        more = _make_element_rules(context_targets, attributes)
        return ElementRules(rules.furniture + more.furniture, tuple(dict.fromkeys(rules.entities + more.entities)))


def _make_element_rules(targets: Sequence[Furniture | Entity], attributes: Mapping[str, str | None]) -> ElementRules:
    """Sort the targets that match an element by kind, and read the keys of entities from its attributes."""
    if not targets:
        return _NO_RULES
    furniture = tuple([rule for rule in targets if isinstance(rule, Furniture)])
    keys = {(rule.kind, rule.key(attributes)): None for rule in targets if isinstance(rule, Entity)}
    return ElementRules(furniture, tuple([(kind, key) for kind, key in keys if key is not None]))


def _deciding_attributes(targets: Sequence[tuple[Compound, Furniture | Entity]]) -> frozenset[str]:
    """Names of the attributes that decide the rules: those in conditions, and those that hold keys."""
    names = {name for compound, _ in targets for name, _, _ in compound.conditions}
    names |= {rule.attribute for _, rule in targets if isinstance(rule, Entity)}
    return frozenset(names)


def _unconditional_targets(targets: list[tuple[Compound, Furniture | Entity]]) -> list[Furniture | Entity]:
    return [target for compound, target in targets if not compound.conditions]


def _make_furniture(rule: Rule) -> Furniture:
    return Furniture(_compile_pattern(rule.pattern, re.DOTALL), rule.column)


def _make_entity(rule: MentionRule) -> Entity:
    attribute, tilde, pattern = rule.key.partition("~")
    return Entity(rule.kind, attribute.strip().lower(), _compile_pattern(pattern, 0) if tilde else None)


def _compile_pattern(pattern: str, flags: int) -> re.Pattern[str]:
    """Compile a pattern of the settings; raises ValueError, which names it, if it is no regular expression."""
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
