"""Calendar events as rows: one per event, or one per repetition within the window."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files.ics_lines import Property, RawEvent
from bookingbridge.vendors.files.ics_times import Moment, Zones, duration, moment
from bookingbridge.vendors.files.recurrence import occurrences
from bookingbridge.vendors.files.table import Cell, Problem, Reading, Row

COLUMNS = (
    "uid", "start", "end", "all day", "summary", "description", "location", "status", "client name", "client email",
    "client phone", "created", "last modified", "sequence",
)  # fmt: skip

_DAY = timedelta(days=1)


@dataclass(slots=True)
class Found:
    """What the events came to."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    days: int = 0


@dataclass(frozen=True, slots=True)
class _Event:
    """One event, understood. `repeats` names which of a series it replaces."""

    raw: RawEvent
    uid: str
    start: Moment
    end: Moment | None
    repeats: Moment | None
    sequence: int
    changed: datetime | None

    @property
    def key(self) -> tuple[str, Moment | None]:
        return self.uid, self.repeats


def rows(events: Sequence[RawEvent], zones: Zones, how: Reading, *, is_cancellation: bool) -> Found:
    """The rows of all events that take up time, by start; problems for those that cannot be read."""
    found = Found()
    free = 0
    kept: dict[object, _Event] = {}
    for raw in events:
        if raw.text("TRANSP").upper() == "TRANSPARENT":
            free += 1
            continue
        if (event := _understood(raw, zones, how.time_zone, found)) is None:
            continue
        # Without a UID two events are two events; with one, the newest of its versions counts (RFC 5546, 2.1.5).
        key: object = event.key if event.uid else id(raw)
        before = kept.get(key)
        if before is None or _age(before) <= _age(event):
            kept[key] = event
    replaced = {(e.uid, _instant(e.repeats, how.time_zone)) for e in kept.values() if e.repeats is not None}
    for event in kept.values():
        for start, end, uid in _spans(event, replaced, zones, how, found):
            found.rows.append(Row(event.raw.line, _cells(event, start, end, uid, is_cancellation)))
            if len(found.rows) > how.limits.rows:
                raise Unreadable(f"the calendar has more than {how.limits.rows:,} events; choose a smaller window")
    if free:
        found.notes.append(f"{free} event(s) marked as free time were left out")
    return found


def _age(event: _Event) -> tuple[int, datetime]:
    return event.sequence, event.changed or datetime.min.replace(tzinfo=UTC)


def _understood(raw: RawEvent, zones: Zones, floating: tzinfo | None, found: Found) -> _Event | None:
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
            repeats = _moment(replaces, zones, floating)
        changed, sequence = _stamp(raw, "LAST-MODIFIED"), raw.text("SEQUENCE")
        number = int(sequence) if sequence.isascii() and sequence.isdecimal() and len(sequence) < 10 else 0
        return _Event(raw, raw.text("UID")[:500], start, end, repeats, number, changed)
    except (Unreadable, OverflowError) as broken:
        why = broken.why if isinstance(broken, Unreadable) else "the event ends beyond all calendars"
        found.problems.append(Problem(at[0], at[1], at[2][:80], why))
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
    event: _Event, replaced: set[tuple[str, object]], zones: Zones, how: Reading, found: Found
) -> Iterator[tuple[Moment, Moment | None, str]]:
    """(start, end, uid) of each time the event takes place."""
    rule = event.raw.one("RRULE") or event.raw.one("RDATE")
    if rule is None:
        uid = f"{event.uid}/{_name(event.repeats, how.time_zone)}" if event.repeats is not None else event.uid
        yield event.start, event.end, uid
        return
    if how.window is None:
        why = "the event repeats; give the option window, its first and last day"
        found.problems.append(Problem(rule.line, "RRULE", rule.value[:80], why))
        return
    try:
        found.days += max(0, (how.window[1] - _wall(event.start).date()).days)
        if found.days > how.limits.repeating_days:
            raise Unreadable("the calendar repeats too many events over too long a time; choose a smaller window")
        for start in _starts(event, zones, how):
            if (event.uid, _instant(start, how.time_zone)) in replaced and event.uid:
                continue
            end = None if event.end is None else _shifted(event, start)
            yield start, end, f"{event.uid}/{_name(start, how.time_zone)}" if event.uid else ""
    except (Unreadable, OverflowError) as broken:
        why = broken.why if isinstance(broken, Unreadable) else "the event repeats beyond all calendars"
        found.problems.append(Problem(rule.line, "RRULE", rule.value[:80], why))


def _starts(event: _Event, zones: Zones, how: Reading) -> list[Moment]:
    """All starts within the window, in order: by rule, added ones, without the excepted ones."""
    assert how.window
    zone = event.start.tzinfo if isinstance(event.start, datetime) else None
    first = datetime.combine(how.window[0], time())
    last = datetime.combine(how.window[1], time()) + _DAY
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


def _shifted(event: _Event, start: Moment) -> Moment:
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


def _utc(at: Moment | None) -> Cell:
    return at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo is not None else at


def _cells(event: _Event, start: Moment, end: Moment | None, uid: str, is_cancellation: bool) -> tuple[Cell, ...]:
    raw = event.raw
    name, email, phone = _client(raw)
    return (
        uid or None, _utc(start), _utc(end), not isinstance(start, datetime), raw.text("SUMMARY"),
        raw.text("DESCRIPTION"), raw.text("LOCATION"), "CANCELLED" if is_cancellation else raw.text("STATUS"),
        name, email, phone, _stamp(raw, "CREATED"), event.changed, event.sequence,
    )  # fmt: skip


_MAIL = re.compile(r"^mailto:(\S+@\S+)$", re.IGNORECASE)
_LABELLED = re.compile(
    r"^[ \t*-]*(?:(?P<name>name|client|customer|invitee|cliente|nombre|kunde|klient|клієнт)"
    r"|(?P<email>e-?mail|correo|пошта)|(?P<phone>phone|tel|telephone|mobile|cell|tel[eé]fono|telefon|телефон))"
    r"[ \t]*:[ \t]*(?P<value>\S[^\n]{0,200})$",
    re.IGNORECASE | re.MULTILINE,
)


def _client(raw: RawEvent) -> tuple[str, str, str]:
    """(name, e-mail, phone) of who comes: the first attendee who is not the organizer, else labelled lines."""
    organizer = raw.text("ORGANIZER").casefold()
    name = email = phone = ""
    for line in raw.properties.get("ATTENDEE", []):
        mail = _MAIL.match(line.value.strip())
        is_person = line.params.get("CUTYPE", "INDIVIDUAL").upper() == "INDIVIDUAL"
        if mail and is_person and line.value.strip().casefold() != organizer:
            name, email = line.params.get("CN", "").strip('"'), mail[1]
            break
    for found in _LABELLED.finditer(raw.text("DESCRIPTION")[:20_000]):
        value = found["value"].strip()
        name = name or (value if found["name"] else "")
        email = email or (value if found["email"] and "@" in value else "")
        phone = phone or (value if found["phone"] else "")
    return ("" if name.casefold() == email.casefold() else name), email, phone
