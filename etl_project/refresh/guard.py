"""Decides whether a refresh may go on without a person's word."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from etl_project.errors import UserError
from etl_project.scan.leaving import Leaving
from etl_project.scan.passed_over import describe_passed_over, files_passed_over
from etl_project.settings import Settings, SettingsError, line_of
from etl_project.sources.place import PinnedSource
from etl_project.utf8_mode import names_are_utf8


class RefreshStopped(UserError):
    """A refresh that must not go on without a person's word; nothing was written."""


def guard_leaving(leaving: Mapping[str, Leaving], settings: Settings) -> None:
    """Stop when a larger share of a source's posts is about to leave than is usual.

    One post of several that cannot be loaded any more is no damage to a site: it is named in a warning.

    Args:
        leaving: source -> articles about to leave.
        settings: the settings, with the shares that may leave in `[limits]`.

    Raises:
        RefreshStopped: with the numbers and what to do.
    """
    limits, names = settings.limits, {source.name for source in settings.sources}
    for name, articles in leaving.items():
        if name not in names:
            if articles.leaving > limits.deletes_share * articles.total:
                raise RefreshStopped(_describe_removed_source(name, articles, settings.file))
            continue
        is_one_typo = articles.lost == articles.rejected == 1 and articles.total > 1
        if articles.lost > limits.deletes_share * articles.total and not is_one_typo:
            raise RefreshStopped(_describe_lost(name, articles, limits.deletes_share))
        if articles.unselected > limits.settings_share * articles.total or (
            articles.unselected and not articles.some_stay
        ):
            raise RefreshStopped(_describe_unselected(name, articles, limits.settings_share))


def _describe_removed_source(name: str, articles: Leaving, file: Path) -> str:
    return (
        f"the source {name!r} is no longer in {file}, and its {articles.leaving:,} posts would leave. Nothing was "
        "changed. If they are meant to go, run `etl refresh --allow-deletes`; if the source has another name now, give "
        f'it renamed_from = "{name}"; else write it back.'
    )


def _describe_lost(name: str, articles: Leaving, share: float) -> str:
    reasons = [
        f"{number:,} {words}"
        for number, words in (
            (articles.absent, "no longer there"),
            (articles.closed, "there, but cannot be opened any more"),
            (articles.rejected, "changed and cannot be loaded any more"),
        )
        if number
    ]
    return (
        f"{articles.lost:,} of the {articles.total:,} posts of the source {name!r} would leave: {', '.join(reasons)}, "
        f"such as {articles.example}. That is more than the {share:.0%} that [limits] deletes_share allows. Nothing "
        "was changed. If they are meant to go, run `etl refresh --allow-deletes`; else find out what became of them."
    )


def _describe_unselected(name: str, articles: Leaving, share: float) -> str:
    more = "no post would be left" if not articles.some_stay else f"[limits] settings_share allows {share:.0%}"
    return (
        f"{articles.unselected:,} of the {articles.total:,} posts of the source {name!r} would leave because of its "
        f"settings or of this version of the program, such as {articles.example}: their files are there as they were, "
        f"and {more}. Nothing was changed. Correct `location`, `dialect`, `include` or `exclude`, or, if they are "
        "meant to go, run `etl refresh --allow-deletes`."
    )


def refuse_source_without_posts(
    settings: Settings, sources: Iterable[PinnedSource], listed: Mapping[str, int], known: Collection[str]
) -> None:
    """Stop at a new source with files that may be posts, none of which its settings match; one without any is young.

    Args:
        settings: the settings.
        sources: the sources that were listed.
        listed: source -> files that were listed.
        known: sources that have rows.

    Raises:
        RefreshStopped: with what lies there and the line of the location.
    """
    for pinned in sources:
        if pinned.name in known or listed.get(pinned.name) != 0:
            continue
        if (found := files_passed_over(pinned)).places:
            index = [source.name for source in settings.sources].index(pinned.name)
            line = line_of(settings.file.read_text("utf-8-sig"), ("source", index, "location"))
            raise RefreshStopped(
                f"{settings.file}, line {line}: the source {pinned.name!r} has no post: "
                f"{describe_passed_over(pinned, found)}. Nothing was changed. Correct its location, dialect or "
                "include, or go on without posts by `etl refresh --allow-deletes`."
            )


def refuse_garbled_names(settings: Settings) -> None:
    """Stop where this process would turn the names of the settings into other bytes than UTF-8.

    The command `etl` and those of Dagster start themselves again before it comes to that.

    Raises:
        SettingsError: with what to do.
    """
    if names_are_utf8():
        return
    names = [str(settings.warehouse.path), *(str(source.location) for source in settings.sources)]
    if not all(name.isascii() for name in names):
        raise SettingsError(
            f"{settings.file}: it names folders or files in letters that this process would write in another encoding "
            "than UTF-8. Set PYTHONUTF8=1 in its environment."
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
            line = line_of(settings.file.read_text("utf-8-sig"), ("source", index, "location"))
            reason, remedy = unavailable[source.name], ""
            if isinstance(source.location, Path):  # a fault of git has its remedy with it
                is_denied = reason.endswith(os.strerror(errno.EACCES))
                remedy = " Give this user the right to read it." if is_denied else ""
                remedy = remedy or " Correct its location or create the folder."
            raise SettingsError(
                f"{settings.file}, line {line}: the source {source.name!r} cannot be read: {reason}.{remedy}"
            )


def require_every_source(unavailable: Mapping[str, str]) -> None:
    """Stop a refresh that builds every table anew and lacks a source.

    Raises:
        RefreshStopped: with the reasons.
    """
    if unavailable:
        reasons = "; ".join(unavailable.values())
        raise RefreshStopped(f"every table is built anew, which needs every source: {reasons}. Nothing was changed.")
