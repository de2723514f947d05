"""Feeds of a simulated system: what they hold, and how it is written down as systems write it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2b

import msgspec

from bookingbridge.canonical import times

_DAY = timedelta(days=1)
STARTER_ROLLING = "chair-1-5f0c2d7e9a"
STARTER_WHOLE = "studio-b83e61d4c0"

_ZONE = """BEGIN:VTIMEZONE
TZID:Shop Time
X-LIC-LOCATION:{zone}
BEGIN:STANDARD
DTSTART:20071104T020000
TZOFFSETFROM:-0700
TZOFFSETTO:-0800
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20070311T020000
TZOFFSETFROM:-0800
TZOFFSETTO:-0700
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
END:VTIMEZONE"""


class Event(msgspec.Struct, frozen=True):
    """An event. Without `minutes` it is of whole days (1). `lines` are further properties, as they stand in a feed."""

    uid: str
    starts_at: datetime
    minutes: int = 0
    title: str = ""
    status: str = ""
    sequence: int = 0
    created: datetime | None = None
    changed: datetime | None = None
    lines: list[str] = []

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + (timedelta(minutes=self.minutes) if self.minutes else _DAY)


class Feed(msgspec.Struct):
    """A shared calendar. It shows events from `back_days` before today to `ahead_days` after; all where these are None.

    `style` is how times are written: utc, zoned, floating. `stamps` is which an event has: all, generated (only a
    DTSTAMP of the moment at which the feed is written), none. With `most` it shows that many of the next events only.
    """

    secret: str
    name: str
    events: dict[str, Event] = {}
    zone: str = "America/Los_Angeles"
    back_days: int | None = None
    ahead_days: int | None = None
    style: str = "zoned"
    stamps: str = "all"
    most: int | None = None
    mood: str = "well"


def shown(feed: Feed, now: datetime) -> list[Event]:
    """The events that the feed shows now, by start."""
    zone = times.zone(feed.zone)
    today = datetime.combine(now.astimezone(zone).date(), time(), zone)
    begins = today - feed.back_days * _DAY if feed.back_days is not None else None
    ends = today + (feed.ahead_days + 1) * _DAY if feed.ahead_days is not None else None
    found = [
        event for event in sorted(feed.events.values(), key=lambda e: (e.starts_at, e.uid))
        if any(line.startswith("RRULE") for line in event.lines)
        or ((begins is None or event.ends_at > begins) and (ends is None or event.starts_at < ends))
    ]  # fmt: skip
    if feed.most is not None:
        found = [event for event in found if event.ends_at > now][: feed.most]
    return found


def written(feed: Feed, now: datetime) -> str:
    """The feed as text, lines folded at 75 bytes."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Simulated//Calendars//EN", f"X-WR-CALNAME:{_text(feed.name)}"]
    if feed.style == "zoned":
        lines += _ZONE.format(zone=feed.zone).splitlines()
    for event in shown(feed, now):
        lines += _event(feed, event, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def etag(text: str) -> str:
    """A mark of the text's content; DTSTAMPs alone do not change it."""
    lasting = "".join(line for line in text.splitlines() if not line.startswith("DTSTAMP"))
    return f'"{blake2b(lasting.encode(), digest_size=12).hexdigest()}"'


def _event(feed: Feed, event: Event, now: datetime) -> Iterator[str]:
    yield from ("BEGIN:VEVENT", f"UID:{event.uid}")
    yield f"DTSTART{_when(feed, event.starts_at, event)}"
    yield f"DTEND{_when(feed, event.ends_at, event)}"
    yield f"SUMMARY:{_text(event.title)}"
    if event.status:
        yield f"STATUS:{event.status}"
    if feed.stamps == "all":
        if event.created:
            yield f"CREATED:{_utc(event.created)}"
        yield f"LAST-MODIFIED:{_utc(event.changed or event.created or now)}"
        yield f"SEQUENCE:{event.sequence}"
    if feed.stamps != "none":
        yield f"DTSTAMP:{_utc(now)}"
    yield from event.lines
    yield "END:VEVENT"


def _when(feed: Feed, at: datetime, event: Event) -> str:
    local = at.astimezone(times.zone(feed.zone))
    if not event.minutes:
        return f";VALUE=DATE:{local:%Y%m%d}"
    if feed.style == "utc":
        return f":{_utc(at)}"
    return f"{';TZID=Shop Time' if feed.style == 'zoned' else ''}:{local:%Y%m%dT%H%M%S}"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


def _folded(line: str) -> Iterator[str]:
    while len(line.encode()) > 75:
        head = line.encode()[:70].decode("utf-8", "ignore")
        yield head
        line = f" {line[len(head) :]}"
    yield line


def starter(now: datetime) -> list[Feed]:
    """Two feeds with a few weeks of appointments around now."""
    zone = times.zone("America/Los_Angeles")
    today = datetime.combine(now.astimezone(zone).date(), time(9), zone)
    clients = ("Ana R.", "Marisol K.", "Dee W.", "Tomas L.", "Priya N.", "Jo B.")
    chair = {
        f"appt-{n:03}@calendar.example.com": Event(
            f"appt-{n:03}@calendar.example.com", today + timedelta(days=n - 12, hours=n % 7), 45 + 15 * (n % 3),
            f"{('Haircut', 'Color', 'Beard trim')[n % 3]}: {clients[n % 6]}",
            created=today + timedelta(days=n - 12 - 5 - n % 9), changed=today + timedelta(days=n - 12 - 5 - n % 9),
        )
        for n in range(45)
    }  # fmt: skip
    weekly = Event(
        "standup@calendar.example.com", today - timedelta(days=28), 30, "Team meeting", created=today - timedelta(30),
        changed=today - timedelta(days=30), lines=["RRULE:FREQ=WEEKLY"],
    )  # fmt: skip
    holiday = Event(
        "closed@calendar.example.com", today.replace(hour=0) + timedelta(days=20), 0, "Closed",
        created=today - timedelta(days=30), changed=today - timedelta(days=30),
    )  # fmt: skip
    return [
        Feed(STARTER_ROLLING, "Chair 1", chair, back_days=7, ahead_days=60),
        Feed(STARTER_WHOLE, "Studio", {e.uid: e for e in (weekly, holiday)}),
    ]
