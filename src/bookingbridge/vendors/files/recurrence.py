"""Repeating calendar events as single ones, within a window, by the wall clock of the event's own zone."""

from __future__ import annotations

from datetime import datetime, tzinfo
from itertools import islice

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files.ics_times import moment

MOST = 1_000
"""No client comes more often; a rule that says so is broken or hostile."""

_KEYS = frozenset(
    (
        "FREQ", "INTERVAL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST", "BYYEARDAY", "BYWEEKNO", "BYHOUR",
        "BYMINUTE", "BYSECOND", "COUNT", "UNTIL",
    )
)  # fmt: skip
_OFTEN = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_LONGEST = 500


def occurrences(rule: str, start: datetime, zone: tzinfo | None, window: tuple[datetime, datetime]) -> list[datetime]:
    """The starts of a rule that lie in [first, last), all naive on the wall clock of `zone`, as `start` is.

    Unreadable for rules that do not follow RFC 5545, section 3.3.10, that repeat within a day, or that give more than
    MOST starts. The work is bounded by the days from `start` to the window's end.
    """
    parts = _parts(rule)
    count = _count(parts.pop("COUNT", ""))
    until = _until(parts.pop("UNTIL", ""), zone)
    last = window[1] if until is None else min(window[1], until)
    if last < start:
        return []
    text = ";".join(f"{key}={value}" for key, value in parts.items())
    # COUNT is counted here and UNTIL always set, because a rule that never fires would otherwise be tried to year 9999.
    bounded = f"{text};UNTIL={last:%Y%m%dT%H%M%S}"
    try:
        found: list[datetime] = []
        for at in islice(rrulestr(bounded, dtstart=start), count):
            if window[0] <= at < window[1]:
                found.append(at)
                if len(found) > MOST:
                    raise Unreadable(f"the event repeats more than {MOST:,} times in the window")
    except (ValueError, TypeError, OverflowError, KeyError, IndexError, AttributeError) as broken:
        # What dateutil raises for rules it cannot follow is not documented.
        raise Unreadable("the repetition rule cannot be followed") from broken
    return found


def _parts(rule: str) -> dict[str, str]:
    if len(rule) > _LONGEST:
        raise Unreadable("the repetition rule is too long")
    parts: dict[str, str] = {}
    for part in rule.upper().replace(" ", "").strip(";").split(";"):
        key, _, value = part.partition("=")
        if key not in _KEYS or not value or key in parts:
            raise Unreadable("the repetition rule cannot be followed")
        parts[key] = value
    if parts.get("FREQ") not in _OFTEN or any("," in parts.get(key, "") for key in ("BYHOUR", "BYMINUTE", "BYSECOND")):
        raise Unreadable("the event repeats within a day; no appointment does")
    if "INTERVAL" in parts and not (parts["INTERVAL"].isdecimal() and 1 <= int(parts["INTERVAL"][:6]) <= 1_000):
        raise Unreadable("the repetition rule cannot be followed")
    return parts


def _count(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or int(text[:9]) < 1:
        raise Unreadable("the repetition rule cannot be followed")
    return int(text[:9])


def _until(text: str, zone: tzinfo | None) -> datetime | None:
    """The last possible start on the wall clock of `zone`; a day means its end."""
    if not text:
        return None
    at = moment(text, None)
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day, 23, 59, 59)  # noqa: DTZ001 - a wall clock's time
    return (at.astimezone(zone) if at.tzinfo and zone else at).replace(tzinfo=None)
