r"""What kramdown (Jekyll) and Python-Markdown with `extra` (Pelican) have beyond CommonMark, rewritten as CommonMark.

    [x](u){: .a #b k="v"}   *x*{:.a}  `x`{:.a}    attributes of the span before them; after plain text they are text
    {: .a}   {:toc}   {:name: .a}                 on a line of their own: attributes of a block; they end a paragraph
    - {:.a} x                                     attributes of a list item
    * toc                                         with {:toc} below: stands for the list of headings
    {::comment} x {:/comment}                     not shown; {:/} ends it too
    {::options k="v" /}   {::nomarkdown}          not shown; what the second encloses is, as HTML
    {::options parse_block_html="true" /}         below it, HTML holds Markdown as with markdown="1"
    $$a*b*c$$                                     a formula, shown as written
    *[HTML]: Hyper Text                           an abbreviation, not shown
    [x](a b.png "t")                              an address may hold blanks
    [x](a\_b)                                     an address keeps its backslash
    **“x”**y                                      strong, whatever stands beside it
    <div markdown="1"> ... </div>                 what it encloses is Markdown
    <div> ... </div>                              is HTML up to its end, blank lines and signs of Markdown included
    1) x      :x                                  text, no item and no definition
    x\\\\      ^                                    a line break; the end of a block
    <img src="a.png">                             alone on a line: part of a paragraph, no block of HTML

Python-Markdown takes attributes without the colon too, and has none of kramdown's extensions `{::`. In it, `#x` is a
heading, as `# x` is.

Sources: kramdown 2.4 `lib/kramdown/parser/kramdown/{extensions,link,emphasis,html,abbreviation}.rb`; Python-Markdown
`extensions/{attr_list,abbr,md_in_html}.py`. The rest was asked of kramdown 2.4 and, in part, Python-Markdown 3.11.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code
from etl_project.extract.body.fences import show_open_fences
from etl_project.extract.body.html_blocks import (
    is_in_html_block,
    keep_html_blocks,
    open_html_blocks,
    remove_comments_before_text,
)
from etl_project.extract.body.kramdown_spans import (
    KEPT_BY_KRAMDOWN,
    KEPT_BY_PYTHON_MARKDOWN,
    MAY_HOLD_CODE,
    MAY_QUOTE_TITLE,
    SIGN_REFERENCES,
    escape_titles,
    keep_backslashes,
    keep_code_of_html,
)
from etl_project.extract.body.kramdown_tables import write_code_in_tables, write_kramdown_tables
from etl_project.extract.body.link_definitions import (
    close_brackets_of_addresses,
    close_spaced_definitions,
    join_labels,
    part_definitions,
)
from etl_project.extract.body.paragraphs import (
    begin_numbered_lists,
    keep_lists_in_paragraphs,
    keep_tables_in_paragraphs,
)
from etl_project.extract.body.underlines import keep_underlines, rule_underlines

_SPAN_TAGS = (
    "a|abbr|acronym|b|big|bdo|br|button|cite|del|dfn|em|i|img|input|ins|kbd|label|mark|q|rb|rp|rt|ruby|samp|small|span"
    "|strong|sub|sup|time|tt|u|var"
)
_ADDRESS = r"""\]\((?P<url>[^()<>\n"']*(?:\([^()<>\n"']*\)[^()<>\n"']*)*)(?=[)"'])"""
_HOLDS_EMPHASIS = r"[^*\n]*(?:\*(?![\s*])[^*\n]+\*[^*\n]+)+"
_EMPHASIS = (
    r"(?P<strong>(?<![*\\])(?P<stars>\*{1,3})(?![\s*])(?P<content>[^*\n]*(?:\n[^*\n]+)*)(?<![\s\\])(?P=stars)(?!\*))"
    rf"|(?P<nested>(?<![*\\])\*\*(?![\s*])(?P<inner>{_HOLDS_EMPHASIS}\*?)(?<![\s\\])\*\*(?!\*))"
)
_SPAN_LINE = rf"^(?P<indent>[ ]{{0,3}})(?P<tag></?(?:{_SPAN_TAGS})\b[^<>\n]*>)(?=[ \t]*$)"
_MARKDOWN_INSIDE = (
    r"(?P<open><[a-zA-Z](?:(?!\smarkdown=)[^<>])*)"
    r"""\smarkdown=(?:"(?:1|block|span)"|'(?:1|block|span)'|1)(?P<rest>[^<>]*>)"""
)
_ABBREVIATION = r"(?P<gone>^[ ]{0,3}\*\[[^\]\n]+\]:[^\n]*$)"
_LIST_OF_CONTENTS = r"(?P<contents>^[ ]{0,3}\[TOC\][ \t]*$)"
_NO_ITEM = r"(?P<number>^[ \t>]*[0-9]{1,9})(?=\)[ \t])"


def _attributes(colon: str) -> str:
    """Pattern of all forms of attribute lists."""
    braces = rf"\{{{colon}(?![:/])[^{{}}\n]*\}}"
    return (
        rf"(?P<toc>^(?:[ ]{{0,3}}(?:[*+-]|[0-9]+\.)[ \t][^\n]*\n){{1,20}}[ ]*\{{:[ ]*toc\b[^{{}}\n]*\}}"
        rf"|^[ ]{{0,3}}\{{:[ ]*toc\b[^{{}}\n]*\}}[ \t]*\n[ ]{{0,3}}(?:[*+-]|[0-9]+\.)[ \t][^\n]*$)"
        rf"|(?P<line>^(?P<quote>[ \t>]*){braces}[ \t]*$)"
        rf"|(?P<item>^[ \t]*(?:[*+-]|[0-9]+\.)[ \t]+){braces}[ \t]*"
        rf"|(?P<span>(?<=[)\]*_`>])(?:{braces})+)"
    )


_BREAK = r"(?P<break>\\\\$)|(?P<end_of_block>^\^[ \t]*$)"
_EXTENSION = (
    r"(?P<options>\{::options\b[^{}\n]*/\})"
    r"|\{::(?P<extension>comment|nomarkdown)\b[^{}\n]*\}(?P<inside>[^{]*(?:\{(?!:[:/])[^{]*)*)\{:/(?:comment|nomarkdown)?\}"
    r"(?:(?<=\n\{:/\})\n|(?<=\n\{:/comment\})\n)?"
    r"|(?P<formula>\$\$(?:[^$\n]|\n(?![ \t]*\n)|\$(?!\$)){1,5000}\$\$)"
)
_STARTS = r"\n(?=[ \t>]*[-*+{^<0-9])|\{|<(?=[a-zA-Z])|\](?=\((?:[^()<>\n\"' ]|\([^()\n]*\))*[ \t])"
"""Where any of them may start."""
_KRAMDOWN = compile_outside_code(
    f"{_EXTENSION}|{_attributes(':')}|{_ABBREVIATION}|{_NO_ITEM}|{_BREAK}|{_MARKDOWN_INSIDE}|{_SPAN_LINE}|{_ADDRESS}",
    rf"{_STARTS}|\$(?=\$)|\\(?=\\)",
)
_PYTHON_MARKDOWN = compile_outside_code(
    f"{_attributes(':?')}|{_ABBREVIATION}|{_LIST_OF_CONTENTS}|{_NO_ITEM}|{_MARKDOWN_INSIDE}|{_SPAN_LINE}|{_ADDRESS}",
    rf"{_STARTS}|\n(?=[ ]{{0,3}}\[TOC\])",
)
_OPTION_OF_HTML = re.compile(r"\{::options\b[^{}\n]*\bparse_block_html=[\"']true[\"'][^{}\n]*/\}")
_STRONG = compile_outside_code(_EMPHASIS, r"\*(?=\*{0,2}[^\s*])")
_HEADING_ID = re.compile(r"(?:[ \t]#+)?[ \t]+\{#(?:[^\W\d]|:)[\w:.-]*\}(?=</h[1-6]>)")
"""An id is a name of XML, such as `v1.0` and `安装`."""
_HEADING_BRACES = re.compile(r"(?:[ \t]*(?<!#)#+)?[ \t]+\{:?[ ]*[^{} \n][^{}\n]*\}(?=</h[1-6]>)")
_COLON = compile_outside_code(
    r"^(?P<no_definition>[ ]{0,3}(?:>[ ]{0,3})*):(?![\s]|-+:?[ \t]*(?:[|\n]|\Z))", r"\n(?=[ >]*:)"
)
_COLON_STARTS_LINE = re.compile(r"\n[ >]*:[^\s]")
_CLOSE_HEADING = compile_outside_code(r"^(?P<level>#{1,6})(?=[^# \t\n])", r"\n(?=#)")
_MAY_CLOSE_HEADING = re.compile(r"^#{1,6}[^# \t\n]", re.MULTILINE)
_ROUND_ITEM = re.compile(r"\n[ \t>]*[0-9]{1,9}\)[ \t]")
_SPACED_ADDRESS = re.compile(r"""\]\([^()<>\n"' ]*+[ ]+[^()<>\n"' ]""")
_ESCAPE_IN_ADDRESS = compile_outside_code(r"""(?P<escaped>\]\([^()<>\s"'\\]*\\[^()<>\s"']*)""", r"\](?=\()")
_MAY_ESCAPE_IN_ADDRESS = re.compile(r"""\]\([^()<>\s"'\\]*\\""")
_CODE_LANGUAGE = re.compile(r"<pre><code>[ ]{0,3}(?:::+|#!)[\w#.+-]*(?:[ \t]+hl_lines=[^\n<]*)?[ \t]*\n")
_TERMS = re.compile(r"<dt>[^<]*(?:<(?!/dt>)[^<]*)*</dt>")
_HTML_STARTS = re.compile(r"[ ]{0,3}<(?!http|p>)")
_HTML_STARTS_LINE = re.compile(r"\n[ ]{0,3}<(?!http|p>)")
_ODD_PARAGRAPH = re.compile(r"<(?:/p>[ \t]*(?:\n[ \t]*)?[^\s<]|p>[^<]*\n[ \t]*\n)")
"""The addresses that most lines with `<` begin with, and paragraphs on lines of their own, are passed over fast."""
_MAY_BREAK_PARAGRAPH = re.compile(r"\n[ ]{0,3}(?:[0-9]{1,9}\.[ \t]|(?:-+|=+)[ \t]*(?:\n|\Z))")
_DIFFERS_AFTER_LINE_FEED = re.compile(r"\n(?:[ ]{0,3}<(?!http|p>)|[ >]*:|[ \t>]*[0-9]{1,9}\)[ \t])")
_DIFFERS_AFTER_BRACKET = re.compile(rf"""\](?::|\([^()<>\n"' ]*+[ ]+[^()<>\n"' ]|{MAY_QUOTE_TITLE})""")
_MAY_BE_SPAN_LINE = re.compile(rf"\n[ ]{{0,3}}</?(?:{_SPAN_TAGS})\b[^<>\n]*>[ \t]*(?:\n|\Z)")
_MAY_BE_ATTRIBUTES = re.compile(r"\{(?<=[)\]*_`>]\{)[^{}\n]*\}|\n[ \t>]*(?:(?:[*+-]|[0-9]+\.)[ \t]+)?\{[^{}\n]*\}")
_BESIDE_PUNCTUATION = re.compile(
    r"\*(?:(?<=[^\W_]\*)\*{0,2}(?:[^\w\s*]|_)"
    r"|(?<![*\\]\*)(?P<star>\*{0,2})(?![\s*])[^*\n]*(?:\n[^*\n]+)*(?<=[^\w\s]|_)\*(?P=star)(?=[^\W_])"
    rf"|(?<![*\\]\*)\*(?![\s*]){_HOLDS_EMPHASIS}(?<=[^\w\s])\*\*(?=[^\W_]))"
)
"""Emphasis that opens after a letter and before a sign, or closes after a sign and before a letter."""
_HEADING_ATTRIBUTES = re.compile(
    r"""(?:[ \t]*|(?<=>))\{[ ]*(?:(?:[#.][\w:.-]+|[A-Za-z_:][\w:.-]*=(?:"[^"{}]*"|[\w.-]+))[ ,]*)*\}(?=</h[1-6]>)"""
)


def convert_kramdown(body: str) -> str:
    """Rewrite kramdown as CommonMark.

    Args:
        body: Markdown of kramdown.

    Returns:
        CommonMark; the same object if nothing had to be rewritten.
    """
    if "`" in body or "~" in body:
        body = show_open_fences(body)
    if "!" in body and "<!--" in body:
        body = remove_comments_before_text(body)
    if _MAY_BREAK_PARAGRAPH.search(body) is not None:
        body = keep_underlines(begin_numbered_lists(body))
    if not _may_differ(body):
        return body
    if option := _OPTION_OF_HTML.search(body) if "{::options" in body else None:
        body = open_html_blocks(body, option.end())
    has_html = "<" in body and _begins_lines_with_html(body)
    if has_html:
        body = keep_html_blocks(body)
    if (
        # A search for one character takes a fifth of the time of one for two.
        ("{" in body and "{:" in body)
        or ("*" in body and "*[" in body)
        or ("$" in body and "$$" in body)
        or ("\\" in body and "\\\\\n" in body)
        or ("^" in body and "\n^\n" in body)
        or _SPACED_ADDRESS.search(body)
        or (") " in body and _may_hold_round_item(body))
        or (has_html and _may_hold_html(body))
    ):
        body = substitute_outside_code(_KRAMDOWN, _rewrite, body)
    if "\\" in body and _MAY_ESCAPE_IN_ADDRESS.search(body):
        body = substitute_outside_code(_ESCAPE_IN_ADDRESS, lambda match: match[0].replace("\\", "\\\\"), body)
    body = escape_titles(keep_backslashes(keep_code_of_html(body) if "<" in body else body, KEPT_BY_KRAMDOWN))
    body = escape_colons(body)
    if "]:" in body:
        body = join_labels(close_brackets_of_addresses(close_spaced_definitions(part_definitions(body))))
    if "|" in body:
        body = write_kramdown_tables(keep_tables_in_paragraphs(body))
    return _mark_strong(body) if "*" in body else body


def convert_kramdown_with_html(body: str) -> str:
    """Rewrite kramdown as CommonMark for a site whose settings say `parse_block_html`: HTML holds Markdown."""
    return convert_kramdown(open_html_blocks(body))


def _may_differ(body: str) -> bool:
    """Tell in one look whether a body may hold anything that CommonMark does not have: most posts of HTML do not."""
    # A search for one character, or for a pattern that begins with one, takes a fraction of the time of one for two.
    return (
        "{" in body
        or "*" in body
        or "|" in body
        or "$" in body
        or "^" in body
        or "\\" in body
        or _DIFFERS_AFTER_LINE_FEED.search(f"\n{body}") is not None
        or _DIFFERS_AFTER_BRACKET.search(body) is not None
        or ("<p>" in body and _ODD_PARAGRAPH.search(body) is not None)
        or ("=" in body and "markdown=" in body)
        or ("<" in body and MAY_HOLD_CODE.search(body) is not None)
    )


def convert_python_markdown(body: str) -> str:
    """Rewrite the Markdown of Pelican as CommonMark.

    Args:
        body: Markdown of Python-Markdown with its extension `extra`.

    Returns:
        CommonMark; the same object if nothing had to be rewritten.
    """
    body = show_open_fences(body)
    if "!" in body and "<!--" in body:
        body = remove_comments_before_text(body)
    if "<" in body and _begins_lines_with_html(body):
        body = keep_html_blocks(body)
    if (
        ("{" in body and _MAY_BE_ATTRIBUTES.search(f"\n{body}"))
        or "*[" in body
        or "[TOC]" in body
        or _SPACED_ADDRESS.search(body)
        or _may_hold_round_item(body)
        or ("<" in body and _may_hold_html(body))
    ):
        body = substitute_outside_code(_PYTHON_MARKDOWN, _rewrite, body)
    if "#" in body and _MAY_CLOSE_HEADING.search(body):
        body = substitute_outside_code(_CLOSE_HEADING, lambda match: f"{match['level']} ", body)
    body = escape_titles(keep_backslashes(body, KEPT_BY_PYTHON_MARKDOWN))
    body = rule_underlines(keep_lists_in_paragraphs(body))
    body = write_code_in_tables(escape_colons(join_labels(close_brackets_of_addresses(part_definitions(body)))))
    return _mark_strong(body) if "*" in body else body


def escape_colons(markdown: str) -> str:
    """Escape the colons at the start of lines that begin no definition, as no white space is after them.

    Args:
        markdown: a body for a renderer that knows definition lists.
    """
    if ":" not in markdown or _COLON_STARTS_LINE.search(markdown) is None:
        return markdown
    return substitute_outside_code(_COLON, _escape_colon, markdown)


def _escape_colon(match: re.Match[str]) -> str:
    return f"{match['no_definition']}\\:"


def strip_heading_ids(html: str) -> str:
    """Remove `{#id}` at the end of headings; other braces are text there, as in kramdown."""
    return _HEADING_ID.sub("", html) if "}" in html and "}</h" in html else html


def strip_heading_braces(html: str) -> str:
    """Remove braces at the end of headings: Python-Markdown takes whatever they hold for attributes."""
    return _HEADING_BRACES.sub("", html) if "}</h" in html else html


def strip_heading_attributes(html: str) -> str:
    """Remove attributes at the end of headings; other braces are text there, as in goldmark."""
    return _HEADING_ATTRIBUTES.sub("", html) if "}</h" in html else html


def strip_code_languages(html: str) -> str:
    """Remove the first line of code that names its language, `:::python` or `#!python`, as `codehilite` does.

    Args:
        html: HTML as the renderer writes it.
    """
    return _CODE_LANGUAGE.sub("<pre><code>", html) if "<pre><code>" in html and ("::" in html or "#!" in html) else html


def split_terms(html: str) -> str:
    """Make a term of each line above a definition.

    Args:
        html: HTML as the renderer writes it.
    """
    return _TERMS.sub(lambda terms: terms[0].replace("\n", "</dt>\n<dt>"), html) if "<dt>" in html else html


def _begins_lines_with_html(body: str) -> bool:
    """Tell cheaply whether a body may hold blocks of HTML that must be kept whole."""
    if _HTML_STARTS_LINE.search(body) is not None or _HTML_STARTS.match(body) is not None or "markdown=" in body:
        return True
    return "<p>" in body and _ODD_PARAGRAPH.search(body) is not None


def _may_hold_html(body: str) -> bool:
    """Tell cheaply whether HTML of a body may have to be rewritten."""
    return "markdown=" in body or _MAY_BE_SPAN_LINE.search(f"\n{body}") is not None


def _may_hold_round_item(body: str) -> bool:
    """Tell cheaply whether a body may hold `1) x`, which is an item of a list in CommonMark only."""
    return ") " in body and _ROUND_ITEM.search(f"\n{body}") is not None


def _rewrite(match: re.Match[str]) -> str:
    """Rewrite one thing that CommonMark does not have."""
    kind = match.lastgroup
    if kind == "url":
        return _bracket_address(match)
    if kind == "tag":
        return f"{match['indent']}<b></b>{match['tag']}"
    if kind == "rest":
        return f"{match['open']}{match['rest']}\n\n"
    if kind == "inside":
        return "" if match["extension"] == "comment" else match["inside"].translate(SIGN_REFERENCES)
    if kind == "formula":
        return f"$${match[0][2:-2].translate(SIGN_REFERENCES)}$$"
    if kind == "number":
        return f"{match[0]}\\"
    if kind == "break":
        return "\\"
    if kind == "item":
        return match["item"]
    return match["quote"] or "" if kind in ("quote", "line") else ""


def _bracket_address(match: re.Match[str]) -> str:
    url = match["url"]
    address = url.strip()
    following = match.string[match.end()]
    if not any(blank in address for blank in " \t") or (following != ")" and not url[-1:].isspace()):
        return match[0]
    return f"](<{address}>{url[len(url.rstrip()) :]}"


def _mark_strong(body: str) -> str:
    """Write emphasis as HTML where CommonMark's rules on what stands beside it (section 6.2) would make it signs."""
    if _BESIDE_PUNCTUATION.search(body) is None:
        return body
    return substitute_outside_code(_STRONG, _write_emphasis, body)


def _write_emphasis(match: re.Match[str]) -> str:
    text, content = match.string, match["content"] or match["inner"]
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    opens = before.isalnum() and not content[0].isalnum()
    closes = after.isalnum() and not content[-1].isalnum()
    if not (opens or closes or match["inner"]) or ("<" in text and is_in_html_block(text, match.start())):
        return match[0]
    if match["inner"]:
        content = _mark_strong(content)
        return f"<strong>{content}</strong>" if opens or closes else f"**{content}**"
    if match["stars"] == "***":
        return f"<strong><em>{content}</em></strong>"
    name = "strong" if match["stars"] == "**" else "em"
    return f"<{name}>{content}</{name}>"
