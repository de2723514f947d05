"""What the owner decided about a feed, and what is known of the systems that give feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Rejected, Unreadable
from bookingbridge.canonical.ports import Setting

MOST_DAYS = 730


@dataclass(frozen=True, slots=True)
class System:
    """A system that gives feeds. `shows` is its rolling window (back, ahead); None where that is not known.

    A feed that `is_whole` shows the whole calendar: nothing ages out of it.
    """

    name: str
    title: str
    hosts: tuple[str, ...] = ()
    shows: tuple[timedelta, timedelta] | None = None
    is_whole: bool = False


OTHER = System("other", "Another system")
SYSTEMS = (
    # One week back to 60 days ahead, personal time off not included (Schedulicity's help centre, article 956383,
    # read 2026-11).
    System("schedulicity", "Schedulicity", ("schedulicity.com",), shows=(timedelta(days=7), timedelta(days=60))),
    # The secret address in iCal format and a published iCloud calendar hold every event (both vendors' help, 2026-11).
    System("google", "Google Calendar", ("calendar.google.com",), is_whole=True),
    System("apple", "Apple iCloud", ("icloud.com",), is_whole=True),
    # Outlook shows a stretch around today that Microsoft names nowhere; what a feed shows tells (2026-11).
    System("outlook", "Outlook", ("outlook.office365.com", "outlook.office.com", "outlook.live.com")),
    System("booksy", "Booksy", ("booksy.com",)),
    OTHER,
)
_BY_NAME = {system.name: system for system in SYSTEMS}

SETTINGS = (
    Setting(
        "system", "Where the feed comes from",
        "It decides what a vanished event means: cancelled, or only too old to be shown.", "auto",
        (("auto", "Told by its address"), *((system.name, system.title) for system in SYSTEMS)),
    ),
    Setting(
        "events_are", "What its events are", "Busy times are kept free of bookings but are nobody's appointment.",
        "appointments", (("appointments", "Appointments"), ("busy", "Busy times")),
    ),
    Setting(
        "all_day", "Events of whole days", "Holidays and days off are usually entered so.",
        "busy", (("busy", "Busy times"), ("appointments", "Appointments"), ("ignore", "Left out")),
    ),
    Setting(
        "time_zone", "Time zone of times that name none",
        "For instance America/Los_Angeles. Empty: the calendar's own, else the business's.", "",
    ),
    Setting("days_back", "Days back", f"How far into the past events are read, 1 to {MOST_DAYS}.", "365"),
    Setting("days_ahead", "Days ahead", f"How far ahead events are read and repeated, 1 to {MOST_DAYS}.", "365"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choices:
    """The settings, understood. `zone` is for times without one, where the owner named it."""

    system: str
    events_are: str
    all_day: str
    zone: ZoneInfo | None
    days_back: int
    days_ahead: int

    def kind(self, *, is_all_day: bool) -> str | None:
        """What an event becomes: booking, block, or nothing."""
        if is_all_day and self.all_day == "ignore":
            return None
        is_booking = self.events_are == "appointments" and not (is_all_day and self.all_day == "busy")
        return "booking" if is_booking else "block"

    @property
    def kinds(self) -> tuple[str, ...]:
        """All that events may become."""
        found = {self.kind(is_all_day=False), self.kind(is_all_day=True)}
        return tuple(sorted(kind for kind in found if kind))


def choices(settings: Mapping[str, str]) -> Choices:
    """The settings, understood. Rejected with what to correct."""
    named = {setting.name: (settings.get(setting.name) or "").strip() or setting.default for setting in SETTINGS}
    for setting in SETTINGS:
        if setting.choices and named[setting.name] not in {value for value, _ in setting.choices}:
            raise Rejected(f"the setting {setting.label!r} does not know {named[setting.name][:40]!r}", code="setting")
    try:
        zone = times.zone(named["time_zone"]) if named["time_zone"] else None
    except Unreadable as unknown:
        raise Rejected(f"the setting time zone: {unknown.why}", code="setting") from unknown
    days = _days(named["days_back"], "Days back"), _days(named["days_ahead"], "Days ahead")
    return Choices(named["system"], named["events_are"], named["all_day"], zone, *days)


def system_of(chosen: str, address: str) -> System:
    """The system that was chosen, or the one whose host the address is of."""
    if chosen in _BY_NAME:
        return _BY_NAME[chosen]
    host = (urlsplit(address).hostname or "").lower()
    for system in SYSTEMS:
        if any(host == known or host.endswith(f".{known}") for known in system.hosts):
            return system
    return OTHER


def _days(text: str, label: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= MOST_DAYS):
        raise Rejected(f"{label} is a number from 1 to {MOST_DAYS}", code="setting")
    return int(text)
