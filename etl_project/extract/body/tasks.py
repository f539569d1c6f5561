"""Write tasks as GitHub has them where goldmark takes more: `- [x]done`, without white space behind the box.

Source: `taskListRegexp` of goldmark's `extension/tasklist.go`.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code

_MAY_BE_TIGHT = re.compile(r"\[[ xX]\][^\s:]")
_TIGHT = compile_outside_code(
    r"(?P<box>^[ \t>]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\[[ xX]\])(?=[^\s:])",
    r"\n(?=[ \t>]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\[)",
)


def space_tasks(markdown: str) -> str:
    """Put a blank behind the box of each task that has none.

    Args:
        markdown: a body of goldmark.

    Returns:
        The body changed; the same object if it has no such task.
    """
    if _MAY_BE_TIGHT.search(markdown) is None:
        return markdown
    return substitute_outside_code(_TIGHT, lambda match: f"{match[0]} ", markdown)
