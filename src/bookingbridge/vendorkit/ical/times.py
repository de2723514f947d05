"""Times in calendar files: values, zones by any of the names calendars use, durations."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from bookingbridge.canonical.errors import Unreadable

Moment = date | datetime
"""A day, or a time: naive where the file names no zone."""

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(Z?)", re.ASCII)
_DURATION = re.compile(
    r"\+?P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?", re.ASCII
)
_TZID = re.compile(r"^TZID(?:;[^:]*)?:(.+)$", re.IGNORECASE | re.MULTILINE)
_LOCATION = re.compile(r"^X-LIC-LOCATION:(.+)$", re.IGNORECASE | re.MULTILINE)
_YEARLY = frozenset({"FREQ", "BYDAY", "BYMONTH", "BYMONTHDAY", "UNTIL", "WKST"})
_LONGEST_ZONE = 20_000


class Zones:
    """The zones a file defines and those everybody knows; each name is looked up once."""

    def __init__(self, definitions: list[str]) -> None:
        self._definitions = {found[1].strip(): text for text in definitions if (found := _TZID.search(text))}
        self._known: dict[str, tzinfo] = {}

    def get(self, tzid: str) -> tzinfo:
        """The zone, by its IANA or Windows name, the IANA name at the end of a longer one, or the file's definition."""
        if tzid not in self._known:
            self._known[tzid] = self._found(tzid.strip().strip('"'))
        return self._known[tzid]

    def _found(self, tzid: str) -> tzinfo:
        parts = tzid.strip("/").split("/")
        names = [tzid, WINDOWS_TO_OLSON.get(tzid, ""), *("/".join(parts[i:]) for i in range(1, len(parts)))]
        definition = self._definitions.get(tzid, "")
        if located := _LOCATION.search(definition):
            names.append(located[1].strip())
        for name in names:
            if zone := _iana(name):
                return zone
        if definition:
            return _defined(tzid, definition)
        raise Unreadable(f"nobody knows the time zone {tzid[:60]!r}")


def _iana(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _defined(tzid: str, definition: str) -> tzinfo:
    """The zone a file describes. Only yearly rules are taken: no clocks change more often, and others could go on."""
    why = f"the file's definition of the time zone {tzid[:60]!r} cannot be used"
    if len(definition) > _LONGEST_ZONE:
        raise Unreadable(why)
    try:
        component = Timezone.from_ical(definition)
        if not isinstance(component, Timezone):
            raise Unreadable(why)
        rules = [rule for part in component.walk() for rule in _listed(part.get("RRULE"))]
        if not all(_is_yearly(rule) for rule in rules):
            raise Unreadable(why)
        zone = component.to_tz(lookup_tzid=False)
        datetime(2026, 1, 1, tzinfo=zone).utcoffset()
    except Unreadable:
        raise
    except Exception as broken:
        # The definition passes through two libraries' parsers, which raise what they happen to meet.
        raise Unreadable(why) from broken
    if not isinstance(zone, tzinfo):
        raise Unreadable(why)
    return zone


def _is_yearly(rule: Any) -> bool:
    return rule.get("FREQ") == ["YEARLY"] and set(rule) <= _YEARLY and len(rule.get("BYMONTH", ())) == 1


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def moment(value: str, tzid: str | None, zones: Zones | None = None) -> Moment:
    """The day or time a value names; aware where the file says the zone. Unreadable where it is neither."""
    text = value.strip().upper()
    try:
        if found := _DATE.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _TIME.fullmatch(text):
            # RFC 5545 allows second 60 for leap seconds; clocks of appointments do not.
            year, month, day, hour, minute, second = (int(n) for n in found.groups()[:6])
            at = datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 - a wall clock's time
            if found[7]:
                return at.replace(tzinfo=UTC)
            return at.replace(tzinfo=zones.get(tzid)) if tzid and zones else at
    except ValueError as broken:
        raise Unreadable("there is no such day or time") from broken
    raise Unreadable("not a calendar's day or time")


def duration(value: str) -> timedelta:
    """How long: `PT45M`, `P1DT2H`, `P2W`. Unreadable otherwise, also where negative."""
    text = value.strip().upper()
    found = _DURATION.fullmatch(text)
    if not found or not any(found.groups()):
        raise Unreadable("not a duration")
    weeks, days, hours, minutes, seconds = (int(n or 0) for n in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
