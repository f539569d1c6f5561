"""One post, and one listed file, while they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from etl_project.dialect import HTML, ORG, RST
from etl_project.extract.body.read import Body, Form
from etl_project.extract.decode import Decoded
from etl_project.extract.fields import Fields
from etl_project.extract.front_matter.read import FrontMatter
from etl_project.reasons import PostWarning, Rejection
from etl_project.sources.signature import FileTask, Signature, is_recent

HALF_WRITTEN = frozenset({"empty", "unterminated_front_matter", "encoding"})
"""Reasons that a file still being written may cause: a young file that has a good row is deferred, not rejected."""

_FORMS: dict[str, Form] = {".mdx": "mdx", RST: "rst", ORG: "org"}


@dataclass(slots=True)
class Post:
    """One post while it is read, step by step: `etl explain` shows its parts, and the frames are built from them."""

    path: str
    """Path below the source, as listed."""
    data: bytes = field(repr=False)
    decoded: Decoded = field(init=False)
    front_matter: FrontMatter = field(init=False)
    body: Body = field(init=False)
    fields: Fields = field(init=False)
    fields_json: str | None = None
    """The front matter as JSON, where it is known already."""
    html: str | None = None
    """The body as HTML, where it was rendered already."""

    @property
    def warnings(self) -> list[PostWarning]:
        """All warnings about the post; they do not keep it from being loaded."""
        return [
            *self.decoded.warnings,
            *self.front_matter.warnings,
            *self.fields.warnings,
            *self.body.warnings,
        ]


@dataclass(slots=True)
class Reading:
    """A listed file while it is read: it becomes a post, or gets a status instead."""

    task: FileTask
    started_ns: int
    signature: Signature
    is_young: bool
    changed_while_read: bool = False
    file_hash: str | None = None
    post: Post | None = None
    status: str | None = None
    """Set as soon as it is known that the file does not become a post: as in `FILES`, without `loaded`."""
    rejection: Rejection | None = None
    row: int = 0
    """Its place in the batch."""

    @property
    def is_going_on(self) -> bool:
        """Whether it may still become a post."""
        return self.status is None and self.post is not None

    @property
    def known_post(self) -> Post:
        """The post of a file that was read."""
        assert self.post is not None
        return self.post

    def attempt(self, step: Callable[[Post], None]) -> None:
        """Take the post through a step, if it may still become one; it is rejected where that fails."""
        if self.status is not None or self.post is None:
            return
        try:
            step(self.post)
        except Rejection as rejection:
            self.reject(rejection)
        except MemoryError:
            raise
        except Exception as error:
            # An error of the parser rejects the post: one bad file never stops a refresh.
            message = f"the parser failed: {type(error).__name__}: {error}"
            self.reject(Rejection("crashed_parser", message))

    def reject(self, rejection: Rejection) -> None:
        """Reject the file, or defer it if it may still be being written."""
        is_deferred = self.task.may_defer and rejection.reason in HALF_WRITTEN and self._is_being_written()
        self.status = "deferred" if is_deferred else "rejected"
        self.is_young = self.is_young or (rejection.reason == "unreadable" and not is_deferred)
        self.rejection = rejection

    def _is_being_written(self) -> bool:
        has_changed = self.changed_while_read or self.signature != self.task.listed
        return has_changed or is_recent(self.signature, self.started_ns)


def form_of(path: str) -> Form:
    """Tell what the body of a file is written in: no generator reads an HTML file as Markdown."""
    if path.endswith(".md"):
        return "markdown"
    ending = path[path.rfind(".") :].lower()
    return "html" if ending in HTML else _FORMS.get(ending, "markdown")
