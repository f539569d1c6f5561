r"""Turn a body in MDX into Markdown: what is JavaScript goes, what a reader sees stays.

    esm        = ("import " | "export ") ...             lines after a blank line, to the next one outside brackets
    expression = "{" JavaScript "}"                      a text in quotes is its text, any other value cannot be known
    component  = "<Name" attributes ["/"] ">"            its tags go, their content is Markdown; so with `<>` and `</>`.
                                                         With `href="/a"` or `to="/a"` it is a link, `<Image src="/a">`
                                                         a picture
    element    = "<name" attributes ["/"] ">"            HTML; attributes whose values are expressions go

Nothing in MDX is code by its indentation, so the content of a component may be indented at will. Code in backticks and
in fences is as in Markdown. `\{` and `\<` are text. (The MDX format, mdxjs.com/docs/what-is-mdx.)
"""

from __future__ import annotations

import re
from html import escape

_ESM = re.compile(r"(?:import|export) ")
_ESM_ENDS = re.compile(r"#{1,6} |</?[A-Za-z>]")
_SCRIPT = re.compile(
    r"/\*|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`[^`\\]*(?:\\.[^`\\]*)*`|[()\[\]{}]", re.DOTALL
)
_MARKUP = re.compile(
    r"^[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})[^\n]*$|^(?=(?:import|export) )"
    r"|\\[!-/:-@\[-`{-~]|`+|\{|<!--|</?(?:[A-Za-z][\w.-]*(?::[A-Za-z][\w.-]*)?(?=[\s/>])|(?=>))",
    re.MULTILINE,
)
_TEXT_VALUE = re.compile(
    r"\s*(?:\"([^\"\\\n]*(?:\\.[^\"\\\n]*)*)\"|'([^'\\\n]*(?:\\.[^'\\\n]*)*)'"
    r"|`([^`\\$]*(?:(?:\\.|\$(?!\{))[^`\\$]*)*)`|(-?[0-9]+(?:\.[0-9]+)?))\s*",
    re.DOTALL,
)
_SCRIPT_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,5})\}|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_BLANK_ESCAPES = {"n": " ", "t": " ", "r": "", "\n": ""}
_HREF = re.compile(r"""\s(?:href=(["'])(?P<href>[^"'\n]+)\1|to=(["'])(?P<to>(?:[/.#]|https?:)[^"'\n]*)\3)""")
_SOURCE = re.compile(r"""\ssrc=(["'])(?P<src>[^"'\n]+)\1""")
_ALTERNATIVE = re.compile(r"""\salt=("[^"]*"|'[^']*')""")
_PICTURE_NAMES = ("Image", "Img", "Picture", "Figure")
_ATTRIBUTE_TEXT = re.compile(r"[^\"'{<>]*")
_LIST_ITEM = re.compile(r"(?:[-*+]|[0-9]{1,9}[.)])[ \t]")
_FENCE = re.compile(r"(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?(`{3,}(?=[^`\n]*$)|~{3,})(.*)")
_PLACE = "<b></b>"
"""In the place of a tag: the signs of Markdown beside it do not meet."""
_VOID_TAGS = frozenset(("area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"))
_RAW_TAGS = frozenset(("pre", "script", "style", "textarea", "tbody", "td", "tfoot", "th", "thead", "tr"))
"""Tags that stay first on their lines: their content is no Markdown, or they may only stand in a table."""
_LINE_END = re.compile(r"[ \t]*(?:\n|\Z)")
_BEFORE_MARKUP = re.compile(r"[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?")
_INDENT_CHARACTERS = 100
_MAX_UNCLOSED = 1
"""Brackets without an end that are searched for: MDX refuses such a body, and further ones are text."""


def convert_mdx(body: str) -> str:
    """Turn a body in MDX into Markdown.

    Args:
        body: MDX without front matter.

    Returns:
        Markdown of the same text, headings, links and pictures.
    """
    return _dedent(_Converter(body).convert())


