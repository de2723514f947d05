"""What the owner decided about a connection: what events are, how far back to read, how to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.ports import Setting

TakenAs = Literal["appointments", "busy"]

HISTORY_DAYS, MOST_HISTORY_DAYS = 365, 3650

SETTINGS = (
    Setting(
        "events", "What the events are",
        "Appointments with clients, or only times in which nobody can be booked (a private calendar).",
        "appointments", (("appointments", "Appointments with clients"), ("busy", "Busy times")),
    ),
    Setting(
        "history_days", "Days of history",
        f"How many days back events are read, 1 to {MOST_HISTORY_DAYS}.", str(HISTORY_DAYS),
    ),
    Setting(
        "overlaps", "When the time is taken",
        "Google itself lets appointments overlap. Allow it only where several people share this calendar.",
        "refuse", (("refuse", "Do not book over another event"), ("allow", "Book all the same")),
    ),
    Setting(
        "invitations", "Mails from Google to the client",
        "Whether Google itself mails the client when BookingBridge books, moves or cancels here.",
        "none", (("none", "None"), ("all", "Invitation, change and cancellation")),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """The settings, understood."""

    taken_as: TakenAs
    history: timedelta
    may_overlap: bool
    send_updates: str


def understood(settings: Mapping[str, str]) -> Options:
    """The settings in force, defaults where nothing is set. Refused, naming the setting, where one makes no sense."""
    chosen = {s.name: (settings.get(s.name) or "").strip() or s.default for s in SETTINGS}
    for setting in SETTINGS:
        if setting.choices and chosen[setting.name] not in dict(setting.choices):
            raise Refused(f"{setting.name} is one of {', '.join(value for value, _ in setting.choices)}")
    days = chosen["history_days"]
    if not (days.isascii() and days.isdigit() and len(days) < 6 and 1 <= int(days) <= MOST_HISTORY_DAYS):
        raise Refused(f"history_days is a whole number of days from 1 to {MOST_HISTORY_DAYS}")
    return Options(
        "busy" if chosen["events"] == "busy" else "appointments",
        timedelta(days=int(days)),
        chosen["overlaps"] == "allow",
        chosen["invitations"],
    )
