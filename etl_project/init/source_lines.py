"""Lines that say where a post comes from: a label with a name or an address, or an address alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from etl_project.init.patterns import FEWEST_POSTS, Proposal, escaped, selector_of
from etl_project.init.sample import Block, SampledPost
from etl_project.sources.source import Rule

LABELLED_SHARE = 0.05
"""Share of the sampled posts that must have a labelled line: the label says enough, so few will do."""
ADDRESS_SHARE = 0.2
"""Share that must end with an address and nothing else: such a paragraph may also be part of a text."""
_MOST_RULES = 4
_LONGEST = 200
"""Characters above which a line is no source line."""

_LABELS = (
    "文章来源|信息来源|新闻来源|稿件来源|内容来源|资料来源|来源|稿源|出处|转载自|转自|原文链接|原文地址|原文出处|原文"
    "|文章來源|資料來源|新聞來源|來源|轉載自|原文連結|出典|引用元|情報源|元記事|ソース|출처"
    "|originally published (?:at|by|in|on)|originally posted (?:at|on)|original article|original post|original source"
    "|original|source|via|quelle|fuente|fonte|fontes|bron|kilde|källa|zdroj|źródło|kaynak|источник"
)
_LINE = re.compile(
    rf"(?P<before>[（(【\[「—–-]{{0,2}}\s?(?:本文)?)(?P<label>{_LABELS})(?P<colon>\s?[:：]\s?)"
    r"(?P<value>.*?)(?P<after>\s?[）)】\]」]?)",
    re.IGNORECASE | re.DOTALL,
)
_PAIRS = {"）": "（", ")": "(", "】": "【", "]": "[", "」": "「"}
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
# An empty pair of brackets, or a script, is what a generator writes that has no address to put there.
_ALONE = r"<>|((?:https?|javascript):\S*)"
# What a link to the source is called when its text does not say what the source is.
_SAYS_NOTHING = frozenset(("here", "link", "this", "url", "链接", "这里", "点击", "原文", "連結", "こちら"))


class _Form(NamedTuple):
    """How a site writes its source lines."""

    tag: str
    before: str
    label: str
    colon: str
    after: str


def propose_source_lines(posts: Sequence[SampledPost]) -> list[Proposal]:
    """Propose rules for `medium` and `original_url`.

    Args:
        posts: the sample.

    Returns:
        Rules for labelled lines, the most frequent form first; then the rule for addresses that stand alone.
    """
    proposals = _labelled(posts)
    alone = _address_alone(posts)
    if alone is not None and all(p.rule.column != "original_url" for p in proposals):
        proposals.append(alone)
    return proposals


def _labelled(posts: Sequence[SampledPost]) -> list[Proposal]:
    blocks: dict[_Form, list[Block]] = defaultdict(list)
    values: dict[_Form, list[str]] = defaultdict(list)
    holders: dict[_Form, set[str]] = defaultdict(set)
    for post in posts:
        for block in post.tail:
            match = _LINE.fullmatch(block.text) if len(block.text) <= _LONGEST else None
            if match is None or not match["value"].strip():
                continue
            before, after, value = match["before"], match["after"], match["value"]
            if after.strip() and _PAIRS[after.strip()] not in before:
                value, after = value + after, ""
            form = _Form(block.tag, before, match["label"], match["colon"], after)
            blocks[form].append(block)
            values[form].append(value)
            holders[form].add(post.path)
    fewest = max(FEWEST_POSTS, LABELLED_SHARE * len(posts))
    forms = [form for form in blocks if len(holders[form]) >= fewest and _says_something(values[form])]
    forms.sort(key=lambda form: (-len(holders[form]), form))
    return [_proposal(form, blocks[form], values[form]) for form in forms[:_MOST_RULES]]


def _says_something(values: Sequence[str]) -> bool:
    if _are_addresses(values):
        return True
    names = {value.strip(" .。").lower() for value in values} - _SAYS_NOTHING
    # One word for everything is no name of a medium.
    return len(names) >= 2


def _are_addresses(values: Sequence[str]) -> bool:
    return sum(_ADDRESS.fullmatch(value) is not None for value in values) * 5 >= 4 * len(values)


def _proposal(form: _Form, blocks: Sequence[Block], values: Sequence[str]) -> Proposal:
    is_address = _are_addresses(values)
    start = escaped(form.before + form.label + form.colon.rstrip()) + r"\s*" * form.colon.endswith(" ")
    value = r"(https?://\S+)" if is_address else "(.+)"
    column = "original_url" if is_address else "medium"
    says = "the address of the original" if is_address else "the medium"
    rule = Rule(selector_of(blocks), start + value + escaped(form.after), column)
    return Proposal(rule, f"A line that names {says}", blocks[0].text)


def _address_alone(posts: Sequence[SampledPost]) -> Proposal | None:
    found = []
    for post in posts:
        alone = [block for block in post.tail if block.tag == "p" and _ADDRESS.fullmatch(block.text)]
        # Where several stand alone they are a list of links, not the one original.
        if len(alone) == 1:
            found += alone
    total = sum(any(_ADDRESS.fullmatch(block.text) for block in post.tail) for post in posts)
    if len(found) < max(FEWEST_POSTS, ADDRESS_SHARE * len(posts)) or len(found) < 0.8 * total:
        return None
    rule = Rule(selector_of(found), _ALONE, "original_url")
    return Proposal(rule, "A paragraph near the end that is only an address", found[0].text)
