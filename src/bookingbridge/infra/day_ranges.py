"""Local days as ranges of time, for statements that look each day up in an index or keep its sums."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.times import day_bounds

EVERYWHERE = UUID(int=0)
"""The place under which a day's sums over all locations are kept."""

_DAY = timedelta(days=1)

Ranges = dict[str, Sequence[date] | Sequence[datetime]]
"""`days`, and where each `starts` and `ends`."""


class Days:
    """The local days of `zone` that [start, end) touches."""

    def __init__(self, start: datetime, end: datetime, zone: str) -> None:
        self._tz = ZoneInfo(zone)
        self._start, self._end = start.astimezone(UTC), end.astimezone(UTC)
        self.first = start.astimezone(self._tz).date()
        self.last = max(self.first, (end.astimezone(self._tz) - timedelta(microseconds=1)).date())

    def whole(self) -> set[date]:
        """Those of them that lie in [start, end) from midnight to midnight."""
        every = {self.first + i * _DAY for i in range((self.last - self.first).days + 1)}
        if self._start > day_bounds(self.first, self._tz)[0]:
            every.discard(self.first)
        if self._end < day_bounds(self.last, self._tz)[1]:
            every.discard(self.last)
        return every

    def ranges(self, *, leaving_out: Collection[date] = ()) -> Ranges:
        """The days but those left out, cut to [start, end)."""
        wanted = (self.first + i * _DAY for i in range((self.last - self.first).days + 1))
        return _ranges((d for d in wanted if d not in leaving_out), self._tz, self._start, self._end)


def around(utc_days: Iterable[date], zone: str) -> Ranges:
    """Every local day of `zone` that shares a moment with one of these days of UTC, whole."""
    days = sorted({d + i * _DAY for d in utc_days for i in (-1, 0, 1)})
    return _ranges(days, ZoneInfo(zone))


def _ranges(days: Iterable[date], tz: ZoneInfo, start: datetime | None = None, end: datetime | None = None) -> Ranges:
    found: list[tuple[date, datetime, datetime]] = []
    for day in days:
        begins, until = day_bounds(day, tz)
        begins, until = max(begins, start or begins), min(until, end or until)
        # A day that a zone skipped (Samoa, December 30, 2011) has no time in it.
        if until > begins:
            found.append((day, begins, until))
    return {"days": [f[0] for f in found], "starts": [f[1] for f in found], "ends": [f[2] for f in found]}
