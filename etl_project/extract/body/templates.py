r"""Take template tags out of a body before its Markdown is read, as the generators do or hide them from their Markdown.

What counts as a tag:

    liquid     {% name ... %}                        Jekyll; ends at the first %} outside double quotes
    nunjucks   {% name ... %}  {# ... #}             Hexo; the same
    hugo       {{< name ... >}}  {{% name ... %}}    ends outside "..." and `...`
    zola       {{ name(...) }}  {% name(...) %}  {% end %}    the same, and outside '...'

A tag may span lines and paragraphs. An expression `{{ ... }}` of the others stays: its value cannot be known.

- A tag that fills its lines leaves an empty line, which ends a paragraph: a definition of a link below it is one. Only
  a shortcode of Hugo or Zola without an end is a part of the paragraph around it, as it is there.
- `{%- ... -%}` takes away the white space beside a tag that prints nothing in its own place.
- Code stays as written: fenced, indented, in backticks, `<pre>` and `<code>`. But `{% raw %}` and `{% comment %}` of
  Liquid act in code too, and `{{</* x */>}}` shows `{{< x >}}` there.
- What `{% highlight %}`, `{% codeblock %}` and `{{< highlight >}}` enclose becomes `<pre>`; what `{% raw %}` of Hexo
  encloses is HTML, no Markdown; what `{{< comment >}}` of Hugo (0.137) encloses is not shown.
- A tag that every site of the generator has leaves what it shows: `known_tags.py`.
- In the address of a link, and in an attribute of HTML, a tag or an expression stays as written.

Sources: `TemplateParser` of Liquid, `PostRenderEscape` of Hexo, `parser/pageparser` of Hugo, `content.pest` of Zola;
Jekyll 4.3 and Hugo 0.111 were asked what they do beyond their manuals.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from etl_project.dialects import Templates
from etl_project.extract.body.code_regions import CODE_STARTS, ELEMENT, ELEMENT_STARTS, FENCE, CodeRegions, Tokens
from etl_project.extract.body.known_tags import show_caption, show_quoted, show_tag
from etl_project.extract.body.theme_tags import show_names_of_parts

_CALL = r"[A-Za-z_][\w:/]*[ \t\n]*\("
_TAG_START = {
    "liquid": r"\{%|\{\{",
    "nunjucks": r"\{%|\{\{|\{#",
    "hugo": r"\{\{[<%]",
    "zola": rf"\{{\{{/\*|\{{%/\*|(?:\{{\{{|\{{%)[ \t\n]*{_CALL}|\{{%[ \t\n]*end[ \t\n]*%\}}",
}
_VERBATIM = {
    "liquid": ("raw", "comment", "highlight"),
    "nunjucks": ("raw", "codeblock", "code"),
    "hugo": ("highlight", "comment"),
}
"""Tags whose content is not searched for tags."""
_SILENT = frozenset(
    (
        "assign", "if", "elsif", "elif", "else", "endif", "unless", "endunless", "case", "when", "endcase", "for",
        "endfor", "break", "continue", "capture", "endcapture", "increment", "decrement", "set",
    )
)  # fmt: skip
"""Tags of Liquid and Nunjucks that print nothing in their own place."""

_CURLY_NAME = re.compile(r"\{%[-+]?\s*([\w#/][\w.:-]*)")
_SHORTCODE_NAME = re.compile(r"\{\{[<%]\s*/?\s*([^\s>%/\"`]*)")
_CLOSED_SHORTCODE = re.compile(r"\{\{[<%]\s*/\s*([^\s>%/]+)")
_ESCAPED = re.compile(r"(\{\{[<%]?|\{%)/\*([^*{]*(?:\*(?!/)[^*{]*)*)\*/([>%]?\}\}|%\})")
_RAW_OR_COMMENT = re.compile(r"\{%-?\s*(end)?(raw|comment)\s*-?%\}")
_CLOSING = {"{{<": ">}}", "{{%": "%}}", "{{": "}}", "{%": "%}"}
_QUOTE_OR_END = {end: re.compile(rf"\"|`|{end}" if len(end) > 2 else rf"\"|`|'|{end}") for end in _CLOSING.values()}
_QUOTED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|`[^`]*`|\'[^\']*\'', re.DOTALL)
_MARGIN = re.compile(r"[ \t>]{0,100}(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]{1,9})?")
_REST_OF_BLANK_LINE = re.compile(r"[ \t]*(?:\n|\Z)")
_EXPRESSION = r"(?:\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\})"
_ADDRESS = (
    r"(?:\]\([ ]?|^[ ]{0,3}\[[^\[\]\n]+\]:[ \t]*)"
    rf"(?P<url>[^\s(){{}}<>]*(?:{_EXPRESSION}[^\s(){{}}<>]*)+)(?=[ \t)\n]|\Z)"
)
_ADDRESS_STARTS = r"\](?=\([ ]?[^\s(){}<>]*\{)|\n(?=[ ]{0,3}\[[^\[\]\n]+\]:[ \t]*[^\s(){}<>]*\{)"
"""Where such an address may start, for `Tokens`."""
_ATTRIBUTE_BEFORE = re.compile(r"""<[a-zA-Z][^<>]*=\s*(?:"[^"<>]*|'[^'<>]*)\Z""")
_ATTRIBUTE_CHARACTERS = 400
"""Characters before a tag within which an attribute around it has begun."""
_ATTRIBUTE_ESCAPES = str.maketrans({'"': "&quot;", "'": "&#39;", "<": "&lt;", ">": "&gt;"})
_CODE_ESCAPES = {code: f"&#{code};" for code in (10, *range(33, 48), *range(58, 65), *range(91, 97), *range(123, 127))}
"""Line feed and ASCII punctuation as references: one line of HTML that no rule of Markdown touches."""
_TEXT_ESCAPES = {code: reference for code, reference in _CODE_ESCAPES.items() if chr(code) not in "&#;<>"}
"""The same for text of HTML, whose references stay."""
_HTML_TAG = re.compile(r"(<[^<>]*>)")
_LINE_OF_HTML = "<!---->"
"""A line that begins with it is HTML, ends a paragraph above it, and no line below it belongs to it."""
_PLACE_OF_SHORTCODE = "<b></b>"


class TemplateTags:
    """Takes the tags of one template language out of bodies.

    Args:
        templates: the language.
        is_markdown: whether the bodies are Markdown, which has code and addresses of its own, or HTML.
    """

    def __init__(self, templates: Templates, is_markdown: bool) -> None:
        self._templates = templates
        self._is_markdown = is_markdown
        code = rf"(?P<fence>{FENCE})|(?P<ticks>`+)|(?P<address>{_ADDRESS})|" if is_markdown else ""
        starts = rf"{CODE_STARTS}|{_ADDRESS_STARTS}" if is_markdown else ELEMENT_STARTS
        self._tokens = Tokens(
            rf"{code}(?P<element>{ELEMENT})|(?P<tag>{_TAG_START[templates]})", rf"{starts}|\{{(?=[{{%#])"
        )
        self._verbatim = _VERBATIM.get(templates, ())

    def take_out(self, body: str) -> str:
        """Take the tags out of a body.

        Args:
            body: Markdown or HTML.

        Returns:
            The body without them; the same object if it has none.
        """
        if "{" not in body or ("{%" not in body and "{{" not in body and "{#" not in body):
            return body
        if self._templates == "nunjucks" and self._is_markdown:
            body = show_names_of_parts(body)
        return _Scan(self._templates, self._is_markdown, self._verbatim, body).run(self._tokens)


class _Scan:
    """One pass over one body, from left to right: of a tag and code that overlap, the one that begins first counts."""

    def __init__(self, templates: Templates, is_markdown: bool, verbatim: tuple[str, ...], body: str) -> None:
        self._templates, self._is_markdown, self._verbatim, self._body = templates, is_markdown, verbatim, body
        self._code = CodeRegions(body)
        self._closed = set(_CLOSED_SHORTCODE.findall(body)) if templates == "hugo" else set()
        self._never_closed: set[str] = set()
        self._quoted: list[str] = []
        self._kept: list[str] = []
        self._begin = 0
        self._nothing_before = 0

    def run(self, tokens: Tokens) -> str:
        body, code = self._body, self._code
        end_of_fence = code.end_of_closed_fence if self._templates == "liquid" else code.end_of_fence
        find_end: dict[str, Callable[[int, int], int]] = {
            "fence": end_of_fence, "ticks": code.end_of_ticks, "element": code.end_of_element,
        }  # fmt: skip
        position = 0
        while match := tokens.search(body, position):
            kind = match.lastgroup or ""
            start, end = match.span()
            if kind == "tag":
                position = self._read_tag(start)
            elif kind in find_end:
                position = find_end[kind](start, end)
                self._replace(start, position, self._show_code(body[start:position], kind))
            else:
                url = match["url"].replace("<", r"\<").replace(">", r"\>")
                self._replace(match.start("url"), end, f"<{url}>")
                position = end
        if not self._kept:
            return body
        return "".join((*self._kept, body[self._begin :]))

    def _replace(self, start: int, end: int, text: str) -> None:
        """Write a text in the place of `start:end`."""
        if text != self._body[start:end]:
            self._kept += (self._body[self._begin : start], text)
            self._begin = end

    def _read_tag(self, start: int) -> int:
        """Deal with what begins like a tag; returns where to go on."""
        body = self._body
        if escaped := _ESCAPED.match(body, start):
            shown = _show_escaped(escaped)
            if not self._is_indented(start):
                shown = shown.replace("<", r"\<" if self._is_markdown else "&lt;", 1)
            self._replace(start, escaped.end(), shown)
            return escaped.end()
        if self._templates in ("hugo", "zola"):
            return self._read_call(start)
        if body.startswith("{{", start):
            end = self._code.find("}}", start)
            if end < 0:
                return start + 2
            self._keep_in_attribute(start, end + 2)
            return end + 2
        if body.startswith("{#", start):
            end = self._code.find("#}", start)
            if end < 0 or self._is_indented(start):
                return start + 2
            return self._remove(start, end + 2)
        name_match = _CURLY_NAME.match(body, start)
        end = self._end_of_curly_tag(start)
        if name_match is None or end < 0:
            return start + 2
        name = name_match[1]
        if name in self._verbatim and (after := self._read_verbatim(name, start, end)):
            return after
        if self._is_indented(start):
            return end
        if self._keep_in_attribute(start, end):
            return end
        if self._templates == "nunjucks":
            shown = self._show_hexo_tag(name, body[start:end])
            if shown:
                self._replace(start, end, self._on_its_line(start, shown))
                return end
        return self._remove(start, end, trims=name in _SILENT)

    def _show_hexo_tag(self, name: str, tag: str) -> str:
        """Give what a tag of Hexo shows in its place; whom a quote names stands at its end."""
        if name in ("blockquote", "quote"):
            self._quoted.append(show_quoted(tag))
        elif name in ("endblockquote", "endquote"):
            return self._quoted.pop() if self._quoted else ""
        return show_tag("nunjucks", name, tag)

    def _on_its_line(self, start: int, html: str) -> str:
        """Make HTML of a line that a tag begins: Hexo puts a comment in its place before it reads Markdown."""
        line = self._code.line_start(start)
        return f"{_LINE_OF_HTML}{html}" if self._is_markdown and _MARGIN.fullmatch(self._body, line, start) else html

    def _read_call(self, start: int) -> int:
        """Deal with a shortcode of Hugo or a call of Zola; returns where to go on."""
        body = self._body
        closing = {"{{<": ">}}", "{{%": "%}}"}.get(body[start : start + 3]) or (
            "}}" if body[start + 1] == "{" else "%}"
        )
        end = self._end_of_call(start, closing)
        if end < 0:
            return start + 2
        if self._is_indented(start) or self._keep_in_attribute(start, end):
            return end
        if self._templates == "hugo":
            name_match = _SHORTCODE_NAME.match(body, start)
            name = name_match[1] if name_match else ""
            if name in self._verbatim and (after := self._read_verbatim(name, start, end)):
                return after
            if shown := show_tag("hugo", name, body[start:end]):
                self._replace(start, end, shown)
                return end
            is_paired = closing == "%}}" or name in self._closed
        else:
            is_paired = closing == "%}"
        if not is_paired and self._is_markdown and self._joins_a_paragraph(start, end):
            self._replace(start, end, _PLACE_OF_SHORTCODE)
            return end
        return self._remove(start, end)

    def _read_verbatim(self, name: str, start: int, end: int) -> int:
        """Deal with a tag whose content is not searched for tags; returns where to go on, 0 if it has no end."""
        body = self._body
        closing = self._find_closing(name, end)
        if closing is None:
            return 0
        content = body[end : closing.start()]
        if name == "raw":
            if self._templates == "nunjucks" and self._is_markdown:
                content = self._on_its_line(start, _one_line_of_html(content))
        elif name == "comment":
            content = ""
        else:
            content = self._show_code(content, name).strip("\n").translate(_CODE_ESCAPES)
            content = f"<pre><code>{content}</code></pre>"
            if self._templates == "nunjucks" and (figure := show_caption(body[start:end], content)):
                content = self._on_its_line(start, figure)
        self._replace(start, closing.end(), content)
        return closing.end()

    def _find_closing(self, name: str, start: int) -> re.Match[str] | None:
        """Find the end tag of a name; every name is searched in vain once."""
        if name in self._never_closed:
            return None
        hugo = rf"\{{\{{[<%]\s*/\s*{name}\b[^{{}}]*\}}\}}"
        found = re.compile(hugo if self._templates == "hugo" else rf"\{{%[-+]?\s*end{name}\b[^{{}}]*%\}}").search(
            self._body, start
        )
        if found is None:
            self._never_closed.add(name)
        return found

    def _end_of_curly_tag(self, start: int) -> int:
        """Find the end of `{% ... %}`, -1 if it has none; a `%}` in double quotes that close on its line is no end."""
        body = self._body
        end = self._code.find("%}", start)
        if end >= 0 and body.count('"', start, end) % 2:
            line_end = body.find("\n", end)
            line_end = len(body) if line_end < 0 else line_end
            quote = body.find('"', end, line_end)
            after = body.find("%}", quote, line_end) if quote >= 0 else -1
            end = after if after >= 0 else end
        return end + 2 if end >= 0 else -1

    def _end_of_call(self, start: int, closing: str) -> int:
        """Find the end of a shortcode or call, -1 if it has none; quotes may hold what ends it."""
        position = start + 2
        stops = _QUOTE_OR_END[closing]
        while self._code.find(closing, position) >= 0 and (stop := stops.search(self._body, position)):
            if stop[0] == closing:
                return stop.end()
            quoted = None if stop[0] in self._never_closed else _QUOTED.match(self._body, stop.start())
            if quoted is None:
                self._never_closed.add(stop[0])
                break
            position = quoted.end()
        end = self._code.find(closing, start)
        return end + len(closing) if end >= 0 else -1

    def _is_indented(self, start: int) -> bool:
        return self._is_markdown and self._code.is_indented_code(start)

    def _keep_in_attribute(self, start: int, end: int) -> bool:
        """Keep a tag or an expression in an attribute of HTML, its quotes as references; tells whether it is in one."""
        body = self._body
        line = max(self._code.line_start(start), start - _ATTRIBUTE_CHARACTERS)
        before = body[max(line, self._begin) : start]
        if self._begin > line:  # what is there now, as the quotes in it are references
            before = "".join(text[-_ATTRIBUTE_CHARACTERS:] for text in self._kept[-2:]) + before
        if "=" not in before or not _ATTRIBUTE_BEFORE.search(before):
            return False
        self._replace(start, end, body[start:end].translate(_ATTRIBUTE_ESCAPES))
        return True

    def _joins_a_paragraph(self, start: int, end: int) -> bool:
        """Tell whether a tag fills its lines, and the line above or below is not blank."""
        body = self._body
        line = self._code.line_start(start)
        line_end = _REST_OF_BLANK_LINE.match(body, end)
        if line_end is None or not self._is_blank_back_to(line, start):
            return False
        return not self._is_blank_line_above(line) or _REST_OF_BLANK_LINE.match(body, line_end.end()) is None

    def _is_blank_line_above(self, line: int) -> bool:
        body = self._body
        return line == 0 or self._is_blank_back_to(body.rfind("\n", max(line - 200, 0), line - 1) + 1, line - 1)

    def _is_blank_back_to(self, begin: int, position: int) -> bool:
        """Tell whether nothing but white space and the signs of quotes is in `begin:position`."""
        body = self._body
        while position > begin and body[position - 1] in " \t>":
            position -= 1
        return position <= begin

    def _remove(self, start: int, end: int, trims: bool = False) -> int:
        """Remove a tag; returns where to go on.

        Args:
            start: where it begins.
            end: where it ends.
            trims: whether its dashes take away white space beside it.
        """
        body = self._body
        if trims and body.startswith("-", start + 2):
            while start > self._begin and body[start - 1].isspace():
                start -= 1
        is_first = self._is_blank_back_to(max(self._code.line_start(start), self._nothing_before), start)
        if trims and body.startswith("-", end - 3):
            while end < len(body) and body[end].isspace():
                end += 1
        elif is_first:
            # Blanks after it would make the text that follows indented code.
            while end < len(body) and body[end] in " \t":
                end += 1
        if is_first:
            self._nothing_before = end
        elif body[end : end + 1] in ("\n", ""):
            # Two blanks at the end of a line would break it.
            while start > self._begin and body[start - 1] in " \t":
                start -= 1
        self._replace(start, end, "")
        return end

    def _show_code(self, code: str, kind: str) -> str:
        """Give code as a reader sees it; Hexo runs no tags in fenced code."""
        if "{" not in code:
            return code
        if self._templates in ("hugo", "zola"):
            return _ESCAPED.sub(_show_escaped, code) if "/*" in code else code
        if "{%" not in code or (self._templates == "nunjucks" and kind == "fence"):
            return code
        return _strip_raw_and_comments(code)


def _one_line_of_html(html: str) -> str:
    """Write HTML on one line that no rule of Markdown touches."""
    parts = _HTML_TAG.split(html.strip())
    return "".join(part.replace("\n", " ") if i % 2 else part.translate(_TEXT_ESCAPES) for i, part in enumerate(parts))


def _show_escaped(match: re.Match[str]) -> str:
    return "".join(match.groups())


def _strip_raw_and_comments(code: str) -> str:
    """Remove the tags of `raw`, and `comment` with its content, from code."""
    kept: list[str] = []
    begin = 0
    opened: re.Match[str] | None = None
    for match in _RAW_OR_COMMENT.finditer(code):
        if opened is None:
            opened = None if match[1] else match
        elif match[1] and match[2] == opened[2]:
            kept += (code[begin : opened.start()], code[opened.end() : match.start()] if match[2] == "raw" else "")
            begin, opened = match.end(), None
    kept.append(code[begin:])
    return "".join(kept)
