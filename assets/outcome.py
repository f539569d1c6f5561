"""What a run leaves of its outcome: the last line of its log, as in the terminal, and tags in the list of runs."""

from __future__ import annotations

import io
import logging

from rich.console import Console

from assets.resources import Session
from etl_project.show.console import count_of
from etl_project.show.summary import changes_in_words, show_summary

_WIDTH = 120


def log_outcome(session: Session, log: logging.Logger) -> None:
    """Log the summary of a refresh, as a warning where something needs care.

    That is a rejected file, a source that could not be read, a check that warns, or a published file that was written
    into.

    A run that published nothing, because there was nothing to do or only a part was asked for, has no summary.
    """
    loaded, published = session.tables, session.published
    if not loaded or not published:
        return
    text = io.StringIO()
    # A copy, as the thread that takes the stages may be at the page by now.
    spent = {str(stage): seconds for stage, seconds in dict(session.refresh.stages.seconds).items()}
    console = Console(file=text, width=_WIDTH)
    before = session.refresh.work.previous
    checks, others, total = session.checks, session.reported, sum(spent.values())
    found = session.read_findings(published, before)
    show_summary(loaded, published, session.aggregates, checks, others, spent, total, found, before, console)
    needs_care = (
        loaded.rows["rejected_files"]
        or loaded.unavailable
        or published.was_written_into
        or any(not check.passed for check in session.checks)
    )
    log.log(logging.WARNING if needs_care else logging.INFO, "Refresh %s\n%s", published.generation, text.getvalue())


def outcome_tags(session: Session) -> dict[str, str]:
    """Say in a few words what a run changed, for the list of runs; nothing where it loaded or published nothing."""
    loaded, published = session.tables, session.published
    if not loaded or not published:
        return {}
    rejected = loaded.rows["rejected_files"]
    return {
        "etl/refresh": str(published.generation),
        "etl/articles": changes_in_words(loaded.changes),
        **({"etl/rejected": count_of(rejected, "file")} if rejected else {}),
    }
