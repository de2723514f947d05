"""Bookings made, moved and cancelled at Square: once by idempotency keys, over nobody else's change by versions.

With the seller's permissions Square books over another booking without a word (Bookings API, 2025-08-20), so the team
member's calendar is looked at first. The moment between that look and the change Square gives no means to close.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from bookingbridge.canonical import times
from bookingbridge.canonical.commands import CancelBooking, Command, CreateBooking, MoveBooking
from bookingbridge.canonical.errors import Ambiguous, BridgeError, NotFound, Rejected, Stale
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json, RawRecord, Receipt
from bookingbridge.vendors.square.answers import SLOT_TAKEN, NotDone
from bookingbridge.vendors.square.api import Api, in_path, objects
from bookingbridge.vendors.square.calendars import OPEN, Calendars, lasts, minutes_between, staff_of, starts_of
from bookingbridge.vendors.square.fields import id_of
from bookingbridge.vendors.square.people import People, is_same

log = structlog.get_logger("vendors.square")

COMMANDS: frozenset[type[Command]] = frozenset({CreateBooking, MoveBooking, CancelBooking})
BOOKINGS = "/v2/bookings"

Beside = Callable[[Json], Awaitable[list[RawRecord]]]
"""A booking as Square sent it to the records that tell it: with its prices, and its customer."""


class Writing:
    """See canonical.ports.Writer."""

    def __init__(self, api: Api, beside: Beside) -> None:
        self._api = api
        self._beside = beside
        self._people = People(api)
        self._calendars = Calendars(api)

    async def send(self, command: Command) -> Receipt:
        try:
            match command:
                case CreateBooking():
                    return await self._create(command)
                case MoveBooking():
                    return await self._move(command)
                case CancelBooking():
                    return await self._cancel(command)
        except NotFound as absent:
            raise Rejected(absent.why, code="gone") from absent
        raise Rejected(f"Square cannot {command.name.replace('_', ' ')}")

    async def find(self, command: Command) -> Receipt | None:
        match command:
            case CreateBooking():
                staff, service = _needed(command.staff, "team member"), _needed(command.service, "service")
                held = await self._calendars.held(staff, command.starts_at, command.ends_at)
                found = await self._made(command, service, held)
                return await self._receipt(found) if found else None
            case MoveBooking():
                found = await self._read(command.booking)
                return await self._receipt(found) if _is_moved(command, found) else None
            case CancelBooking():
                found = await self._read(command.booking)
                return None if found.get("status") in OPEN else await self._receipt(found)
        raise Rejected(f"Square cannot {command.name.replace('_', ' ')}")

    async def _create(self, command: CreateBooking) -> Receipt:
        staff, service = _needed(command.staff, "team member"), _needed(command.service, "service")
        minutes = minutes_between(command.starts_at, command.ends_at)
        held = await self._calendars.held(staff, command.starts_at, command.ends_at)
        if found := await self._made(command, service, held):
            return await self._receipt(found)
        self._calendars.check_free(held, staff, command.starts_at, command.ends_at)
        segment = {
            "team_member_id": staff,
            "service_variation_id": service,
            "service_variation_version": await self._service_version(service),
            "duration_minutes": minutes,
        }
        booking: Json = {
            "location_id": command.location or await self._only_location(),
            "start_at": times.text(command.starts_at),
            "customer_id": await self._people.at_square(command.person, command.key),
            "appointment_segments": [segment],
        }
        if command.note:
            booking["seller_note"] = command.note[:4096]
        body = {"idempotency_key": command.key, "booking": booking}
        try:
            answer = await self._api.write("POST", BOOKINGS, "the booking", body)
        except NotDone as refused:
            raise await self._why_not(refused, staff, command.starts_at, command.ends_at) from refused
        return await self._receipt(_booking(answer))

    async def _made(self, command: CreateBooking, service: RemoteId, held: list[Json]) -> Json | None:
        """Of the bookings held around that time the one that was asked for.

        Customers are compared one by one, not by search, which may not show a new one for a minute.
        """
        for booking in held:
            first = next(iter(objects(booking, "appointment_segments")), {})
            if starts_of(booking) != command.starts_at or first.get("service_variation_id") != service:
                continue
            customer = booking.get("customer_id")
            if not isinstance(customer, str) or not customer:
                continue
            if command.person.remote_id == customer or is_same(await self._customer(customer), command.person):
                return booking
        return None

    async def _move(self, command: MoveBooking) -> Receipt:
        before = await self._read(command.booking)
        if _is_moved(command, before):
            return await self._receipt(before)
        _check_current(command.version, before)
        minutes, staff = minutes_between(command.starts_at, command.ends_at), command.staff or staff_of(before)
        if staff:
            held = await self._calendars.held(staff, command.starts_at, command.ends_at)
            others = [booking for booking in held if id_of(booking) != command.booking]
            self._calendars.check_free(others, staff, command.starts_at, command.ends_at)
        changed = {"version": before.get("version"), "start_at": times.text(command.starts_at)}
        if minutes != lasts(before) or staff != staff_of(before):
            changed["appointment_segments"] = await self._segments(before, staff, minutes)
        path, body = f"{BOOKINGS}/{in_path(command.booking)}", {"idempotency_key": command.key, "booking": changed}
        try:
            answer = await self._api.write("PUT", path, "the new time", body)
        except NotDone as refused:
            after = await self._read(command.booking)
            if _is_moved(command, after):
                return await self._receipt(after)
            _check_current(before.get("version"), after)
            wanted = (command.starts_at, command.ends_at)
            raise await self._why_not(refused, staff, *wanted, but=command.booking) from refused
        return await self._receipt(_booking(answer))

    async def _segments(self, before: Json, staff: RemoteId | None, minutes: int) -> list[Json]:
        """The services as they are, but with that team member instead of the first one, and that long."""
        found = objects(before, "appointment_segments")
        if minutes != lasts(before) and len(found) != 1:
            raise Stale("the booking has several services now, whose lengths a move cannot change", code="length")
        segments = []
        for segment in found:
            service, old = RemoteId(str(segment.get("service_variation_id") or "")), segment.get("team_member_id")
            segments.append(
                {
                    "team_member_id": staff if old == staff_of(before) else old,
                    "service_variation_id": service,
                    "service_variation_version": await self._service_version(service),
                    "duration_minutes": minutes if len(found) == 1 else segment.get("duration_minutes"),
                }
            )
        return segments

    async def _cancel(self, command: CancelBooking) -> Receipt:
        """Square takes no reason."""
        before = await self._read(command.booking)
        if before.get("status") not in OPEN:
            return await self._receipt(before)
        _check_current(command.version, before)
        path = f"{BOOKINGS}/{in_path(command.booking)}/cancel"
        body = {"idempotency_key": command.key, "booking_version": before.get("version")}
        try:
            answer = await self._api.write("POST", path, "the cancellation", body)
        except NotDone:
            after = await self._read(command.booking)
            if after.get("status") not in OPEN:
                return await self._receipt(after)
            _check_current(before.get("version"), after)
            raise
        return await self._receipt(_booking(answer))

    async def _why_not(
        self, refused: NotDone, staff: RemoteId | None, starts_at: datetime, ends_at: datetime, *, but: str = ""
    ) -> Rejected:
        """Somebody has the time where Square says CONFLICT or the calendar shows it; else what Square said."""
        taken = Rejected("somebody else has that time at Square", code=SLOT_TAKEN)
        if refused.code in ("CONFLICT", "http_409"):
            return taken
        if staff is not None:
            held = await self._calendars.held(staff, starts_at, ends_at)
            if not self._calendars.is_free([b for b in held if id_of(b) != but], staff, starts_at, ends_at):
                return taken
        return refused

    async def _read(self, booking: RemoteId) -> Json:
        """The booking as it is now. Stale where it is gone."""
        try:
            return _booking(await self._api.get(f"{BOOKINGS}/{in_path(booking)}", "bookings"))
        except NotFound as gone:
            raise Stale("the booking is gone at Square", code="gone") from gone

    async def _service_version(self, service: RemoteId) -> int:
        """The service's version as it is now: Square takes bookings of no other."""
        found = (await self._api.get(f"/v2/catalog/object/{in_path(service)}", "services")).get("object")
        version = found.get("version") if isinstance(found, dict) else None
        if not isinstance(version, int):
            raise Rejected("Square does not say in which version it has this service", code="no_version")
        return version

    async def _only_location(self) -> RemoteId:
        found = objects(await self._api.get("/v2/locations", "locations"), "locations")
        if len(found) != 1:
            raise Rejected("Square needs to know at which location", code="incomplete")
        return id_of(found[0])

    async def _customer(self, customer: str) -> Json:
        try:
            found = (await self._api.get(f"/v2/customers/{in_path(customer)}", "customers")).get("customer")
        except NotFound:
            return {}
        return found if isinstance(found, dict) else {}

    async def _receipt(self, booking: Json) -> Receipt:
        """What was done stays done, also where what is to be told beside it cannot be had just now."""
        version = booking.get("version")
        try:
            records = tuple(await self._beside(booking))
        except BridgeError as failed:
            log.warning("done, but not told in full", booking=id_of(booking), why=failed.why)
            records = ()
        return Receipt(id_of(booking), version if isinstance(version, int) else None, records)


def _booking(answer: Json) -> Json:
    found = answer.get("booking")
    if not isinstance(found, dict) or not found.get("id"):
        raise Ambiguous("Square's answer holds no booking; it may have done it", code="no_booking")
    return found


def _is_moved(command: MoveBooking, there: Json) -> bool:
    if there.get("status") not in OPEN or starts_of(there) != times.plausible(command.starts_at):
        return False
    is_as_long = lasts(there) == minutes_between(command.starts_at, command.ends_at)
    return is_as_long and command.staff in (None, staff_of(there))


def _check_current(version: int | None, there: Json) -> None:
    if there.get("status") not in OPEN:
        raise Stale("the booking was cancelled at Square meanwhile", code="cancelled")
    if version is not None and there.get("version") != version:
        raise Stale("the booking was changed at Square meanwhile", code="changed")


def _needed(remote_id: RemoteId | None, what: str) -> RemoteId:
    if not remote_id:
        raise Rejected(f"Square needs to know which {what} is meant", code="incomplete")
    return remote_id
