"""Days read stretch by stretch: short enough that no list reaches its cap, resumable after any of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.ports import Json, Reach, Swept
from bookingbridge.vendors.acuity.wire import CAP

FIRST_STRETCH, LONGEST_STRETCH = 16, 128
"""Days. A shop with three appointments a day fills a list in a month."""

AHEAD = timedelta(days=365)
AROUND_BACK, AROUND_AHEAD = timedelta(days=7), timedelta(days=60)

HISTORY_DAYS = "history_days"
HISTORY = 365

_DAY = timedelta(days=1)


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a stream stands; what is stored as its cursor.

    While a sweep is under way `started` is set and `at` is the first day not read yet. When it is done only `since`,
    the time it started, and what it remembers are left. Days are the business's own, `until` is inclusive.
    """

    since: str | None = None
    started: str | None = None
    begins: date | None = None
    until: date | None = None
    at: date | None = None
    step: int = FIRST_STRETCH
    is_patchy: bool = False
    """A day held more than any list of it showed, so that nothing may be called gone."""
    paid: dict[str, str] = {}
    """What the sweep before saw of the payments around its day: appointment to "<amount paid>/<payments>"."""
    met: dict[str, str] = {}
    """The same, of this sweep."""

    @property
    def is_full(self) -> bool:
        return self.since is None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days to be read in one list, both inclusive."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def params(self) -> dict[str, str]:
        """As Acuity takes them: dates without a time, both inclusive."""
        return {"minDate": self.first.isoformat(), "maxDate": self.last.isoformat(), "max": str(CAP)}


def begin(cursor: Json | None, reach: Reach) -> Progress:
    """The sweep to go on with, or a new one: full where that is wanted or nothing was read before."""
    try:
        stored = msgspec.convert(cursor, Progress) if cursor else Progress()
    except msgspec.ValidationError:
        stored = Progress()  # written by another version of us: reading all again is always right
    if stored.started is not None and (stored.is_full or not reach.is_full):
        return stored
    since = None if reach.is_full or stored.started is not None else stored.since
    return Progress(since=since, started=times.text(reach.now), paid=stored.paid)


def laid_out(progress: Progress, zone: ZoneInfo, history: timedelta) -> Progress:
    """The sweep with its days: all of the history and a year ahead, or the days around the day it started."""
    if progress.at is not None:
        return progress
    today = times.rfc3339(progress.started or "").astimezone(zone).date()
    back, ahead = (history, AHEAD) if progress.is_full else (AROUND_BACK, AROUND_AHEAD)
    return msgspec.structs.replace(progress, begins=today - back, until=today + ahead, at=today - back)


def stretch(progress: Progress) -> Stretch:
    """The days to be read next."""
    assert progress.at is not None
    assert progress.until is not None
    return Stretch(progress.at, min(progress.at + (progress.step - 1) * _DAY, progress.until))


def shorter(progress: Progress) -> Progress:
    """The list was full: half as many days are tried."""
    return msgspec.structs.replace(progress, step=max(1, stretch(progress).days // 2))


def gone_on(progress: Progress, read: Stretch, rows: int) -> Progress:
    """After these days were read; where they held little the next stretch is twice as long."""
    step = min(progress.step * 2, LONGEST_STRETCH) if rows * 3 < CAP and read.days == progress.step else progress.step
    return msgspec.structs.replace(progress, at=read.last + _DAY, step=step)


def is_done(progress: Progress) -> bool:
    assert progress.at is not None
    assert progress.until is not None
    return progress.at > progress.until


def cursor_of(progress: Progress) -> Json:
    """What is stored to go on from here; when all is read, from here with the next sweep."""
    if progress.at is not None and is_done(progress):
        progress = Progress(since=progress.started, paid=progress.met)
    stored: Json = msgspec.to_builtins(progress)
    return stored


def swept(progress: Progress, kind: str, zone: ZoneInfo) -> Swept | None:
    """What may be called gone now: nothing before all is read, or where a day was too full to be read whole.

    A day at either end is left out: a calendar may have another zone than the business, and Acuity does not say in
    which it counts days.
    """
    assert progress.begins is not None
    assert progress.until is not None
    if progress.is_patchy or not is_done(progress):
        return None
    starts, _ = times.day_bounds(progress.begins + _DAY, zone)
    until, _ = times.day_bounds(progress.until, zone)
    return Swept(kind, times.rfc3339(progress.started or ""), (starts, until))


def is_around(progress: Progress, at: datetime) -> bool:
    """Whether that time is among the days every sweep reads."""
    started = times.rfc3339(progress.started or "")
    return started - AROUND_BACK - _DAY <= at <= started + AROUND_AHEAD + _DAY


def history(settings: Mapping[str, str]) -> timedelta:
    """How far back a full run reaches, by the setting `history_days`: 1 day to 10 years, a year where unset."""
    text = settings.get(HISTORY_DAYS, "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else HISTORY
    return timedelta(days=min(max(days, 1), 3650))
