"""A feed's text as happenings: one per event or repetition, in plain form, with when it was probably booked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit.ical import events, lines
from bookingbridge.vendorkit.ical.events import Occurrence, Terms
from bookingbridge.vendors.calendar_feed.covering import Shown, Span
from bookingbridge.vendors.calendar_feed.feed import digest
from bookingbridge.vendors.calendar_feed.wire import From, Happening

MOST_EVENTS = 50_000
MOST_DAYS_REPEATED = 2_000_000
LONGEST_TEXT = 4_000
_GENERATED = timedelta(minutes=10)
_SETTLED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """How a feed is read: zones for times without one (the owner's word first, the business's last), and the window.

    `booked` is, by `key`, what was said before of when happenings were made that do not say it themselves.
    """

    now: datetime
    zone: tzinfo | None
    fallback: tzinfo | None
    days: tuple[date, date]
    booked: Mapping[str, tuple[datetime, From]] = field(default_factory=dict)


@dataclass(slots=True)
class Read:
    """What a feed holds. `unreadable` are happenings that only say what is wrong; `name` and `zone` are its own."""

    happenings: list[Happening] = field(default_factory=list)
    unreadable: list[Happening] = field(default_factory=list)
    shown: Shown = field(default_factory=lambda: Shown((), 0))
    window: Span = (times.EARLIEST, times.LATEST)
    name: str = ""
    zone: str | None = None
    floating: int = 0


def read(body: bytes, asked: Asked) -> Read:
    """All that the feed shows within the window. Unreadable where it is not a whole calendar."""
    text = _text(body)
    if not text.lstrip("\ufeff \t\r\n")[:15].upper().startswith("BEGIN:VCALENDAR"):
        page = " but a web page, perhaps a login" if "<" in text[:200] else ""
        raise Unreadable(f"the address does not answer with a calendar{page}; nothing was changed", code="no_calendar")
    raw = lines.parse(text, MOST_EVENTS, "the feed")
    if not raw.is_whole:
        raise Unreadable("the calendar is cut off; nothing was changed", code="cut_off")
    own = _zone(raw.says.get("X-WR-TIMEZONE", ""))
    zone = asked.zone or own or asked.fallback
    found = events.read(raw, Terms(zone, asked.days, MOST_EVENTS, MOST_DAYS_REPEATED))
    made = Read(name=raw.says.get("X-WR-CALNAME", raw.says.get("NAME", "")), zone=getattr(zone, "key", None))
    made.window = _bounds(asked.days, zone or UTC)
    stamps = _stamps(found.occurrences, asked.now)
    singles: list[Span] = []
    for at in found.occurrences:
        happening = _happening(at, zone, stamps, asked, is_cancellation=raw.is_cancellation)
        if happening.problem:
            made.unreadable.append(happening)
            continue
        span = times.rfc3339(happening.starts_at), times.rfc3339(happening.ends_at)
        if not _repeats(at):
            singles.append(span)
        if made.window[0] <= span[0] < made.window[1]:
            made.happenings.append(happening)
    made.unreadable += [_broken(f"line {f.line}: {f.why}", f.uid or f"line {f.line}") for f in raw.flaws + found.flaws]
    made.shown = Shown(singles, len(raw.events))
    made.floating = sum(1 for event in raw.events if _is_floating(event))
    return made


def key(remote_id: str) -> str:
    """A short stand-in for an id: of the event, then of the repetition."""
    uid, slash, repetition = remote_id.partition("/")
    return digest(uid)[:12] + slash + (digest(repetition)[:8] if slash else "")


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _zone(name: str) -> tzinfo | None:
    try:
        return times.zone(name) if name else None
    except Unreadable:
        return None


def _bounds(days: tuple[date, date], zone: tzinfo) -> Span:
    first, last = days[0], days[1] + timedelta(days=1)
    begins = datetime(first.year, first.month, first.day, tzinfo=zone)
    ends = datetime(last.year, last.month, last.day, tzinfo=zone)
    return begins.astimezone(UTC), ends.astimezone(UTC)


def _repeats(at: Occurrence) -> bool:
    return bool(at.event.raw.one("RRULE") or at.event.raw.one("RDATE"))


def _is_floating(event: lines.RawEvent) -> bool:
    begins = event.one("DTSTART")
    return begins is not None and "TZID" not in begins.params and not begins.value.strip().upper().endswith("Z")


def _stamps(found: Iterable[Occurrence], now: datetime) -> frozenset[str]:
    """Of LAST-MODIFIED and DTSTAMP those that tell something of their event, and not when the feed was written.

    Many systems stamp each event anew whenever they write the feed: such stamps are all of one recent moment.
    """
    every: dict[str, list[datetime]] = {"LAST-MODIFIED": [], "DTSTAMP": []}
    for at in found:
        for name, held in every.items():
            if (stamp := _stamp(at, name)) is not None:
                held.append(stamp)
    return frozenset(
        name for name, held in every.items()
        if held and (max(held) - min(held) > _GENERATED or now - max(held) > _SETTLED)
    )  # fmt: skip


def _stamp(at: Occurrence, name: str) -> datetime | None:
    """The event's own time of that name; calendars write 1900 or 0001 where they do not know."""
    stamp = at.event.stamp(name)
    return stamp.astimezone(UTC) if stamp and times.EARLIEST <= stamp < times.LATEST else None


