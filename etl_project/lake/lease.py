"""Leases: objects that say which drivers are alive, by a heartbeat that the store itself dates."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from etl_project.lake.place import LakeUnavailable, Place

BEAT_SECONDS = 10.0
"""How often a driver renews its lease."""

BEATS_TO_EXPIRE = 6
"""A lease that was not renewed for so many beats has expired: its driver is dead, or cut off from the store."""

_FOLDER = "leases"


@contextmanager
def hold_lease(place: Place, run_id: str, beat_seconds: float = BEAT_SECONDS) -> Iterator[None]:
    """Hold the lease of a run: it is written before anything else of the run, and renewed by a thread.

    Args:
        place: where the lake is.
        run_id: name of the run, of one attempt of one driver.
        beat_seconds: time between renewals.

    Raises:
        LakeUnavailable: the lease cannot be written.
    """
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(beat_seconds):
            with contextlib.suppress(LakeUnavailable):  # the next beat tries again
                beat(place, run_id, beat_seconds)

    beat(place, run_id, beat_seconds)
    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with contextlib.suppress(LakeUnavailable):  # then it expires
            place.delete([_path(run_id)])


def beat(place: Place, run_id: str, beat_seconds: float = BEAT_SECONDS) -> None:
    """Renew a lease.

    Raises:
        LakeUnavailable: it cannot be written.
    """
    place.put(_path(run_id), json.dumps({"beat_seconds": beat_seconds}).encode())


def live_runs(place: Place, run_id: str) -> frozenset[str]:
    """Find the other runs whose leases have not expired.

    No clock but that of the store counts: the age of a lease is its distance from an object written now.

    Args:
        place: where the lake is.
        run_id: the run that asks.

    Raises:
        LakeUnavailable: the store cannot be asked.
    """
    now = store_now(place, run_id)
    live = set()
    for lease in place.list(_FOLDER):
        other = _run_of(lease.path)
        if other == run_id or not lease.path.endswith(".json"):
            continue
        content = place.get(lease.path)
        if content is None:  # its driver ended meanwhile
            continue
        lasts = timedelta(seconds=BEATS_TO_EXPIRE * json.loads(content)["beat_seconds"])
        if now - lease.modified <= lasts:
            live.add(other)
    return frozenset(live)


def store_now(place: Place, run_id: str) -> datetime:
    """Ask for the time by the clock of the store, which is when it says that an object was written just now.

    Raises:
        LakeUnavailable: the store cannot be asked.
    """
    path = f"{_FOLDER}/now-{run_id}"
    place.put(path, b"")
    now = place.modified(path)
    place.delete([path])
    assert now is not None, "an object that was written is there"
    return now


def remove_expired(place: Place, run_id: str) -> None:
    """Remove what runs left that are dead: a driver that was only slow writes its lease anew.

    Raises:
        LakeUnavailable: the store cannot be asked.
    """
    live = {*live_runs(place, run_id), run_id}
    place.delete([lease.path for lease in place.list(_FOLDER) if _run_of(lease.path) not in live])


def _run_of(path: str) -> str:
    """Run that an object beside the leases belongs to."""
    return path.rpartition("/")[2].removeprefix("now-").removesuffix(".json")


def _path(run_id: str) -> str:
    return f"{_FOLDER}/{run_id}.json"
