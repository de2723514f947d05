"""From what a cell says to an instant in UTC, in the zone the file's clock showed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files.dates import Stamp, fixed

_ALIASES = {
    # As booking and point-of-sale tools print zones; the rest are IANA names.
    "eastern time (us & canada)": "America/New_York",
    "central time (us & canada)": "America/Chicago",
    "mountain time (us & canada)": "America/Denver",
    "pacific time (us & canada)": "America/Los_Angeles",
    "arizona": "America/Phoenix",
    "alaska": "America/Anchorage",
    "hawaii": "Pacific/Honolulu",
    "london": "Europe/London",
    "kyiv": "Europe/Kyiv",
    "warsaw": "Europe/Warsaw",
    "berlin": "Europe/Berlin",
    "madrid": "Europe/Madrid",
    "paris": "Europe/Paris",
    "rome": "Europe/Rome",
}

# "Pacific time" without standard or daylight, as people abbreviate it.
_GENERIC = {"ET": ("EST", "EDT"), "CT": ("CST", "CDT"), "MT": ("MST", "MDT"), "PT": ("PST", "PDT")}


def zone_named(text: str) -> ZoneInfo:
    """The zone of a cell. Unreadable for a name that is not one."""
    return times.zone(_ALIASES.get(text.strip().casefold(), text.strip()))


def instant(stamp: Stamp, zone: ZoneInfo, *, without_time: time | None) -> datetime:
    """When that was, in UTC. A day without a time takes `without_time`, or is Unreadable where that is None."""
    at = stamp.at
    if at is None:
        if without_time is None:
            raise Unreadable("there is no time of day")
        return day_time(stamp.day, without_time, zone)
    if stamp.offset is not None:
        return times.plausible(fixed(stamp.day, at.replace(tzinfo=None), stamp.offset))
    return wall_time(datetime.combine(stamp.day, at), zone, stamp.abbreviation)


def wall_time(wall: datetime, zone: ZoneInfo, abbreviation: str = "") -> datetime:
    """The instant at which clocks in the zone showed this.

    Where clocks were put back and the time came twice, it is the first, unless the abbreviation (PST, CET) names the
    second. A time that clocks skipped, or an abbreviation the zone's clocks did not show then, is Unreadable.
    """
    first = wall.replace(tzinfo=zone, fold=0)
    second = first.replace(fold=1)
    try:
        if first.utcoffset() == second.utcoffset():
            _check(first, abbreviation, zone)
            return times.plausible(first)
        if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
            raise Unreadable(f"clocks in {zone.key} were put forward past {wall:%Y-%m-%d %H:%M}; is the zone right?")
    except OverflowError as broken:
        raise Unreadable("not a usable time") from broken
    if abbreviation and not _shows(first, abbreviation):
        _check(second, abbreviation, zone)
        return times.plausible(second)
    return times.plausible(first)


def _shows(at: datetime, abbreviation: str) -> bool:
    return at.tzname() in (abbreviation, *_GENERIC.get(abbreviation, ()))


def _check(at: datetime, abbreviation: str, zone: ZoneInfo) -> None:
    if abbreviation and not _shows(at, abbreviation):
        raise Unreadable(f"clocks in {zone.key} showed {at.tzname()} then, not {abbreviation[:5]}; is the zone right?")


def day_time(day: date, at: time, zone: ZoneInfo) -> datetime:
    """That time of that day, for days that come without one; moved on by an hour or so where clocks skipped it."""
    wall = datetime.combine(day, at, zone)
    try:
        return times.plausible(wall)
    except OverflowError as broken:
        raise Unreadable("not a usable day") from broken
