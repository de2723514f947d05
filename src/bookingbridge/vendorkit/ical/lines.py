"""A calendar's lines, unfolded and sorted into events and zones, each with the number it has in an editor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from icalendar.parser import Contentline

from bookingbridge.canonical.errors import Unreadable

_BREAK = re.compile(r"\r\n|\n|\r")
_LONGEST_LINE = 100_000
_WANTED = frozenset(
    (
        "UID", "DTSTART", "DTEND", "DURATION", "SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "TRANSP", "SEQUENCE",
        "LAST-MODIFIED", "CREATED", "DTSTAMP", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE", "ORGANIZER", "ATTENDEE",
    )
)  # fmt: skip
_OF_THE_CALENDAR = frozenset(("PRODID", "NAME", "METHOD", "X-WR-CALNAME", "X-WR-TIMEZONE", "REFRESH-INTERVAL"))


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing in a calendar that cannot be used. `line` counts from 1; `uid` is the event's, where it has one."""

    line: int
    name: str
    value: str
    why: str
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """One line of an event: its parameters by upper-case name, its value, and where it stands."""

    line: int
    params: dict[str, str]
    value: str


@dataclass(slots=True)
class RawEvent:
    """An event's lines, by property name in upper case."""

    line: int
    properties: dict[str, list[Property]] = field(default_factory=dict)

    def one(self, name: str) -> Property | None:
        """The first line of that name."""
        found = self.properties.get(name)
        return found[0] if found else None

    def text(self, name: str) -> str:
        """The first value of that name, or nothing."""
        found = self.one(name)
        return found.value.strip() if found else ""


@dataclass(slots=True)
class RawCalendar:
    """What a calendar holds, not yet understood. `zones` are the texts of its time zone definitions.

    `says` are the calendar's own first values of what tells something about it, such as X-WR-CALNAME. It `is_whole`
    where it begins and ends as a calendar, so that nothing was cut off.
    """

    events: list[RawEvent] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)
    is_whole: bool = False

    @property
    def is_cancellation(self) -> bool:
        """Whether all of it is called off."""
        return self.says.get("METHOD", "").upper() == "CANCEL"


def parse(text: str, most: int, name: str) -> RawCalendar:
    """The file's events and zones; lines that cannot be read become problems where they matter."""
    file, path, zone = RawCalendar(), list[str](), list[str]()
    event: RawEvent | None = None
    for number, line in _lines(text):
        if "\x00" in line or len(line) > _LONGEST_LINE:
            raise Unreadable("this is not a calendar's text", where=f"{name}, line {number}")
        head = line.upper().rstrip()
        if head.startswith("BEGIN:"):
            path.append(head[6:])
            if path[-1] == "VEVENT":
                event = RawEvent(number)
        if "VTIMEZONE" in path:
            zone.append(line)
        if head.startswith("END:"):
            if path and path[-1] == "VEVENT" and event is not None:
                file.events.append(event)
                event = None
            if path and path[-1] == "VTIMEZONE":
                file.zones.append("\r\n".join(zone) + "\r\n")
                zone = []
            if path:
                file.is_whole = path.pop() == head[4:] == "VCALENDAR" and not path
        elif event is not None and path and path[-1] == "VEVENT":
            _keep(file, event, number, line)
        elif path == ["VCALENDAR"]:
            _note(file, line)
        if len(file.events) > most:
            raise Unreadable(f"the calendar has more than {most:,} events; split it", where=name)
    if event is not None:
        file.flaws.append(Flaw(event.line, "", "", "the event does not end: the file is cut off", event.text("UID")))
    return file


def _note(file: RawCalendar, line: str) -> None:
    name, _, value = line.partition(":")
    name = name.partition(";")[0].strip().upper()
    if name in _OF_THE_CALENDAR:
        file.says.setdefault(name, value.strip()[:200])


def _keep(file: RawCalendar, event: RawEvent, number: int, line: str) -> None:
    name = re.split(r"[:;]", line, maxsplit=1)[0].strip().upper()
    if name not in _WANTED:
        return
    try:
        _, params, value = Contentline(line).parts()  # type: ignore[no-untyped-call]
    except ValueError:
        file.flaws.append(Flaw(number, name, line[:80], "this line of the event cannot be read", event.text("UID")))
        return
    plain = {str(key).upper(): value if isinstance(value, str) else ",".join(value) for key, value in params.items()}
    event.properties.setdefault(name, []).append(Property(number, plain, value))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first physical line: a line that begins with a blank goes on."""
    number, begins, parts = 0, 1, list[str]()
    for line in _BREAK.split(text.removeprefix("\ufeff")):
        number += 1
        if line[:1] in (" ", "\t") and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield begins, "".join(parts)
        begins, parts = number, [line] if line else []
    if parts:
        yield begins, "".join(parts)
