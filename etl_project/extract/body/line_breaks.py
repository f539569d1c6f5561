"""End a line of the text where the post ends one, as Hexo and Obsidian show it; elsewhere it is a blank.

Both do so unless their settings say otherwise: `breaks` of hexo-renderer-marked, `strictLineBreaks` of Obsidian.
"""

from __future__ import annotations


def break_lines(markdown: str) -> str:
    """Put two blanks at the end of each line: a hard line break in a paragraph, nothing anywhere else.

    Args:
        markdown: a body in Markdown.

    Returns:
        The body with these breaks. A backslash at the end of a line is such a break already.
    """
    if "\\\n" in markdown:
        return markdown.replace("\n", "  \n").replace("\\  \n", "\\\n")
    return markdown.replace("\n", "  \n")
