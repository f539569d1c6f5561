"""What the last plan wrote down: when it was, which sources it could not read, and its no-op fingerprint."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from etl_project.database.json_file import read_json, write_json


@dataclass(frozen=True, slots=True)
class NoOpFingerprint:
    """Fingerprint of the last plan that found nothing to do.

    While it still matches, the next plan finds nothing either, and opens no database.
    """

    inputs: str
    """Digest of everything but the listings: settings, code, source versions, and the signatures of both database
    files."""
    files: dict[str, int]
    """Source -> listed files."""
    from_us: int
    """Instant of the plan, in microseconds since 1970-01-01T00:00Z."""
    until_us: int | None
    """Instant of the next publication or expiry of an article, if one is to come."""

    def matches(self, inputs: str | None, now_us: int) -> bool:
        """Whether at this instant nothing but the listings can differ."""
        return self.inputs == inputs and self.from_us <= now_us and (self.until_us is None or now_us < self.until_us)


class Outage(NamedTuple):
    """A source that cannot be read."""

    reason: str
    since: str
    """Instant of the first plan that could not read it, in ISO 8601."""


class Looked(NamedTuple):
    """When a source was listed that is not listed at every check."""

    at: str
    """Instant, in ISO 8601."""
    inputs: str
    """Digest of the settings and the code that it was listed with: with others it is listed again."""


@dataclass(frozen=True, slots=True)
class LastPlan:
    """What the last plan wrote down."""

    generation: int
    """The generation in the work file then."""
    planned_at: str
    """Instant of the plan, in ISO 8601."""
    young_confirmed: bool = False
    """Every young file of the generation was found unchanged once more."""
    outages: dict[str, Outage] = field(default_factory=dict)
    """Sources that could not be read."""
    looked: dict[str, Looked] = field(default_factory=dict)
    """Sources that are not listed at every check, and were listed by this plan or an earlier one."""
    no_op: NoOpFingerprint | None = None
    """Fingerprint of the plan, where it found nothing to do."""
    listing: str = ""
    """Digest of the listing of each folder; empty where the plan left out a source, or no source is a folder."""


class LastPlanFile:
    """The JSON file beside the work file that holds the last plan."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._older = path.with_name(path.name.replace(".last_plan.", ".last_look."))
        """What versions before this one wrote."""

    def read(self) -> LastPlan | None:
        """Read what the last plan wrote; None where it wrote nothing, or nothing that this version can read."""
        content = read_json(self.path) or _in_present_words(read_json(self._older))
        try:
            outages = {name: Outage(*outage) for name, outage in content["outages"].items()}
            looked = {name: Looked(*row) for name, row in content.get("looked", {}).items()}
            instants = [outage.since for outage in outages.values()] + [row.at for row in looked.values()]
            for instant in (content["planned_at"], *instants):
                dt.datetime.fromisoformat(instant)
            return LastPlan(
                int(content["generation"]),
                content["planned_at"],
                content["young_confirmed"] is True,
                outages,
                looked,
                _no_op_fingerprint(content["no_op"]),
                str(content.get("listing", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def outages(self) -> dict[str, Outage]:
        """Sources that the last plan could not read."""
        last = self.read()
        return last.outages if last else {}

    def planned_at(self) -> dt.datetime | None:
        """Instant of the last plan."""
        last = self.read()
        return dt.datetime.fromisoformat(last.planned_at) if last else None

    def complete_at(self) -> dt.datetime | None:
        """Instant when the tables were last known to match every source.

        That of the last plan; where it could not read a source, that of the first which could not.
        """
        last = self.read()
        if last is None:
            return None
        return min(map(dt.datetime.fromisoformat, [last.planned_at, *(o.since for o in last.outages.values())]))

    def is_fresh(self, hours: float) -> bool:
        """Whether the tables were known to match every source within the last hours."""
        complete = self.complete_at()
        return complete is not None and dt.datetime.now(dt.UTC) - complete < dt.timedelta(hours=hours)

    def write(
        self,
        number: int,
        as_of: dt.datetime,
        unavailable: Mapping[str, str],
        skipped: Collection[str] = (),
        *,
        looked: Mapping[str, Looked] | None = None,
        young_confirmed: bool = False,
        no_op: NoOpFingerprint | None = None,
        listing: str = "",
    ) -> None:
        """Write down a plan, or what a refresh made of it.

        Args:
            number: the generation in the work file.
            as_of: the instant of the plan.
            unavailable: source -> why it could not be read.
            skipped: sources that the plan did not include: their outages stay.
            looked: of the sources that were listed, those that are not listed at every check.
            young_confirmed: every young file of the generation was found unchanged once more.
            no_op: fingerprint of the plan, where it found nothing to do.
            listing: digest of the listing of each folder.
        """
        planned_at = as_of.isoformat(timespec="seconds")
        last = self.read()
        before = last.outages if last else {}
        outages = {name: outage for name, outage in before.items() if name in skipped}
        for name, reason in unavailable.items():
            outages[name] = Outage(reason, before[name].since if name in before else planned_at)
        listed = {**(last.looked if last else {}), **(looked or {})}
        content = LastPlan(number, planned_at, young_confirmed, outages, listed, no_op, "" if skipped else listing)
        write_json(self.path, asdict(content))
        self._older.unlink(missing_ok=True)

    def write_again(self, last: LastPlan, as_of: dt.datetime, looked: Mapping[str, Looked]) -> None:
        """Write down that at a later instant a plan found what the last one found, which could read every source.

        Args:
            last: the last plan.
            as_of: the instant of this one.
            looked: of the sources that were listed, those that are not listed at every check.
        """
        self.write(
            last.generation,
            as_of,
            {},
            looked=looked,
            young_confirmed=True,
            no_op=last.no_op,
            listing=last.listing,
        )


def _no_op_fingerprint(content: object) -> NoOpFingerprint | None:
    try:
        return NoOpFingerprint(**content) if isinstance(content, dict) else None
    except TypeError:  # of another version
        return None


def _in_present_words(older: dict[str, Any]) -> dict[str, Any]:
    """Name the values of an older file as they are named now; its fingerprint is of code that is gone."""
    if "looked_at" not in older:
        return {}
    return {
        "generation": older.get("generation"),
        "planned_at": older["looked_at"],
        "young_confirmed": older.get("is_settled"),
        "outages": older.get("unavailable"),
        "no_op": None,
    }
