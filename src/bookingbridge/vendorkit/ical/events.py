"""A calendar's events, understood: single ones as they are, repeating ones once per repetition within a window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit.ical.lines import Flaw, Property, RawCalendar, RawEvent
from bookingbridge.vendorkit.ical.recurrence import occurrences
from bookingbridge.vendorkit.ical.times import Moment, Zones, duration, moment

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """How to read a calendar where it does not say so itself, and how much of it.

    `time_zone` is for times without one; `window` are the first and last day within which repeating events become
    single ones; `repeating_days` are the days that all repeating events together may run through.
    """

    time_zone: tzinfo | None = None
    window: tuple[date, date] | None = None
    most: int = 500_000
    repeating_days: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Event:
    """One event, understood. `repeats` names which of a series it replaces; `changed` is when it was changed last."""

    raw: RawEvent
    uid: str
    start: Moment
    end: Moment | None
    repeats: Moment | None
    sequence: int
    changed: datetime | None

    @property
    def is_free(self) -> bool:
        """Whether it takes up no time."""
        return self.raw.text("TRANSP").upper() == "TRANSPARENT"

    def stamp(self, name: str) -> datetime | None:
        """A time the calendar keeps for itself (CREATED, DTSTAMP); None where it cannot be read."""
        return _stamp(self.raw, name)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time an event takes place. `uid` is the event's, followed by a slash and the time it repeats."""

    event: Event
    uid: str
    start: Moment
    end: Moment | None


@dataclass(slots=True)
class Found:
    """What the events came to. `free` counts those that take up no time."""

    occurrences: list[Occurrence] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    free: int = 0
    days: int = 0


def read(calendar: RawCalendar, terms: Terms) -> Found:
    """All times at which events that take up time take place; flaws for those that cannot be read.

    Unreadable where there are more than `terms.most` of them.
    """
    found = Found()
    zones = Zones(calendar.zones)
    kept: dict[object, Event] = {}
    for raw in calendar.events:
        if (event := _understood(raw, zones, terms.time_zone, found)) is None:
            continue
        # Without a UID two events are two events; with one, the newest of its versions counts (RFC 5546, 2.1.5).
        key: object = (event.uid, event.repeats) if event.uid else id(raw)
        before = kept.get(key)
        if before is None or _age(before) <= _age(event):
            kept[key] = event
    replaced = {(e.uid, _instant(e.repeats, terms.time_zone)) for e in kept.values() if e.repeats is not None}
    for event in kept.values():
        if event.is_free:
            found.free += 1
            continue
        found.occurrences += _spans(event, replaced, zones, terms, found)
        if len(found.occurrences) > terms.most:
            raise Unreadable(f"the calendar has more than {terms.most:,} events; choose a smaller window")
    return found


def _age(event: Event) -> tuple[int, datetime]:
    return event.sequence, event.changed or datetime.min.replace(tzinfo=UTC)


def _understood(raw: RawEvent, zones: Zones, floating: tzinfo | None, found: Found) -> Event | None:
    at = raw.line, "DTSTART", ""
    try:
        if (begins := raw.one("DTSTART")) is None:
            raise Unreadable("the event has no start")
        at = begins.line, "DTSTART", begins.value
        start = _moment(begins, zones, floating)
        end: Moment | None = None
        if ends := raw.one("DTEND"):
            at = ends.line, "DTEND", ends.value
            end = _moment(ends, zones, floating)
        elif lasts := raw.one("DURATION"):
            at = lasts.line, "DURATION", lasts.value
            end = _plus(start, duration(lasts.value))
        elif not isinstance(start, datetime):
            # RFC 5545, section 3.6.1: a day without an end lasts one day.
            end = start + _DAY
        repeats: Moment | None = None
        if replaces := raw.one("RECURRENCE-ID"):
            at = replaces.line, "RECURRENCE-ID", replaces.value
            if "RANGE" in replaces.params:
                raise Unreadable("a change to this and all following repetitions cannot be followed")
            repeats = _moment(replaces, zones, floating)
        changed, sequence = _stamp(raw, "LAST-MODIFIED"), raw.text("SEQUENCE")
        number = int(sequence) if sequence.isascii() and sequence.isdecimal() and len(sequence) < 10 else 0
        return Event(raw, raw.text("UID")[:500], start, end, repeats, number, changed)
    except (Unreadable, OverflowError) as broken:
        why = broken.why if isinstance(broken, Unreadable) else "the event ends beyond all calendars"
        found.flaws.append(Flaw(at[0], at[1], at[2][:80], why, raw.text("UID")[:500]))
        return None


def _moment(line: Property, zones: Zones, floating: tzinfo | None) -> Moment:
    at = moment(line.value, line.params.get("TZID"), zones)
    if isinstance(at, datetime):
        at = at.replace(tzinfo=floating) if at.tzinfo is None else at
        if at.tzinfo is not None:
            times.plausible(at)
    return at


