"""Propose rules for furniture: text that repeats in a sample of posts, such as source lines, addresses and footers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyromark import Markdown
from selectolax.lexbor import LexborHTMLParser, LexborNode

from etl_project.sources.source import MentionRule, Rule

MIN_SHARE_OF_POSTS = 0.1
"""Share of the sampled posts in which something must occur to count as furniture."""

MIN_POSTS = 3
"""Number of posts in which it must occur at least, however small the sample."""

_LABEL = re.compile(
    r"(?P<before>[（(\[【]?\s*(?:文章来源|新闻来源|信息来源|来源|来自|出处|稿源|出典|出所|転載元|출처|source|via|quelle|fuente)"
    r"\s*[:：]\s*)(?P<value>[^\n]{1,200}?)(?P<after>\s*[）)\]】]?)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://\S+")
_NON_NAMES = frozenset({"here", "link", "tw", "this", "这里", "链接"})
_TAIL_PARAGRAPHS = 3
"""Paragraphs at the end of a post in which addresses and footers are searched."""
_SPELLED_KEY = r"(?:[A-Z] )?(?:[0-9]+,)?([^\s,|]+)(?:\|.*)?"
"""A key with the parts that scripts put around it: `1,600160`, `NIO|106|7`, `K 002752|0|2`."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule, the number of sampled posts it would match, and an example of the text it matches."""

    rule: Rule | MentionRule
    posts: int
    example: str


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    css_class: str
    is_only_links: bool
    from_end: int


def propose(bodies: Sequence[str]) -> list[Proposal]:
    """Propose rules for text that repeats.

    Args:
        bodies: Markdown bodies of the sampled posts.

    Returns:
        Proposals that match at least `MIN_SHARE_OF_POSTS` of the posts, and at least `MIN_POSTS`.
    """
    enough = max(MIN_POSTS, round(MIN_SHARE_OF_POSTS * len(bodies)))
    html = Markdown().html
    posts: list[list[_Paragraph]] = []
    attributes: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, body in enumerate(bodies):
        tree = LexborHTMLParser(html(body))
        posts.append(_read_paragraphs(tree))
        for node in tree.css("span, a, mark, em, strong"):
            for name, value in node.attributes.items():
                if name.startswith("data-") and value and len(node.text() or "") <= 40:
                    attributes[name].append((number, value))
    proposals = [
        *_propose_labels(posts),
        *_propose_addresses(posts),
        *_propose_footers(posts, enough),
        *_propose_mentions(attributes),
    ]
    return [proposal for proposal in proposals if proposal.posts >= enough]


def _read_paragraphs(tree: LexborHTMLParser) -> list[_Paragraph]:
    nodes = tree.css("p")
    return [
        _Paragraph(
            (node.text() or "").strip(),
            _first_class(node),
            _is_only_links(node),
            len(nodes) - 1 - index,
        )
        for index, node in enumerate(nodes)
    ]


def _first_class(node: LexborNode) -> str:
    names = (node.attributes.get("class") or "").split()
    return names[0] if names and re.fullmatch(r"[A-Za-z_][\w-]*", names[0]) else ""


def _is_only_links(node: LexborNode) -> bool:
    links = "".join(link.text() or "" for link in node.css("a"))
    rest = re.sub(r"[\W_]", "", node.text() or "")
    return bool(links) and rest == re.sub(r"[\W_]", "", links)


def _propose_labels(posts: list[list[_Paragraph]]) -> Iterable[Proposal]:
    """Propose a rule for each label of lines such as `（文章来源：中国税务报）`."""
    found: dict[tuple[str, str], list[tuple[int, _Paragraph]]] = defaultdict(list)
    for number, paragraphs in enumerate(posts):
        for paragraph in paragraphs:
            if match := _LABEL.fullmatch(paragraph.text):
                found[match["before"], match["after"]].append((number, paragraph))
    for (before, after), lines in found.items():
        classes = Counter(line.css_class for _, line in lines)
        css_class, count = classes.most_common(1)[0]
        selector = f"p.{css_class}" if css_class and count == len(lines) else "p"
        values = [line.text[len(before) : len(line.text) - len(after)] for _, line in lines]
        if sum(bool(_ADDRESS.fullmatch(value)) for value in values) > len(values) / 2:
            rule = Rule(selector, rf"{_escape(before)}(https?://\S+){_escape(after)}", "original_url")
        elif len({value for value in values if len(value) > 1 and value.lower() not in _NON_NAMES}) >= MIN_POSTS:
            rule = Rule(selector, f"{_escape(before)}(.+){_escape(after)}", "medium")
        else:
            continue
        yield Proposal(rule, len({number for number, _ in lines}), lines[0][1].text)


def _propose_addresses(posts: list[list[_Paragraph]]) -> Iterable[Proposal]:
    """Propose a rule for a paragraph that is only an address, near the end of a post and once in it: its origin."""
    found = []
    for paragraphs in posts:
        lines = [p for p in paragraphs if _ADDRESS.fullmatch(p.text)]
        if len(lines) == 1 and lines[0].from_end <= _TAIL_PARAGRAPHS:
            found.append(lines[0].text)
    if found:
        yield Proposal(Rule("p", r"<>|((?:https?|javascript):\S*)", "original_url"), len(found), found[0])


def _propose_footers(posts: list[list[_Paragraph]], enough: int) -> Iterable[Proposal]:
    """Propose rules for last paragraphs that contain only links and have the same beginning and end."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for paragraphs in posts:
        shapes = {
            (p.text[:2], p.text[-2:]): p.text
            for p in paragraphs
            if p.from_end < _TAIL_PARAGRAPHS and p.is_only_links and len(p.text) >= 4 and not _ADDRESS.fullmatch(p.text)
        }
        for shape, text in shapes.items():
            found[shape].append(text)
    for texts in found.values():
        distinct = sorted(set(texts))
        if len(texts) < enough:
            continue
        if len(distinct) == 1:
            yield Proposal(Rule("p", _escape(distinct[0])), len(texts), distinct[0])
            continue
        first = _common_start(distinct)
        last = _common_start([text[::-1] for text in distinct])[::-1]
        shortest = min(map(len, distinct))
        if len(first) + len(last) >= 4 and len(first) + len(last) <= shortest:
            yield Proposal(Rule("p", f"{_escape(first)}.*{_escape(last)}"), len(texts), texts[0])


def _escape(text: str) -> str:
    """Escape the special characters of a pattern, and no others: people are to edit it. `re.escape` escapes more."""
    return re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", text)


def _common_start(texts: Sequence[str]) -> str:
    shortest, longest = min(texts), max(texts)
    same = (n for n, (a, b) in enumerate(zip(shortest, longest, strict=False)) if a != b)
    return shortest[: next(same, min(len(shortest), len(longest)))]


def _propose_mentions(attributes: dict[str, list[tuple[int, str]]]) -> Iterable[Proposal]:
    """Propose rules for inline elements whose data attribute has many values: each value names something."""
    for name, uses in sorted(attributes.items()):
        values = {value for _, value in uses}
        twin = name.rstrip("0123456789")
        if len(values) < 5 or (twin != name and twin in attributes):
            continue
        is_spelled = any(not re.fullmatch(r"[\w.-]+", value) for value in values)
        if is_spelled and not all(re.fullmatch(_SPELLED_KEY, value) for value in values):
            continue
        key = f"{name}~{_SPELLED_KEY}" if is_spelled else name
        rule = MentionRule(name.removeprefix("data-"), f"[{name}]", key)
        yield Proposal(rule, len({number for number, _ in uses}), uses[0][1])
