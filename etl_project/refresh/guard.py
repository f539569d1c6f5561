"""Decides whether a refresh may go on without a person's word."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from etl_project.errors import UserError
from etl_project.scan.compare import Leaving
from etl_project.settings import Settings, SettingsError, line_of


class RefreshStopped(UserError):
    """A refresh that must not go on without a person's word; nothing was written."""


def guard_deletes(leaving: Mapping[str, Leaving], deletes_share: float) -> None:
    """Stop when a larger share of a source's posts is about to leave than is usual.

    Args:
        leaving: source -> articles about to leave.
        deletes_share: share of a source's posts that may leave, `[limits] deletes_share`.

    Raises:
        RefreshStopped: with the numbers and what to do.
    """
    for name, articles in leaving.items():
        if articles.leaving > deletes_share * articles.total:
            raise RefreshStopped(
                f"{articles.leaving:,} of the {articles.total:,} posts of the source {name!r} are no longer there, or "
                f"cannot be opened any more, which is more than the {deletes_share:.0%} that [limits] deletes_share "
                "allows. Nothing was changed. If they are meant to go, run `etl refresh --allow-deletes`; if the "
                f'source has another name now, give it renamed_from = "{name}"; else find out where they went.'
            )


def refuse_new_unavailable(settings: Settings, unavailable: Mapping[str, str], known: Collection[str]) -> None:
    """Stop at a source that was never there: that is a mistake in its location, and no outage.

    Args:
        settings: the settings.
        unavailable: sources that cannot be read -> why.
        known: sources that have rows.

    Raises:
        SettingsError: with the line of the location.
    """
    for index, source in enumerate(settings.sources):
        if source.name in unavailable and source.name not in known:
            line = line_of(settings.file.read_text("utf-8"), ("source", index, "location"))
            raise SettingsError(
                f"{settings.file}, line {line}: the source {source.name!r} cannot be read: "
                f"{unavailable[source.name]}."
                # A fault of git has its remedy with it.
                f"{' Correct its location or create the folder.' if isinstance(source.location, Path) else ''}"
            )


def require_every_source(unavailable: Mapping[str, str]) -> None:
    """Stop a refresh that builds every table anew and lacks a source.

    Raises:
        RefreshStopped: with the reasons.
    """
    if unavailable:
        reasons = "; ".join(unavailable.values())
        raise RefreshStopped(f"every table is built anew, which needs every source: {reasons}. Nothing was changed.")