def _stamp(raw: RawEvent, name: str) -> datetime | None:
    """A time the calendar keeps for itself; worth nothing where it cannot be read."""
    try:
        at = moment(raw.text(name), None)
    except Unreadable:
        return None
    return at if isinstance(at, datetime) and at.tzinfo is not None else None


def _plus(start: Moment, length: timedelta) -> Moment:
    """`length` later by the clock on the wall for days, by elapsed time else (RFC 5545, section 3.3.6)."""
    if not isinstance(start, datetime) or start.tzinfo is None or not length % _DAY:
        return start + length
    return (start.astimezone(UTC) + length).astimezone(start.tzinfo)


def _spans(
    event: Event, replaced: set[tuple[str, object]], zones: Zones, terms: Terms, found: Found
) -> Iterator[Occurrence]:
    """Each time the event takes place."""
    rule = event.raw.one("RRULE") or event.raw.one("RDATE")
    if rule is None:
        uid = f"{event.uid}/{_name(event.repeats, terms.time_zone)}" if event.repeats is not None else event.uid
        yield Occurrence(event, uid, event.start, event.end)
        return
    if terms.window is None:
        why = "the event repeats; give the option window, its first and last day"
        found.flaws.append(Flaw(rule.line, "RRULE", rule.value[:80], why, event.uid))
        return
    try:
        found.days += max(0, (terms.window[1] - _wall(event.start).date()).days)
        if found.days > terms.repeating_days:
            raise Unreadable("the calendar repeats too many events over too long a time; choose a smaller window")
        for start in _starts(event, zones, terms):
            if (event.uid, _instant(start, terms.time_zone)) in replaced and event.uid:
                continue
            end = None if event.end is None else _shifted(event, start)
            uid = f"{event.uid}/{_name(start, terms.time_zone)}" if event.uid else ""
            yield Occurrence(event, uid, start, end)
    except (Unreadable, OverflowError) as broken:
        why = broken.why if isinstance(broken, Unreadable) else "the event repeats beyond all calendars"
        found.flaws.append(Flaw(rule.line, "RRULE", rule.value[:80], why, event.uid))


def _starts(event: Event, zones: Zones, terms: Terms) -> list[Moment]:
    """All starts within the window, in order: by rule, added ones, without the excepted ones."""
    assert terms.window
    zone = event.start.tzinfo if isinstance(event.start, datetime) else None
    first = datetime.combine(terms.window[0], time())
    last = datetime.combine(terms.window[1], time()) + _DAY
    wall = _wall(event.start)
    if zone is not None:
        times.plausible(wall.replace(tzinfo=zone))
    rules = event.raw.properties.get("RRULE", [])
    found = {at for rule in rules for at in occurrences(rule.value, wall, zone, (first, last))}
    if not rules and first <= wall < last:
        found.add(wall)
    added = _many(event.raw, "RDATE", zone, zones)
    excepted = {_wall(at) for at in _many(event.raw, "EXDATE", zone, zones)}
    found |= {_wall(at) for at in added if first <= _wall(at) < last}
    walls = sorted(found - excepted)
    if not isinstance(event.start, datetime):
        return [at.date() for at in walls]
    return [at.replace(tzinfo=zone) for at in walls]


def _many(raw: RawEvent, name: str, zone: tzinfo | None, zones: Zones) -> list[Moment]:
    """All times of the lines of that name, on the event's own wall clock; of periods the start."""
    found = []
    for line in raw.properties.get(name, []):
        for value in line.value.split(",")[:5_000]:
            at = moment(value.partition("/")[0], line.params.get("TZID"), zones)
            found.append(at.astimezone(zone) if isinstance(at, datetime) and at.tzinfo and zone else at)
    return found


def _wall(at: Moment) -> datetime:
    return at.replace(tzinfo=None) if isinstance(at, datetime) else datetime.combine(at, time())


def _shifted(event: Event, start: Moment) -> Moment:
    assert event.end is not None
    if isinstance(event.start, datetime) and isinstance(event.end, datetime) and isinstance(start, datetime):
        return _plus(start, _difference(event.end, event.start))
    return start + (_wall(event.end).date() - _wall(event.start).date())


def _difference(end: datetime, start: datetime) -> timedelta:
    if end.tzinfo is not None and start.tzinfo is not None:
        return end.astimezone(UTC) - start.astimezone(UTC)
    return end.replace(tzinfo=None) - start.replace(tzinfo=None)


def _instant(at: Moment | None, floating: tzinfo | None) -> object:
    """Something that is equal for equal instants, whichever zone they are written in."""
    if isinstance(at, datetime) and (at.tzinfo or floating):
        return (at if at.tzinfo else at.replace(tzinfo=floating)).astimezone(UTC)
    return at


def _name(at: Moment | None, floating: tzinfo | None) -> str:
    instant = _instant(at, floating)
    if isinstance(instant, datetime):
        return f"{instant:%Y%m%dT%H%M%S}" + ("Z" if instant.tzinfo else "")
    return f"{instant:%Y%m%d}" if isinstance(instant, date) else ""