class _Converter:
    """One pass over a body, from its start to its end."""

    def __init__(self, body: str) -> None:
        self._body = body
        self._unclosed = 0
        self._script_end = -1
        self._blank_line = -1
        self._comment_end = -1
        self._links: list[str] = []

    def convert(self) -> str:
        """Replace what is no Markdown."""
        body = self._body
        kept: list[str] = []
        begin = 0
        while match := _MARKUP.search(body, begin):
            start = match.start()
            kept.append(body[begin:start])
            begin, replacement = self._replace(match)
            kept.append(replacement)
            if begin == start:  # nothing that MDX knows
                begin = max(match.end(), start + 1)
                kept.append(body[start:begin])
        kept.append(body[begin:])
        return "".join(kept)

    def _replace(self, match: re.Match[str]) -> tuple[int, str]:
        """Give the end of what begins at a match, and what it becomes; its start if it stays as it is."""
        body, start, sign = self._body, match.start(), match[0]
        if match["fence"]:
            end = self._find_fence_end(match)
            return end, body[start:end]
        if sign == "":
            if not self._begins_block(start):
                return start, ""
            self._script_end = self._find_esm_end(start)
            return self._script_end, ""
        if sign == "{":
            end = self._find_bracket_end(start)
            return end, _value_of(body[start + 1 : end - 1]) if end > start else ""
        if sign[0] == "`":
            end = self._find_code_end(match)
            return end, body[start:end]
        if sign == "<!--":
            if self._comment_end < start:
                self._comment_end = body.find("-->", start) % (len(body) + 1)
            return (self._comment_end + 3, "") if self._comment_end < len(body) else (start, "")
        if sign[0] == "<":
            return self._replace_tag(match)
        return match.end(), sign

    def _begins_block(self, start: int) -> bool:
        """Tell whether a line begins a block: a blank line, a heading, a tag, a script, or nothing stands before it."""
        if start in (0, self._script_end + 1):
            return True
        previous = self._body[self._body.rfind("\n", 0, start - 1) + 1 : start - 1].strip()
        return not previous or previous[0] in "#<"

    def _find_code_end(self, match: re.Match[str]) -> int:
        """Find the end of the code that backticks open, in their paragraph; else the end of the backticks."""
        if self._blank_line < match.end():
            blank_line = self._body.find("\n\n", match.end())
            self._blank_line = blank_line if blank_line >= 0 else len(self._body)
        found = re.compile(rf"(?<!`){match[0]}(?!`)").search(self._body, match.end(), self._blank_line)
        return found.end() if found else match.end()

    def _find_fence_end(self, match: re.Match[str]) -> int:
        fence = match["fence"]
        closing = re.compile(rf"^[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$", re.MULTILINE)
        found = closing.search(self._body, match.end())
        return found.end() if found else len(self._body)

    def _find_esm_end(self, start: int) -> int:
        """Find the end of a script: the line before a blank line, a heading or a tag, outside brackets."""
        position = start
        while True:
            line_end = self._body.find("\n", position)
            line_end = len(self._body) if line_end < 0 else line_end
            bracket = self._find_open_bracket(position, line_end)
            if bracket >= 0:
                end = self._find_bracket_end(bracket)
                if end > bracket:
                    position = end
                    continue
            following = self._body[line_end + 1 : line_end + 9]
            if not following.split("\n")[0].strip() or _ESM_ENDS.match(following):
                return line_end
            position = line_end + 1

    def _find_open_bracket(self, start: int, end: int) -> int:
        position = start
        while position < end and (match := _SCRIPT.search(self._body, position)) and match.start() < end:
            # A text in backticks may have line feeds.
            if match[0] in ("(", "[", "{", "/*") or match.end() > end:
                return match.start()
            position = match.end()
        return -1

    def _find_bracket_end(self, start: int) -> int:
        """Find the end of what a bracket opens, strings and comments aside; `start` if it has none."""
        if self._unclosed >= _MAX_UNCLOSED:
            return start
        if self._body[start] == "`":
            text = _SCRIPT.match(self._body, start)
            return text.end() if text else start
        depth = 0
        position = start
        while match := _SCRIPT.search(self._body, position):
            position = match.end()
            sign = match[0]
            if sign == "/*":
                position = self._body.find("*/", position) + 2
                if position == 1:
                    break
            elif sign in "([{":
                depth += 1
            elif sign in ")]}":
                depth -= 1
            if depth == 0:
                return position
        self._unclosed += 1
        return start

    def _replace_tag(self, match: re.Match[str]) -> tuple[int, str]:
        """Give the end of a tag and what it becomes: nothing for a component, plain HTML for an element."""
        body, start = self._body, match.start()
        name = match[0].lstrip("</")
        is_element = name[:1].islower() and "." not in name
        attributes: list[str] = []
        position = match.end()
        while True:
            text = _ATTRIBUTE_TEXT.match(body, position)
            assert text is not None
            attributes.append(text[0])
            position = text.end()
            sign = body[position : position + 1]
            if sign == ">":
                break
            if sign == "{":
                end = self._find_bracket_end(position)
                value = _text_of(body[position + 1 : end - 1])
                attributes.append(f'"{escape(value)}"')
            elif sign and sign in "\"'":
                end = body.find(sign, position + 1) + 1
                attributes.append(body[position:end])
            else:
                return start, ""
            if end <= position:
                self._unclosed += 1
                return start, ""
            position = end
        end = position + 1
        before = body[max(0, start - _INDENT_CHARACTERS) : start].rpartition("\n")[2]
        stands_alone = not before.strip(" \t>") and _LINE_END.match(body, end) is not None
        written = "".join(attributes).replace("className=", "class=").replace("\n", " ")
        opening = match[0]
        if not is_element:
            opening, name, written = self._show_component(opening, name, written)
            if not opening:
                return end, "\n" if stands_alone else _PLACE
        tag = f"{opening}{written.rstrip().removesuffix('/')}>"
        if written.rstrip().endswith("/") and name not in _VOID_TAGS:
            tag += f"</{name}>"
        if stands_alone and name not in _VOID_TAGS:
            return end, f"\n{tag}\n"
        # A tag that is first on its line would begin a block of HTML, which holds no Markdown.
        is_first = _BEFORE_MARKUP.fullmatch(before) is not None and name not in _RAW_TAGS
        return end, f"{_PLACE}{tag}" if is_first else tag

    def _show_component(self, opening: str, name: str, attributes: str) -> tuple[str, str, str]:
        """Make a link of a component with an address, a picture of one that is named so; empty for any other.

        Returns:
            How its tag begins as HTML, the name of the element, and its attributes.
        """
        if opening.startswith("</"):
            if self._links and self._links[-1] == name:
                self._links.pop()
                return "</a", "a", ""
            return "", "", ""
        end = " /" if attributes.rstrip().endswith("/") else ""
        if link := _HREF.search(attributes):
            if not end:
                self._links.append(name)
            return "<a", "a", f' href="{link["href"] or link["to"]}"{end}'
        if name.endswith(_PICTURE_NAMES) and (source := _SOURCE.search(attributes)):
            alternative = _ALTERNATIVE.search(attributes)
            label = alternative[1] if alternative else '""'
            return "<img", "img", f' src="{source["src"]}" alt={label}'
        return "", "", ""


