"""Take template tags out of a body before its Markdown is read."""

from __future__ import annotations

import re

_TEMPLATE_COMMENT = re.compile(r"\{%-?[ \t]*(end)?comment\b[^{}]*%\}")
_TEMPLATE_FENCE = re.compile(
    r"^[ \t]*(?:\{%-?[ \t]*(?:end)?(?:highlight|codeblock)\b[^{}\n]*%\}"
    r"|\{\{[<%][ \t]*/?[ \t]*highlight\b[^{}\n]*\}\})[ \t]*$",
    re.MULTILINE,
)
_TEMPLATE_ADDRESS = re.compile(r"\]\(([^\s(){}<>]*\{[{%][^(){}\n]+\}+[^\s(){}<>]*)(?=[ \t)])")


def convert_template_markup(body: str) -> str:
    """Convert template markup to Markdown.

    Comments of Liquid are removed. A highlight tag on a line of its own (Jekyll, Hexo, Hugo) becomes a code fence. An
    address that holds an expression (`[text]({{ site.url }}/x)`) is put in angle brackets, since Markdown allows
    white space in an address only there (CommonMark 0.31, section 6.3).

    Args:
        body: Markdown or HTML.

    Returns:
        The body without template markup; the same object if it has none.
    """
    if "{" not in body or ("{%" not in body and "{{" not in body):
        return body
    if "comment" in body:
        body = _strip_liquid_comments(body)
    body = _TEMPLATE_FENCE.sub("~~~~~~", body)
    return _TEMPLATE_ADDRESS.sub(_bracket_address, body)


def _strip_liquid_comments(body: str) -> str:
    """Remove what is between `{% comment %}` and `{% endcomment %}`, and these tags."""
    kept = []
    begin = 0
    in_comment = False
    for match in _TEMPLATE_COMMENT.finditer(body):
        is_end = match[1] is not None
        if is_end == in_comment:
            if not in_comment:
                kept.append(body[begin : match.start()])
            in_comment = not in_comment
            begin = match.end() if is_end else match.start()
    kept.append(body[begin:])  # An unclosed comment stays: losing the rest of the post would be worse.
    return "".join(kept)


def _bracket_address(match: re.Match[str]) -> str:
    address = match[1].replace("<", r"\<").replace(">", r"\>")
    return f"](<{address}>"
