r"""Keep braces at the end of a heading that the post escapes, as no attributes: `## Ids: \{#name}`."""

from __future__ import annotations

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code

_ESCAPED = compile_outside_code(
    r"(?P<heading>^#{1,6}[ \t][^\n\\]*(?:\\[^{\n][^\n\\]*)*)\\\{(?=[^\n{}]*\}[ \t]*$)", r"\n(?=#)"
)


def keep_escaped_braces(markdown: str) -> str:
    """Put comments around such a brace, so that no pass over the HTML takes it for the start of attributes.

    Args:
        markdown: a body of a Markdown whose headings have attributes.

    Returns:
        The body changed; the same object if it has no such brace.
    """
    if "\\" not in markdown or "\\{" not in markdown:
        return markdown
    return substitute_outside_code(_ESCAPED, lambda match: f"{match['heading']}<!---->{{<!---->", markdown)