def _text_of(script: str) -> str:
    """Give the text of an expression if it is one in quotes or a number."""
    value = _TEXT_VALUE.fullmatch(script)
    text = value[value.lastindex or 0] if value else ""
    return _SCRIPT_ESCAPE.sub(_unescape, text) if "\\" in text else text


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        return chr(int(code, 16)) if int(code, 16) and not 0xD800 <= int(code, 16) < 0xE000 else "\ufffd"
    return _BLANK_ESCAPES.get(match[4], match[4])


def _value_of(script: str) -> str:
    """Give the text of an expression with its signs escaped for Markdown."""
    return re.sub(r"[!-/:-@\[-`{-~]", lambda sign: f"&#{ord(sign[0])};", _text_of(script))


def _dedent(markdown: str) -> str:
    """Take the indentation off lines that no list indents, so that none of them is code by its indentation."""
    if "\n " not in markdown and "\n\t" not in markdown and markdown[:1] not in " \t":
        return markdown
    kept: list[str] = []
    base = 0
    in_list, after_blank = False, True
    fence = ""
    for line in markdown.expandtabs(4).split("\n"):
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        found = _FENCE.match(text)
        if fence:
            if found and found[1].startswith(fence) and not found[2].strip():
                fence = ""
        elif text:
            if not (in_list and indent >= base + 2):
                base = indent if after_blank else min(base, indent)
                in_list = _LIST_ITEM.match(text) is not None or (in_list and not after_blank)
            if found:
                fence = found[1]
        after_blank = not text
        kept.append(line[min(base, indent) :])
    return "\n".join(kept)
