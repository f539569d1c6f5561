r"""Take the signs of callouts out of a body: alerts of GitHub, callouts of Obsidian, containers of Docusaurus.

    callout   = "> [!" type "]" ["+" | "-"] [title]                             in a quote; Obsidian, Hugo
    alert     = "> [!" type "]"                                                 GitHub
    container = ":::" type ["[" title "]" | " " title] ["{" ... "}"]         to ":::"; Docusaurus, Starlight, VitePress

The sign picks colour and icon; a reader sees the title and the content. A title is a paragraph of its own.
"""

from __future__ import annotations

import re

from etl_project.extract.body.fences import substitute_outside_fences

_CALLOUT = re.compile(r"(<blockquote>\n<p>)\[![^\[\]<\n]+\][+-]?(?:<br />)?[ \t]*([^\n]*\n?)")
_CONTAINER = re.compile(r"^( {0,3}):{3,}[ \t]*((?:[^\n:`]|:(?!::)){0,200})$", re.MULTILINE)
_CONTAINER_START = re.compile(
    r"(?:[A-Za-z][\w-]*)?(?:[ \t]*\[(?P<label>.*)\]|[ \t]+(?P<title>[^\s{].*?))?[ \t]*(?:\{.*\})?[ \t]*"
)


def strip_callout_signs(html: str) -> str:
    """Drop `[!type]` at the start of quotes, and let their titles be paragraphs.

    Args:
        html: HTML as the renderer writes it.
    """
    return _CALLOUT.sub(_keep_callout_title, html) if "<p>[!" in html else html


def _keep_callout_title(match: re.Match[str]) -> str:
    title = match[2]
    if title.endswith("\n") and not title.isspace() and "</p>" not in title:
        return f"{match[1]}{title[:-1]}</p>\n<p>"
    return match[1] + title


def strip_container_marks(markdown: str) -> str:
    """Drop the lines that begin and end a container, but for its title, which becomes a paragraph.

    Args:
        markdown: a body in Markdown.
    """
    return substitute_outside_fences(_CONTAINER, _keep_container_title, markdown) if ":::" in markdown else markdown


def _keep_container_title(match: re.Match[str]) -> str:
    start = _CONTAINER_START.fullmatch(match[2])
    if start is None:
        return match[0]
    title = start["label"] or start["title"]
    return f"\n{match[1]}{title}\n" if title else ""