def _happening(
    at: Occurrence, zone: tzinfo | None, stamps: frozenset[str], asked: Asked, *, is_cancellation: bool
) -> Happening:
    raw, event = at.event.raw, at.event
    try:
        start, end = _instant(at.start, zone), _instant(at.end, zone) if at.end is not None else None
    except Unreadable as broken:
        return _broken(f"line {raw.line}: {broken.why}", at.uid or f"line {raw.line}")
    remote_id = at.uid or "no-uid:" + digest(f"{start}|{raw.text('SUMMARY')}")
    booked_at, booked_from = _booked(at, remote_id, asked)
    changed = next((found for name in ("LAST-MODIFIED", "DTSTAMP") if name in stamps and (found := _stamp(at, name))),
                   None)  # fmt: skip
    # An occurrence of a series may come of the series today and of its own exception tomorrow, and back: their
    # numbers do not go on from each other, so the newest reading counts.
    is_of_series = _repeats(at) or event.repeats is not None
    return Happening(
        id=remote_id,
        starts_at=times.text(start),
        ends_at=times.text(end if end is not None else start),
        is_all_day=not isinstance(at.start, datetime),
        status="CANCELLED" if is_cancellation else raw.text("STATUS").upper()[:40],
        title=raw.text("SUMMARY")[:500],
        text=raw.text("DESCRIPTION")[:LONGEST_TEXT],
        place=raw.text("LOCATION")[:300],
        booked_at=times.text(min(booked_at, start)),
        booked_from=booked_from,
        sequence=event.sequence if raw.one("SEQUENCE") and not is_of_series else None,
        changed_at=times.text(changed) if changed and not is_of_series else None,
    )


def _instant(at: date | datetime, zone: tzinfo | None) -> datetime:
    if isinstance(at, datetime) and at.tzinfo is not None:
        return times.plausible(at)
    if zone is None:
        raise Unreadable("the time names no zone; choose one in the connection's settings")
    wall = at if isinstance(at, datetime) else datetime(at.year, at.month, at.day)  # noqa: DTZ001 - a wall clock's
    return times.plausible(wall.replace(tzinfo=zone))


def _booked(at: Occurrence, remote_id: str, asked: Asked) -> tuple[datetime, From]:
    """When it was made, or the earliest moment at which it surely was."""
    if created := _stamp(at, "CREATED"):
        return created, "created"
    if before := asked.booked.get(key(remote_id)):
        return before
    known = [stamp for name in ("LAST-MODIFIED", "DTSTAMP") if (stamp := _stamp(at, name)) and stamp <= asked.now]
    return (min(known), "stamp") if known else (asked.now, "first_seen")


def _broken(why: str, remote_id: str) -> Happening:
    return Happening(id=remote_id, problem=why)


def uids(happenings: Iterable[Happening]) -> Iterator[str]:
    """The stand-ins of the events that these are of."""
    return (key(happening.id).partition("/")[0] for happening in happenings)
