"""What is read of the body of a post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from etl_project.reasons import PostWarning


@dataclass(slots=True)
class Body:
    """The content of a body. Lists with the same prefix are parallel."""

    text: str = ""
    """Plain text, blocks separated by a blank line."""
    link_urls: list[str] = field(default_factory=list)
    """Addresses as written, in reading order."""
    link_texts: list[str] = field(default_factory=list)
    """Text of each link, alternative text of each image; may be empty."""
    link_kinds: list[str] = field(default_factory=list)
    """`link` or `image`."""
    heading_levels: list[int] = field(default_factory=list)
    """1 to 6, in reading order."""
    heading_texts: list[str] = field(default_factory=list)
    """Text of each heading."""
    mention_kinds: list[str] = field(default_factory=list)
    """Kind of each entity that is mentioned, in the order of first mention."""
    mention_keys: list[str] = field(default_factory=list)
    """Key of each entity."""
    mention_labels: list[str] = field(default_factory=list)
    """The most frequent spelling, ties broken by code points; the key where only pictures mention the entity."""
    mention_counts: list[int] = field(default_factory=list)
    """Number of mentions of each entity."""
    code_blocks: int = 0
    """Number of preformatted blocks."""
    values: dict[str, str | None] = field(default_factory=dict)
    """Rule column -> value of the last element that matched; None if an `original_url` is no web address."""
    warnings: list[PostWarning] = field(default_factory=list)
    """`link_empty`, if the link to the original has no web address."""
    first_paragraph: str = ""
    """The first paragraph of the running text, on one line; empty if there is none."""

    def add_mentions(self, spellings: Mapping[tuple[str, str], Mapping[str, int]]) -> None:
        """Add the entities that the body mentions.

        Args:
            spellings: kind and key of each, in the order of first mention -> how often it is spelled how, the empty
                spelling for pictures.
        """
        for (kind, key), counts in spellings.items():
            self.mention_kinds.append(kind)
            self.mention_keys.append(key)
            self.mention_labels.append(_choose_label(key, counts))
            self.mention_counts.append(sum(counts.values()))

    def add_values(self, values: dict[str, str | None]) -> None:
        """Add the values of the columns that rules fill, and the warning where one is missing."""
        self.values = values
        if values.get("original_url", "") is None:
            self.warnings.append(_LINK_EMPTY)


_LINK_EMPTY = PostWarning("link_empty", "the link to the original is empty or no web address")


def _choose_label(key: str, spellings: Mapping[str, int]) -> str:
    """Choose the most frequent spelling of an entity."""
    if len(spellings) == 1:
        (label,) = spellings
        return label or key
    # Pictures have no spelling.
    return min(filter(None, spellings), key=lambda label: (-spellings[label], label), default=key)
