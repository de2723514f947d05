"""An appointment as the bookings in it, each with its id; and what the client wraps around Trafft's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json, RawRecord
from bookingbridge.vendors.trafft.api import id_of
from bookingbridge.vendors.trafft.read import instant

APPOINTMENT = "appointment:"
"""Before the appointment's id where it names no bookings: both kinds of id are numbers."""


def bookings(row: Json, zone: str | None) -> list[RawRecord]:
    """One per booking in the appointment: a group's clients each have their own. None in one that nobody is in."""
    inside = row.get("bookings")
    about = {name: value for name, value in row.items() if name != "bookings"}
    if isinstance(inside, list):
        return [_place(about, one, zone) for one in inside]
    if inside is not None:
        return [_place(about, inside, zone)]
    whole = {"appointment": about, "booking": None, "time_zone": zone}
    return [RawRecord("booking", RemoteId(f"{APPOINTMENT}{id_of(row)}"), whole)]


def _place(about: Json, booking: object, zone: str | None) -> RawRecord:
    """What is no booking is kept as it came, under a name that `read` does not take for one."""
    found = booking if isinstance(booking, dict) else {"not_a_booking": booking}
    return RawRecord("booking", id_of(found), {"appointment": about, "booking": found, "time_zone": zone})


def duration_unit(services: Iterable[Json], appointments: Iterable[Json]) -> str | None:
    """ "minutes" or "seconds", where appointments last as long as their service says in it; None where they differ.

    The unit of a service's duration is not documented, so the account's own appointments are asked.
    """
    said = {id_of(s): s.get("duration") for s in services}
    votes: Counter[str] = Counter()
    for row in appointments:
        service = row.get("service")
        duration = said.get(id_of(service)) if isinstance(service, dict) else None
        minutes = _length(row)
        if not minutes or isinstance(duration, bool) or not isinstance(duration, int | float):
            continue
        if duration == minutes:
            votes["minutes"] += 1
        elif duration == minutes * 60:
            votes["seconds"] += 1
    return next(iter(votes)) if len(votes) == 1 else None


def _length(row: Json) -> float | None:
    start, end = row.get("start_date_time"), row.get("end_date_time")
    if not isinstance(start, str) or not isinstance(end, str):
        return None
    try:
        return (instant(end, "UTC") - instant(start, "UTC")).total_seconds() / 60
    except Unreadable:
        return None
