"""Repeating calendar events as single ones, within a window, by the wall clock of the event's own zone.

Own code, because the work must be bounded by the days looked at whatever the rule says: common libraries try a rule
that never fires until the year 9999. It follows RFC 5545, section 3.3.10, for the parts that appointments use.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit.ical.times import moment

MOST = 1_000
"""No client comes more often; a rule that says so is broken or hostile."""

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LONGEST = 500
_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,3}", re.ASCII)
_PARTS = frozenset(
    ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST", "BYHOUR", "BYMINUTE",
     "BYSECOND")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule, read. `weekdays` are (which one in the month or year, or 0 for all; 0 for Monday)."""

    often: str
    interval: int
    count: int | None
    until: datetime | None
    months: frozenset[int]
    month_days: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    positions: frozenset[int]
    week_start: int


def occurrences(rule: str, start: datetime, zone: tzinfo | None, window: tuple[datetime, datetime]) -> list[datetime]:
    """The starts of a rule that lie in [first, last), in order, naive on the wall clock of `zone`, as `start` is.

    Unreadable for rules that are broken, that use parts no appointment needs (weeks of the year, several times a
    day), or that give more than MOST starts. The work is bounded by the days from `start` to the window's end.
    """
    read = _read(rule, start, zone)
    last = window[1] if read.until is None else min(window[1], read.until)
    found: list[datetime] = []
    counted = 0
    for days in _PERIODS[read.often](read, start.date(), last.date()):
        for day in _picked(days, read.positions):
            at = datetime.combine(day, start.time())
            if at < start:
                continue
            counted += 1
            if at > last or (read.count is not None and counted > read.count):
                return found
            if window[0] <= at < window[1]:
                found.append(at)
                if len(found) > MOST:
                    raise Unreadable(f"the event repeats more than {MOST:,} times in the window")
    return found


def _picked(days: list[date], positions: frozenset[int]) -> list[date]:
    """Of a period's days those at the given places, counted from its beginning or, negative, from its end."""
    if not positions:
        return days
    places = (p - 1 if p > 0 else len(days) + p for p in positions)
    return [days[place] for place in sorted(set(places)) if 0 <= place < len(days)]


def _daily(rule: _Rule, first: date, last: date) -> Iterator[list[date]]:
    day = first
    while day <= last:
        yield [day] if _fits(rule, day) else []
        day += timedelta(days=rule.interval)


def _weekly(rule: _Rule, first: date, last: date) -> Iterator[list[date]]:
    wanted = {weekday for _, weekday in rule.weekdays} or {first.weekday()}
    begins = first - timedelta(days=(first.weekday() - rule.week_start) % 7)
    while begins <= last:
        week = (begins + timedelta(days=n) for n in range(7))
        yield [day for day in week if day.weekday() in wanted and (not rule.months or day.month in rule.months)]
        begins += timedelta(days=7 * rule.interval)


def _monthly(rule: _Rule, first: date, last: date) -> Iterator[list[date]]:
    months = first.year * 12 + first.month - 1
    while months <= last.year * 12 + last.month - 1:
        year, month = months // 12, months % 12 + 1
        yield _of_month(rule, year, month, first) if not rule.months or month in rule.months else []
        months += rule.interval


def _yearly(rule: _Rule, first: date, last: date) -> Iterator[list[date]]:
    for year in range(first.year, last.year + 1, rule.interval):
        if rule.months or not (rule.weekdays or rule.month_days):
            # With neither months nor days, the year's day is the first one's.
            months = sorted(rule.months) or [first.month]
            yield [day for month in months for day in _of_month(rule, year, month, first)]
            continue
        # Without months, the so-manieth weekday is counted in the year.
        year_days = _of_span(rule, date(year, 1, 1), 366 if monthrange(year, 2)[1] == 29 else 365)
        if rule.month_days:
            days = [day for month in range(1, 13) for day in _numbered(rule, year, month)]
            year_days = [day for day in days if not rule.weekdays or day in year_days]
        yield year_days


def _of_month(rule: _Rule, year: int, month: int, first: date) -> list[date]:
    """The month's days by the rule; without days in the rule, the day of the first start, if the month has it."""
    begins, length = date(year, month, 1), monthrange(year, month)[1]
    if not rule.weekdays and not rule.month_days:
        return [begins.replace(day=first.day)] if first.day <= length else []
    if not rule.month_days:
        return _of_span(rule, begins, length)
    numbered = _numbered(rule, year, month)
    return [day for day in numbered if day in _of_span(rule, begins, length)] if rule.weekdays else numbered


