"""Local days as ranges of time, for statements that look each day up in an index."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bookingbridge.canonical.times import day_bounds


def ranges(start: datetime, end: datetime, zone: str) -> dict[str, list[date] | list[datetime]]:
    """The local days of `zone` that [start, end) touches: `days`, and where each `starts` and `ends` within it."""
    tz = ZoneInfo(zone)
    days: list[date] = []
    starts: list[datetime] = []
    ends: list[datetime] = []
    day, at, last = start.astimezone(tz).date(), start.astimezone(UTC), end.astimezone(UTC)
    while at < last:
        until = min(day_bounds(day, tz)[1], last)
        # A day that a zone skipped (Samoa, December 30, 2011) has no time in it.
        if until > at:
            days.append(day)
            starts.append(at)
            ends.append(until)
            at = until
        day += timedelta(days=1)
    return {"days": days, "starts": starts, "ends": ends}
