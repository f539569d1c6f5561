"""Make links of the addresses that stand bare in the text, as the generator does; in CommonMark they are none.

Each kind of Markdown has a grammar of its own:

    goldmark (Hugo)   after the start of a line, white space, `* _ ~ (`, quotes, or inline markup; ASCII only, a dot and
                      lower-case letters end the host (goldmark's extension/linkify.go)
    marked (Hexo)     anywhere, up to white space or `<`, letters of any script included (marked's rules.ts, `url`)
    gfm (GitHub)      not after a letter of ASCII, up to white space or `<` (GFM 0.29, section 6.9)
    Obsidian          as gfm, but only with a scheme

In each, signs at the end that close a sentence or a bracket are no part. Code, links, images and HTML hold no bare
addresses; in goldmark and gfm an open `[` hides them too. kramdown, CommonMark (Zola) and Python-Markdown know none.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pyromark import Markdown, Options, events_with_range

_OPTIONS = (
    Options.ENABLE_TABLES
    | Options.ENABLE_STRIKETHROUGH
    | Options.ENABLE_FOOTNOTES
    | Options.ENABLE_TASKLISTS
    | Options.ENABLE_WIKILINKS
)
_RENDERER = Markdown(options=_OPTIONS)
_SIGNS = ("://", "@", "ww.", "WW.", "wW.", "Ww.")
"""One of them is in every address, of any grammar."""
_ENTITY_AT_END = re.compile("&[A-Za-z0-9]+;$")
_ENTITY_CHARACTERS = 40
_SIGN = re.compile(r"[^\w/.:%?,+-]|_")
_SIGN_OF_ADDRESS = re.compile(r":(?:(?<=((?i:https)):)|(?<=((?i:http)):)|(?<=((?i:ftp)):))//|w[Ww]{2}\.|W[Ww]{2}\.|@")
_MAILBOX = re.compile(r"(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]{1,64}\Z", re.IGNORECASE)
_MAILBOX_CHARACTERS = 64
_BEFORE_LINKED_ADDRESS = ("](", "](<", "]: ")
_BROKEN_LINK = re.compile(r"\]\((?:https?|ftp)://[^\s()<>]*+[ ]+[^\s()<>\"']", re.IGNORECASE)
"""An address with a blank in it, which makes no link: it is bare up to the blank."""


class Grammar(NamedTuple):
    """What a bare address is in one kind of Markdown."""

    address: re.Pattern[str]
    """An address with the signs after it; group `www` if its scheme is left out, `mail` if it is that of a mailbox."""
    find_end: Callable[[str], int]
    """Gives the length of an address without the signs after it."""
    follows: frozenset[str] | None = None
    """The characters that may stand before an address; None for any."""
    www_scheme: str = "http://"
    """The scheme of an address that begins with `www.`."""
    hidden_in_brackets: bool = True
    """Whether an open `[` hides an address."""


def _find_end(address: str, closing_signs: str) -> int:
    """Find the end without signs, a bracket whose other half is outside, and an entity."""
    surplus = address.count(")") - address.count("(")
    end = len(address)
    while end:
        last = address[end - 1]
        if last == ")" and surplus > 0:
            surplus -= 1
            end -= 1
        elif last == ";" and (entity := _ENTITY_AT_END.search(address[max(0, end - _ENTITY_CHARACTERS) : end])):
            end -= len(entity[0])
        elif last in closing_signs:
            end -= 1
        else:
            break
    return end


def _find_goldmark_end(address: str) -> int:
    return _find_end(address, "?!.,:*_~")


def _find_marked_end(address: str) -> int:
    return _find_end(address, "?!.,:;*_'\"~(")


def _find_gfm_end(address: str) -> int:
    """Find the end by GFM 0.29, section 6.9; the last two parts of a host hold no underscore."""
    host = re.split("[/?#:]", address.partition("://")[2], maxsplit=1)[0]
    return 0 if "_" in host and "_" in "".join(host.split(".")[-2:]) else _find_end(address, "?!.,:*_~'\";")


_TO_SPACE = r"[^\s<]{0,2000}"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_GOLDMARK_HOST = r"[-a-zA-Z0-9@:%._+~#=]{1,256}\.[a-z]+"
_GOLDMARK_PATH = r"""(?:[/#?][-a-zA-Z0-9@:%_+.~#$!?&/=();,'">^{}\[\]`]{0,2000})?"""
_GOLDMARK_MAIL = rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+(?![-_])"
GOLDMARK = Grammar(
    re.compile(
        rf"(?:(?:https?|ftp)://{_GOLDMARK_HOST}(?::[0-9]+)?{_GOLDMARK_PATH}"
        rf"|(?P<www>www\.{_GOLDMARK_HOST}{_GOLDMARK_PATH})"
        rf"|(?<![.!#$%&'+/=?^`{{|}}-])(?P<mail>{_GOLDMARK_MAIL}))"
    ),
    _find_goldmark_end,
    frozenset(" \t\n*_~(\"'"),
    "https://",  # Hugo's markup.goldmark.extensions.linkifyProtocol
)
_GFM_MAIL = (
    r"(?<![.!#$%&'*+/=?^_`{|}~-])(?P<mail>[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9_-]+"
    r"(?:\.[A-Za-z0-9_-]*[A-Za-z0-9])+(?![-_]))"
)
MARKED = Grammar(
    re.compile(
        rf"(?:(?:https?|ftp)://[A-Za-z0-9-]{_TO_SPACE}|(?P<www>www\.[A-Za-z0-9-]{_TO_SPACE})|{_GFM_MAIL})",
        re.IGNORECASE,
    ),
    _find_marked_end,
    hidden_in_brackets=False,
)
_GFM_WEB = rf"(?<![A-Za-z])(?:https?|ftp)://[^\W_]{_TO_SPACE}"
GFM = Grammar(
    re.compile(rf"(?:{_GFM_WEB}|(?<![^\s*_~(\[\]])(?P<www>www\.[^\s<]{_TO_SPACE})|{_GFM_MAIL})", re.IGNORECASE),
    _find_gfm_end,
)
OBSIDIAN = Grammar(re.compile(rf"{_GFM_WEB}", re.IGNORECASE), _find_gfm_end)


def link_goldmark_addresses(markdown: str) -> str:
    """Make links of the bare addresses in a post of Hugo."""
    return _link_addresses(markdown, GOLDMARK)


def link_marked_addresses(markdown: str) -> str:
    """Make links of the bare addresses in a post of Hexo."""
    return _link_addresses(markdown, MARKED)


def link_gfm_addresses(markdown: str) -> str:
    """Make links of the bare addresses in a text for GitHub."""
    return _link_addresses(markdown, GFM)


def link_obsidian_addresses(markdown: str) -> str:
    """Make links of the bare addresses in a note of Obsidian."""
    return _link_addresses(markdown, OBSIDIAN)


def _link_addresses(markdown: str, grammar: Grammar) -> str:
    """Make a link, in HTML, of each bare address.

    Args:
        markdown: a body in Markdown.
        grammar: what an address is.

    Returns:
        The body with these links; the same object if it has no bare address.
    """
    if "://" not in markdown and "www." not in markdown and "@" not in markdown:
        return markdown
    starts = _find_starts(markdown)
    if not starts or not _shows_sign(_RENDERER.html(markdown), may_hold_code="<code" not in markdown):
        return markdown
    data = markdown.encode()
    waiting = iter(starts)
    start = next(waiting, None)
    kept: list[str] = []
    begin = begin_byte = 0  # end of the last address
    open_brackets = 0
    passed: list[_Piece] = []  # of this block, whose brackets are counted once they are needed
    for piece in _text_pieces(markdown):
        if start is None:
            break
        if piece.begins_block:
            open_brackets = 0
            passed.clear()
        if start.byte >= piece.end:
            passed.append(piece)
            continue
        for earlier in passed:
            open_brackets = _count_open_brackets(open_brackets, data, max(earlier.start, begin_byte), earlier.end)
        passed.clear()
        counted = max(piece.start, begin_byte)
        while start is not None and start.byte < piece.end:
            if start.byte >= counted:
                at = start.character
                open_brackets = _count_open_brackets(open_brackets, data, counted, start.byte)
                counted = start.byte + 1
                may_follow = grammar.follows is None or at == 0 or markdown[at - 1] in grammar.follows
                is_hidden = open_brackets > 0 and grammar.hidden_in_brackets
                found = grammar.address.match(markdown, at) if not is_hidden else None
                if found is not None and (may_follow or (start.byte == piece.start and piece.is_after_markup)):
                    written = found[0].partition("|")[0] if piece.in_table else found[0]
                    address = written[: grammar.find_end(written)]
                    scheme = _missing_scheme(found, grammar)
                    if scheme or address.partition("://")[2]:
                        kept += (markdown[begin:at], _link(address, scheme))
                        if _is_escaped(markdown, begin, at):  # what is escaped is the first sign of HTML now
                            kept.insert(-1, "\\")
                        begin = at + len(address)
                        begin_byte = counted = start.byte + len(address.encode())
            start = next(waiting, None)
        open_brackets = _count_open_brackets(open_brackets, data, counted, piece.end)
    kept.append(markdown[begin:])
    return "".join(kept)


class _Start(NamedTuple):
    """Where an address may start, in characters and in bytes."""

    character: int
    byte: int


def _find_starts(markdown: str) -> list[_Start]:
    """Find where an address of any grammar may start, from the signs in it; most of those in links are left out."""
    # A search for the signs takes a hundredth of the time of one for what may stand before them.
    found: set[int] = set()
    for sign in _SIGN_OF_ADDRESS.finditer(markdown):
        at = sign.start(sign.lastindex or 0)
        if sign[0] == "@":
            mailbox = _MAILBOX.search(markdown, max(0, at - _MAILBOX_CHARACTERS), at)
            at = mailbox.start() if mailbox else -1
        if at >= 0:
            found.add(at)
    if not found:
        return []
    if _BROKEN_LINK.search(markdown) is None:
        found = {at for at in found if not markdown.endswith(_BEFORE_LINKED_ADDRESS, max(0, at - 3), at)}
    starts: list[_Start] = []
    byte = last = 0
    for at in sorted(found):
        byte += len(markdown[last:at].encode())
        starts.append(_Start(at, byte))
        last = at
    return starts


def _shows_sign(html: str, *, may_hold_code: bool) -> bool:
    """Tell whether a sign of an address is in the text of a body, not just in its links, code and tags.

    Rendering a body takes a tenth of the time of reading its pieces of text one by one.

    Args:
        html: the body as the renderer writes it.
        may_hold_code: whether every `<code>` in it is code of Markdown, so none is HTML that the post writes.
    """
    return any(_stands_in_text(html, sign, may_hold_code=may_hold_code) for sign in _SIGNS)


def _stands_in_text(html: str, sign: str, *, may_hold_code: bool) -> bool:
    begin = 0
    opening = -1  # of the last tag
    position = html.find(sign)
    while position >= 0:
        found = html.rfind("<", begin, position)
        opening = found if found >= 0 else opening
        closing = html.rfind(">", begin, position)
        if opening < 0:
            return True
        if found > closing:  # in a tag
            begin = html.find(">", position)
        else:
            begin = html.find("<", position)
            is_code = may_hold_code and html.startswith("<code", opening)
            is_link = html.startswith("<a ", opening) and html.startswith("</a>", begin)
            if not is_code and (not is_link or html.find("\n", closing, begin) >= 0):
                return True
        if begin < 0:
            return True
        position = html.find(sign, begin)
    return False


def _count_open_brackets(before: int, data: bytes, start: int, end: int) -> int:
    """Count the `[` without their `]` at the end of a part of a body; `before` are open where it starts."""
    if start >= end:
        return before
    return max(0, before + data.count(b"[", start, end) - data.count(b"]", start, end))


class _Piece(NamedTuple):
    """A piece of text that is no code, link, image or HTML."""

    start: int
    """First byte."""
    end: int
    """Byte after the last one."""
    begins_block: bool
    is_after_markup: bool
    """Whether inline markup, and no other text, stands before it."""
    in_table: bool


_INLINE_KINDS = frozenset(("Emphasis", "Strong", "Strikethrough", "Link", "Image"))
_HIDING_KINDS = frozenset(("CodeBlock", "Link", "Image"))


def _text_pieces(markdown: str) -> Iterator[_Piece]:
    """Yield the pieces of text in a body in which addresses may stand."""
    hidden_depth = 0  # of code blocks, links and images
    in_anchor = in_table = False
    begins_block = True
    text_end = -1
    for event, span in events_with_range(markdown, options=_OPTIONS):
        if not isinstance(event, dict):
            continue
        if "Text" in event:
            if not hidden_depth and not in_anchor:
                start = span["start"]
                yield _Piece(start, span["end"], begins_block, text_end < start, in_table)
                begins_block = False
            text_end = span["end"]
        elif "Start" in event:
            begun: Any = event["Start"]
            kind: str = next(iter(begun)) if isinstance(begun, dict) else begun
            begins_block = begins_block or kind not in _INLINE_KINDS
            in_table = in_table or kind == "Table"
            hidden_depth += hidden_depth > 0 or kind in _HIDING_KINDS
        elif "End" in event:
            in_table = in_table and event["End"] != "Table"
            hidden_depth -= hidden_depth > 0
        elif "InlineHtml" in event:
            tag = event["InlineHtml"][:3].lower()
            in_anchor = tag in ("<a ", "<a\n") or (in_anchor and tag != "</a")


def _is_escaped(markdown: str, begin: int, at: int) -> bool:
    """Tell whether an odd number of backslashes stands before a position."""
    before = at
    while before > begin and markdown[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1


def _missing_scheme(match: re.Match[str], grammar: Grammar) -> str:
    """The scheme that the generator adds to an address; empty if the address has one."""
    groups = match.groupdict()
    return grammar.www_scheme if groups.get("www") else "mailto:" if groups.get("mail") else ""


def _link(address: str, scheme: str) -> str:
    text = _SIGN.sub(lambda sign: f"&#{ord(sign[0])};", address)
    return f'<a href="{scheme}{html.escape(address)}">{text}</a>'