def _numbered(rule: _Rule, year: int, month: int) -> list[date]:
    """The month's days by their numbers, counted from its beginning or its end."""
    length = monthrange(year, month)[1]
    numbers = sorted({n if n > 0 else length + 1 + n for n in rule.month_days})
    return [date(year, month, n) for n in numbers if 1 <= n <= length]


def _of_span(rule: _Rule, begins: date, length: int) -> list[date]:
    """The days of a month or year on the rule's weekdays: all of them, or the so-manieth."""
    found: set[date] = set()
    for which, weekday in rule.weekdays:
        offset = (weekday - begins.weekday()) % 7
        days = [begins + timedelta(days=n) for n in range(offset, length, 7)]
        if which == 0:
            found.update(days)
        elif abs(which) <= len(days):
            found.add(days[which - 1 if which > 0 else which])
    return sorted(found)


def _fits(rule: _Rule, day: date) -> bool:
    length = monthrange(day.year, day.month)[1]
    return (
        (not rule.months or day.month in rule.months)
        and (not rule.month_days or day.day in rule.month_days or day.day - length - 1 in rule.month_days)
        and (not rule.weekdays or (0, day.weekday()) in rule.weekdays)
    )


_PERIODS: dict[str, Callable[[_Rule, date, date], Iterator[list[date]]]] = {
    "DAILY": _daily,
    "WEEKLY": _weekly,
    "MONTHLY": _monthly,
    "YEARLY": _yearly,
}


def _read(rule: str, start: datetime, zone: tzinfo | None) -> _Rule:
    parts = _parts(rule)
    often = parts.get("FREQ", "")
    if often in ("HOURLY", "MINUTELY", "SECONDLY"):
        raise Unreadable("the event repeats within a day; no appointment does")
    for name, own in (("BYHOUR", start.hour), ("BYMINUTE", start.minute), ("BYSECOND", start.second)):
        if name in parts and parts[name].lstrip("0") != str(own).lstrip("0"):
            raise _broken()
    weekdays = frozenset(_weekday(text) for text in parts["BYDAY"].split(",")) if "BYDAY" in parts else frozenset()
    month_days = _numbers(parts, "BYMONTHDAY", 31)
    if often not in _PERIODS or (often in ("DAILY", "WEEKLY") and any(which for which, _ in weekdays)):
        raise _broken()
    if (often == "WEEKLY" and month_days) or any(month < 0 for month in _numbers(parts, "BYMONTH", 12)):
        raise _broken()
    return _Rule(
        often=often,
        interval=_whole(parts.get("INTERVAL", "1")),
        count=_whole(parts["COUNT"]) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"], zone) if "UNTIL" in parts else None,
        months=_numbers(parts, "BYMONTH", 12),
        month_days=month_days,
        weekdays=weekdays,
        positions=_numbers(parts, "BYSETPOS", 366),
        week_start=_DAYS.index(parts.get("WKST", "MO")) if parts.get("WKST", "MO") in _DAYS else 0,
    )


def _broken() -> Unreadable:
    return Unreadable("the repetition rule cannot be followed")


def _parts(rule: str) -> dict[str, str]:
    if len(rule) > _LONGEST:
        raise _broken()
    parts: dict[str, str] = {}
    for part in rule.upper().replace(" ", "").strip(";").split(";"):
        key, _, value = part.partition("=")
        if key not in _PARTS or not value or key in parts:
            raise _broken()
        parts[key] = value
    return parts


def _weekday(text: str) -> tuple[int, int]:
    found = _BYDAY.fullmatch(text)
    if found is None or (found[1] and not 1 <= abs(int(found[1])) <= 53):
        raise _broken()
    return int(found[1] or 0), _DAYS.index(found[2])


def _numbers(parts: dict[str, str], name: str, most: int) -> frozenset[int]:
    """The numbers of a part, from 1 to `most` or, counted from the end, below zero."""
    texts = parts[name].split(",") if name in parts else []
    if not all(_NUMBER.fullmatch(text) and 1 <= abs(int(text)) <= most for text in texts):
        raise _broken()
    return frozenset(int(text) for text in texts)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:9]) <= 100_000_000:
        raise _broken()
    return min(int(text[:9]), 10_000)


def _until(text: str, zone: tzinfo | None) -> datetime:
    """The last possible start on the wall clock of `zone`; a day means its end."""
    at = moment(text, None)
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day, 23, 59, 59)  # noqa: DTZ001 - a wall clock's time
    return (at.astimezone(zone) if at.tzinfo and zone else at).replace(tzinfo=None)
