"""Guess the time zone of a site that does not state it, from the language of its posts."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from zoneinfo import available_timezones

from etl_project.extract.body.language import detect_language

_ZONES = {
    "zh": ("Asia/Shanghai", "Chinese"),
    "zh-tw": ("Asia/Taipei", "Chinese of Taiwan"),
    "zh-hant": ("Asia/Taipei", "Chinese in traditional script"),
    "zh-hk": ("Asia/Hong_Kong", "Chinese of Hong Kong"),
    "ja": ("Asia/Tokyo", "Japanese"),
    "ko": ("Asia/Seoul", "Korean"),
}
"""Language -> the zone that most of those who write it live in, and its name. Other languages are written in many."""

_UTC = ("UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "GMT", "Etc/GMT")
_POSTS_ASKED = 40
_EAST_ASIAN = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


def guess_zone(stated: str | None, bodies: Sequence[str]) -> tuple[str, str] | None:
    """Guess a time zone.

    Args:
        stated: language that the site states, such as `zh-CN`.
        bodies: Markdown bodies of sampled posts, which are asked where the site states none.

    Returns:
        The zone, and the language that tells it, in English; None where the language does not tell.
    """
    language = (stated or "").lower().replace("_", "-")
    if not language:
        asked = bodies[:: max(1, len(bodies) // _POSTS_ASKED)]
        # A text without a letter of these scripts would be asked of a model, which takes as long to load as the rest.
        counts = Counter(detect_language(body) for body in asked if _EAST_ASIAN.search(body))
        language = next((name for name, posts in counts.items() if name and 2 * posts > len(asked)), "")
    return _ZONES.get(language) or _ZONES.get(language.partition("-")[0])


def find_zone(written: str | None) -> str | None:
    """Find the zone that a site states, in whatever case; None where there is no such zone."""
    zones = {zone.lower(): zone for zone in available_timezones()}
    return zones.get(written.lower()) if written else None


def machine_zone() -> str | None:
    """The zone that this machine keeps; None where it keeps UTC, as servers do, or does not say."""
    zone = os.environ.get("TZ") or os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    return zone if zone in available_timezones() and zone not in _UTC else None
