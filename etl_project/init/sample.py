"""A bounded sample of a site's posts: what stands at the end of each, and the marked-up elements in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyromark import Markdown, Options
from selectolax.lexbor import LexborHTMLParser, LexborNode

from etl_project.extract.body import BodyReader
from etl_project.extract.limits import Limits
from etl_project.extract.markup import as_markdown, tame
from etl_project.extract.posts import Post, PostReader
from etl_project.extract.reasons import Rejection
from etl_project.sources.folder import SourceUnavailable, read_file
from etl_project.sources.source import Source

MOST_POSTS = 400
"""Posts looked at, however many there are: enough to see what every fifth post has, read in seconds."""

TAIL = 8
"""Blocks at the end of a post that are looked at."""

_LARGEST = 256 * 1024
"""Bytes above which a post is passed over: it says little about the others and costs much."""
_MOST_MARKED = 2_000
"""Marked-up elements looked at in one post."""

_BLOCKS = "p,h1,h2,h3,h4,h5,h6,li,dt,dd,div,section,footer,center,blockquote,figcaption,address,pre,td"
_DATA_ATTRIBUTE = re.compile(r"\sdata-[a-z0-9_-]{1,40}(?==)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a post that holds no other block."""

    tag: str
    classes: frozenset[str]
    text: str
    """What a reader sees, in one line."""
    is_links: bool
    """Whether nothing but links and what separates them is in it."""


@dataclass(frozen=True, slots=True)
class Marked:
    """An element with an attribute named `data-...`."""

    attribute: str
    value: str
    label: str
    """Its text, in one line."""
    names: str
    """Class names and ids of it and its parent, where a site says what kind of thing it marks up."""


@dataclass(frozen=True, slots=True)
class SampledPost:
    """One post of the sample."""

    path: str
    post: Post
    tail: tuple[Block, ...]
    """The last blocks that a reader sees, in reading order."""
    marked: tuple[Marked, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """The posts that were looked at."""

    posts: tuple[SampledPost, ...]
    undecoded: tuple[bytes, ...]
    """Bytes of the files that the encodings of the source cannot read."""
    rejected: int
    """Files rejected for any reason, those included."""


def spread(paths: Sequence[str], most: int = MOST_POSTS) -> list[str]:
    """Choose paths evenly over a listing, so that every era and folder of a site is among them."""
    if len(paths) <= most:
        return list(paths)
    return [paths[i * len(paths) // most] for i in range(most)]


def read_sample(source: Source, paths: Sequence[str], limits: Limits) -> Sample:
    """Read posts of a source as a refresh would, and look at their markup.

    Args:
        source: the source as far as it is known, without rules.
        paths: files below it, as listed.
        limits: limits of the reader.
    """
    reader = PostReader(source, limits)
    looker = _Looker()
    root = os.fsencode(source.location)
    posts: list[SampledPost] = []
    undecoded: list[bytes] = []
    rejected = 0
    for path in paths:
        data = b""
        try:
            data = read_file(root, path, _LARGEST).data
            post = reader.read(path, data)
        except Rejection as rejection:
            rejected += 1
            if rejection.reason == "encoding":
                undecoded.append(data)
            continue
        except (FileNotFoundError, SourceUnavailable):
            continue
        tail, marked = looker.look(post.front_matter.body)
        posts.append(SampledPost(path, post, tail, marked))
    return Sample(tuple(posts), tuple(undecoded), rejected)


class _Looker:
    """Finds the blocks and marked-up elements of bodies."""

    def __init__(self) -> None:
        options = Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH | Options.ENABLE_FOOTNOTES
        self._html = Markdown(options=options).html
        # The text of a block is what the reader of posts says it is, so that a rule made of it will match.
        self._bodies = BodyReader()

    def look(self, body: str) -> tuple[tuple[Block, ...], tuple[Marked, ...]]:
        """Look at one body: its last blocks and its marked-up elements."""
        html = tame(self._html(as_markdown(body)))
        tree = LexborHTMLParser(html)
        tail: list[Block] = []
        for node in reversed(tree.css(_BLOCKS)):
            block = None if _holds_block(node) else self._block(node)
            if block is not None:
                tail.append(block)
                if len(tail) == TAIL:
                    break
        attributes = sorted({found.strip().lower() for found in _DATA_ATTRIBUTE.findall(html)})
        marked = [one for attribute in attributes for one in self._marked(tree, attribute)]
        return tuple(reversed(tail)), tuple(marked)

    def _block(self, node: LexborNode) -> Block | None:
        read = self._bodies.read(node.html or "")
        text = " ".join(read.text.split())
        if not text:
            return None
        rest = text
        for link in sorted(read.link_texts, key=len, reverse=True):
            rest = rest.replace(link, "") if link else rest
        is_links = "link" in read.link_kinds and not re.search(r"\w", rest)
        classes = frozenset((node.attributes.get("class") or "").split())
        return Block(node.tag or "", classes, text, is_links)

    def _marked(self, tree: LexborHTMLParser, attribute: str) -> Iterator[Marked]:
        for node in tree.css(f"[{attribute}]")[:_MOST_MARKED]:
            value = (node.attributes.get(attribute) or "").strip()
            if value:
                around = [node, *([node.parent] if node.parent else [])]
                names = " ".join(str(n.attributes.get(key) or "") for n in around for key in ("class", "id"))
                yield Marked(attribute, value, " ".join(node.text().split()), names.lower())


def _holds_block(node: LexborNode) -> bool:
    # The first match of a node's own query may be the node itself.
    return any(inner.mem_id != node.mem_id for inner in node.css(_BLOCKS))
