"""What every format of front matter is: a handler that finds a header at the start of a text and reads its fields.

python-frontmatter's handlers are the extension point: every format is a `BaseHandler` with `detect`, `split` and
`load`. The library's `parse` is not used, because it strips bodies, turns `000725` into a number and hides what it
cannot read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from frontmatter.default_handlers import BaseHandler

from etl_project.dialects import COMMON_RULES, HeaderRules
from etl_project.extract.front_matter.yaml_events import Budget, Value
from etl_project.limits import Limits
from etl_project.reasons import PostWarning

BLANK_LINES = r"(?:[ \t]*+\n)*+"
"""Pattern of blank lines."""

LINE_REST = r"[^\S\n]*"
"""Pattern of white space up to the end of a line, any that Unicode has."""


@dataclass(slots=True)
class HeaderSpan:
    """The position of a header in a text, and its fields if finding its end required parsing it."""

    start: int
    end: int
    body: int
    format: str
    fields: dict[str, Value] | None = None
    warnings: Sequence[PostWarning] = ()
    """Warnings about `fields`, if these are set."""


class Header(BaseHandler):
    """A format of front matter: a python-frontmatter handler that also knows limits and line numbers."""

    name: ClassVar[str]

    def find(self, text: str, limits: Limits, required: bool, rules: HeaderRules = COMMON_RULES) -> HeaderSpan | None:
        """Find the header at the start of a text; raises Rejection for a header that is not closed."""
        raise NotImplementedError

    def read(
        self, header: str, budget: Budget, *, fast_path: bool = True, rules: HeaderRules = COMMON_RULES
    ) -> dict[str, Value]:
        """Read the fields of a header; warnings go to the budget; raises Rejection."""
        raise NotImplementedError

    def detect(self, text: str) -> bool:
        """Whether the text begins with a header of this format."""
        return self.find(text, Limits(), required=False) is not None

    def split(self, text: str) -> tuple[str, str]:
        """Split a text into header and body."""
        span = self.find(text, Limits(), required=True)
        return ("", text) if span is None else (text[span.start : span.end], text[span.body :])

    def load(self, fm: str) -> dict[str, Any]:
        """Read the fields of a header, every scalar as text."""
        return self.read(fm, Budget(Limits()))
