"""Leaves out the sources that are not to be listed yet: those whose `look_every` has not passed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace

from etl_project.database.last_plan import LastPlan, Looked
from etl_project.refresh.request import Request
from etl_project.scan.fingerprint import code_version
from etl_project.settings import Settings
from etl_project.sources.source import Source


def leave_out_not_due(
    ask: Request, settings: Settings, last: LastPlan | None, now: dt.datetime
) -> tuple[Request, dict[str, dt.datetime]]:
    """Leave out the sources that were listed so lately that they need not be listed again.

    A source is always listed where the request names it, reads or hashes everything again, or where its settings or
    the code that reads posts have changed since.

    Args:
        ask: what is asked of the refresh.
        settings: the settings.
        last: what the last plan wrote down; None where there is no work file, either.
        now: the present instant.

    Returns:
        The request without these sources, and each of them -> when it is due.
    """
    if last is None or ask.full or ask.verify or ask.are_named:
        return ask, {}
    due = {
        source.name: at
        for source in ask.sources
        if (at := _due_at(source, settings, last.looked.get(source.name), now)) is not None and now < at
    }
    return replace(ask, sources=tuple(source for source in ask.sources if source.name not in due)), due


def looked_at(settings: Settings, names: Collection[str], at: dt.datetime) -> dict[str, Looked]:
    """What to write down of sources that were listed: those with `look_every` only.

    Args:
        settings: the settings.
        names: the sources that were listed completely.
        at: when.
    """
    return {
        source.name: Looked(at.isoformat(timespec="seconds"), _inputs(source, settings))
        for source in settings.sources
        if source.look_every and source.name in names
    }


def describe_not_due(not_due: Mapping[str, dt.datetime]) -> list[str]:
    """Say of each source that was not listed when it will be."""
    return [
        f"The source {name} is listed again after {at.strftime('%Y-%m-%d %H:%M UTC')} (look_every); "
        f"`--source {name}` lists it now."
        for name, at in not_due.items()
    ]


def _due_at(source: Source, settings: Settings, looked: Looked | None, now: dt.datetime) -> dt.datetime | None:
    if source.look_every is None or looked is None or looked.inputs != _inputs(source, settings):
        return None
    at = dt.datetime.fromisoformat(looked.at)
    # A clock that was set back must not keep a source from being listed.
    return at + source.look_interval if at <= now else None


def _inputs(source: Source, settings: Settings) -> str:
    parts = (repr(source), repr(settings.limits), repr(settings.insight), code_version())
    return hashlib.blake2b("\0".join(parts).encode(errors="surrogateescape"), digest_size=12).hexdigest()
