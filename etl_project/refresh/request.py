"""What is asked of a refresh."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from etl_project.settings import Settings, SettingsError
from etl_project.sources.source import Source


@dataclass(frozen=True, slots=True)
class Request:
    """What a person or a schedule asks of one refresh."""

    sources: tuple[Source, ...]
    """The sources to check for changes; the others stay as they are."""
    are_named: bool = False
    """The sources were asked for by name."""
    full: bool = False
    """Read every post again and build the derived tables anew."""
    allow_deletes: bool = False
    """Go on although more posts are about to leave than the guard allows."""
    verify: bool = False
    """Hash every file again, also those whose signature is the same."""
    is_dry_run: bool = False
    """Only tell what there is to do: nothing is written but the lock and copies of remote repositories, and the plan
    reports the guard instead of raising."""


def choose_sources(settings: Settings, names: Collection[str]) -> tuple[Source, ...]:
    """Sources of these names; all where none is named.

    Raises:
        SettingsError: there is no source of such a name.
    """
    known = {source.name for source in settings.sources}
    for name in sorted(set(names) - known):
        raise SettingsError(
            f"{settings.file}: there is no source {name!r}; the sources are {', '.join(sorted(known))}."
        )
    return tuple(source for source in settings.sources if not names or source.name in names)
