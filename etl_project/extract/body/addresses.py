"""Keep addresses as the post writes them through the renderer, which percent-escapes what an address may not hold.

Where the post itself writes an escape (`%20`), its `%` is replaced by a sign that no text holds before the renderer
runs; all escapes in the HTML are then the renderer's and are undone. A post without written escapes needs nothing of
this: the walk undoes what escapes it finds.
"""

from __future__ import annotations

import html as markup
import re
from collections.abc import Set
from urllib.parse import unquote

_SIGN = "\ufdd0"  # a noncharacter: no program may write it into a file (Unicode 16, section 23.7)
_SIGN_ESCAPED = "%EF%B7%90"
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_WRITTEN_ESCAPE = re.compile(r"%(?<!\\%)(?=[0-9A-Fa-f]{2})")
_ADDRESS = re.compile(r'((?:href|src)=")([^"%]*%[^"]*)"')


def protect_escapes(markdown: str) -> str:
    """Replace the `%` of each escape that the post writes.

    Args:
        markdown: a body in Markdown.

    Returns:
        The body for the renderer, whose output `restore_addresses` takes; the same object if it writes no escape.
    """
    if "%" not in markdown or not _ESCAPE.search(markdown):
        return markdown
    return _WRITTEN_ESCAPE.sub(_SIGN, markdown.replace(_SIGN, "\ufffd"))


def restore_addresses(html: str) -> str:
    """Undo the escapes of the renderer, and put back those that the post writes.

    Args:
        html: HTML as the renderer writes it.
    """
    if _SIGN not in html and ("%" not in html or _SIGN_ESCAPED not in html):
        return html
    return _ADDRESS.sub(_restore, html).replace(_SIGN, "%")


def written_escapes(markdown: str) -> set[str]:
    """Find the escapes (`%20`) that a post writes."""
    return set(_ESCAPE.findall(markdown))


def restore_address(url: str, written: Set[str]) -> str:
    """Give an address as the post writes it.

    Args:
        url: the address in the rendered HTML, in which the renderer percent-escapes what an address may not hold.
        written: the escapes that the post itself writes.
    """
    return unquote(url) if written.isdisjoint(_ESCAPE.findall(url)) else url


def _restore(match: re.Match[str]) -> str:
    return f'{match[1]}{markup.escape(unquote(markup.unescape(match[2])))}"'
