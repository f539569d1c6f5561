r"""Write spans that kramdown and Python-Markdown read otherwise than CommonMark so that it reads them alike.

    50\%  x\,y                a backslash stays before signs that the generator does not escape
    [x](/u "a "b" c")         a title in quotes may hold quotes
    <code>__init__</code>     what HTML says is code is no Markdown; kramdown

Sources: `ESCAPED_CHARS`, `LINK_INLINE_TITLE_RE` and `HTML_CONTENT_MODEL` of kramdown 2.4 with its parser `GFM`;
`ESCAPED_CHARS` and `LinkInlineProcessor` of Python-Markdown 3.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import (
    CODE_STARTS,
    FENCE,
    Tokens,
    compile_outside_code,
    substitute_outside_code,
)

_ESCAPE = compile_outside_code(r"\\(?P<escaped>[!-/:-@\[-`{-~\n])", r"\\")
KEPT_BY_KRAMDOWN = frozenset("&%@/^,;?")
"""Signs before which a backslash stays in kramdown."""
KEPT_BY_PYTHON_MARKDOWN = frozenset("&%@/^,;?$\"'<=\n")
"""Signs before which a backslash stays in Python-Markdown; at the end of a line it breaks none."""
_MAY_KEEP = {signs: re.compile(rf"\\[{''.join(map(re.escape, sorted(signs)))}]") for signs in
             (KEPT_BY_KRAMDOWN, KEPT_BY_PYTHON_MARKDOWN)}  # fmt: skip

MAY_QUOTE_TITLE = r"""\([^()<>\n"' ]*+[ \t]+(?:"[^"\n]*"|'[^'\n]*')(?![ \t]*\))"""
"""Pattern of an address whose title holds its own quotes, after its `]`."""
_MAY_QUOTE_TITLE = re.compile(rf"\]{MAY_QUOTE_TITLE}")
_TITLE = compile_outside_code(
    r"""(?P<before>\]\([^()<>\n"' ]*[ \t]+)(?P<quote>["'])"""
    r"(?P<title>(?:[^\n\]]|\](?!\()){0,1000}?)(?P=quote)(?=[ \t]*\))",
    r"\](?=\()",
)

_RAW_TAGS = "code|font|kbd|samp|var"
MAY_HOLD_CODE = re.compile(rf"<(?:{_RAW_TAGS})\b[^<>\n]*>[^<\n]*[*_`\[\]~\\|#]")
"""HTML whose content kramdown leaves as it is, and that holds signs of Markdown."""
_CODE = Tokens(
    rf"(?P<fence>{FENCE})|(?P<ticks>`+)|(?P<element><(?:pre|script|style)\b)"
    rf"|(?P<open><(?P<name>{_RAW_TAGS})\b[^<>\n]*>)(?P<code>[^<\n]*)(?=</(?P=name)>)",
    rf"{CODE_STARTS}|<(?={_RAW_TAGS})",
)
SIGN_REFERENCES = {ord(sign): f"&#{ord(sign)};" for sign in "*_`[]~\\|#"}
"""Signs of Markdown as references, also within tags of HTML."""


def keep_backslashes(markdown: str, signs: frozenset[str]) -> str:
    """Double the backslash before signs that a generator does not escape, so that it is shown.

    Args:
        markdown: a body.
        signs: `KEPT_BY_KRAMDOWN` or `KEPT_BY_PYTHON_MARKDOWN`.

    Returns:
        The body changed; the same object if it has no such backslash.
    """
    if "\\" not in markdown or _MAY_KEEP[signs].search(markdown) is None:
        return markdown
    return substitute_outside_code(
        _ESCAPE, lambda match: f"\\{match[0]}" if match["escaped"] in signs else match[0], markdown
    )


def escape_titles(markdown: str) -> str:
    """Escape the quotes in titles of links.

    Args:
        markdown: a body of kramdown or Python-Markdown.

    Returns:
        The body changed; the same object if no title holds quotes of its own kind.
    """
    return substitute_outside_code(_TITLE, _escape_title, markdown) if _MAY_QUOTE_TITLE.search(markdown) else markdown


def _escape_title(match: re.Match[str]) -> str:
    quote, title = match["quote"], match["title"]
    # Of two backslashes the first escapes the second, so the quote after them is not escaped.
    escaped = re.sub(rf"(?<!\\)((?:\\\\)*){quote}", lambda found: f"{found[1]}\\{quote}", title)
    return f"{match['before']}{quote}{escaped}{quote}"


def keep_code_of_html(markdown: str) -> str:
    """Write signs of Markdown as references in `<code>`, `<font>` and the like, on one line.

    Args:
        markdown: a body of kramdown.

    Returns:
        The body changed; the same object if no such element holds signs.
    """
    if MAY_HOLD_CODE.search(markdown) is None:
        return markdown
    return substitute_outside_code(
        _CODE, lambda match: f"{match['open']}{match['code'].translate(SIGN_REFERENCES)}", markdown
    )
