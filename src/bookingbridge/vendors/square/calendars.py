"""What a team member's calendar at Square holds around a time, and whether they are free."""

from __future__ import annotations

from datetime import datetime, timedelta

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Rejected, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import Booking
from bookingbridge.vendors.square import api
from bookingbridge.vendors.square.answers import SLOT_TAKEN
from bookingbridge.vendors.square.api import Api, objects
from bookingbridge.vendors.square.read import read

OPEN = ("PENDING", "ACCEPTED")
LONGEST = 1500
"""Minutes of one service (Bookings API, AppointmentSegment.duration_minutes, 2025-08-20)."""

_EARLIEST = timedelta(days=2)  # what began longer ago does not reach into the time looked at


class Calendars:
    """The calendars of one merchant's team."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def held(self, staff: RemoteId, starts_at: datetime, ends_at: datetime) -> list[Json]:
        """The open bookings of the team member that may reach into [starts_at, ends_at)."""

        async def ask(page: str | None) -> Json:
            return await self._api.get(
                "/v2/bookings", "bookings", limit=100, cursor=page, team_member_id=staff,
                start_at_min=times.text(starts_at - _EARLIEST), start_at_max=times.text(ends_at),
            )  # fmt: skip

        found = [booking async for some, _, _ in api.pages(ask, "bookings", None) for booking in some]
        return [booking for booking in found if booking.get("status") in OPEN]

    def is_free(self, held: list[Json], staff: RemoteId, starts_at: datetime, ends_at: datetime) -> bool:
        return not any(
            begins < ends_at and starts_at < ends for booking in held for begins, ends in _spans(booking, staff)
        )

    def check_free(self, held: list[Json], staff: RemoteId, starts_at: datetime, ends_at: datetime) -> None:
        """Rejected where somebody else has that time."""
        if not self.is_free(held, staff, starts_at, ends_at):
            raise Rejected("somebody else has that time at Square", code=SLOT_TAKEN)


def minutes_between(starts_at: datetime, ends_at: datetime) -> int:
    """Whole minutes. Rejected where Square has no such length."""
    minutes, rest = divmod(ends_at - starts_at, timedelta(minutes=1))
    if rest or not 0 < minutes <= LONGEST:
        raise Rejected(f"Square takes bookings of 1 to {LONGEST} whole minutes", code="bad_length")
    return minutes


def starts_of(booking: Json) -> datetime | None:
    try:
        return times.rfc3339(str(booking.get("start_at")))
    except Unreadable:
        return None


def staff_of(booking: Json) -> RemoteId | None:
    """Who gives the first service."""
    first = next(iter(objects(booking, "appointment_segments")), {}).get("team_member_id")
    return RemoteId(first) if isinstance(first, str) and first else None


def lasts(booking: Json) -> int:
    """Minutes from the first service's start to the last one's end."""
    (found,) = read("booking", booking)
    assert isinstance(found, Booking)
    return (found.ends_at - found.starts_at) // timedelta(minutes=1)


def _spans(booking: Json, staff: RemoteId) -> list[tuple[datetime, datetime]]:
    """When this team member is taken by the booking."""
    begins = starts_of(booking)
    if begins is None:
        return []
    found = []
    for segment in objects(booking, "appointment_segments"):
        ends = begins + timedelta(minutes=_number(segment.get("duration_minutes")))
        if segment.get("team_member_id") == staff:
            found.append((begins, ends))
        begins = ends + timedelta(minutes=_number(segment.get("intermission_minutes")))
    return found


def _number(value: object) -> int:
    return min(max(value, 0), LONGEST) if isinstance(value, int) else 0
