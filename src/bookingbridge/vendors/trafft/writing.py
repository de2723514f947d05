"""Making a booking, at most once, at a vendor that knows no keys for repetitions.

Before anything is sent the whole list is looked through for the same client, service, employee and start: that is what
a repetition would double. What Trafft answers is then looked up in the list, because only the list shows the booking.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bookingbridge.canonical.commands import CreateBooking, Person
from bookingbridge.canonical.errors import Ambiguous, BridgeError, Rejected, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json, RawRecord, Receipt
from bookingbridge.canonical.records import Booking, BookingStatus
from bookingbridge.canonical.times import zone as zone_of
from bookingbridge.vendors.trafft import places
from bookingbridge.vendors.trafft.api import Api, id_of, single
from bookingbridge.vendors.trafft.newest import from_both_ends
from bookingbridge.vendors.trafft.read import read

_ALIVE = (BookingStatus.PENDING, BookingStatus.CONFIRMED)
_REFUSALS = ("http_400", "http_409", "http_422")


@dataclass(frozen=True, slots=True)
class _Looked:
    """What the list shows of a wanted booking: the booking itself, and whether the employee is busy then."""

    found: RawRecord | None
    is_busy: bool


class Writing:
    """New bookings. `zone` is the account's: Trafft takes a date and a time on the wall."""

    def __init__(self, api: Api, zone: str | None) -> None:
        self._api = api
        self._zone = zone

    async def create(self, command: CreateBooking) -> Receipt:
        """See canonical.ports.Writer.send. The note is not carried: Trafft's API takes none."""
        day, time = self._on_the_wall(command.starts_at)
        body: Json = {"service": _number(command.service, "service"), "employee": _number(command.staff, "employee")}
        customer = await self._customer(command.person)
        looked = _Looked(None, False) if customer is None else await self._look(command, customer)
        if looked.found is not None:
            return _receipt(looked.found)
        if customer is None:
            customer = await self._new_customer(command.person)
            looked = await self._look(command, customer)
        body |= {"customer": _number(customer, "client"), "date": day, "time": time}
        if command.location is not None:
            body["location"] = _number(command.location, "location")
        return await self._make(command, customer, body, is_busy=looked.is_busy)

    async def find(self, command: CreateBooking) -> Receipt | None:
        """See canonical.ports.Writer.find. The list is read twice before it counts as not there."""
        customer = await self._customer(command.person)
        if customer is None:
            return None
        for _ in range(2):
            looked = await self._look(command, customer)
            if looked.found is not None:
                return _receipt(looked.found)
        return None

    async def _make(self, command: CreateBooking, customer: RemoteId, body: Json, *, is_busy: bool) -> Receipt:
        try:
            answer = await self._api.post("/bookings", body)
        except Rejected as refused:
            if is_busy and refused.code in _REFUSALS:
                raise Rejected("somebody else has that time with this employee", code="slot_taken") from refused
            raise
        try:
            looked = await self._look(command, customer)
        except BridgeError as lost:
            raise Ambiguous(f"Trafft took the booking and then did not show it: {lost.why}") from lost
        if looked.found is not None:
            return _receipt(looked.found)
        made = id_of(single(answer))
        if not made.isdigit():
            raise Ambiguous("Trafft took the booking and shows it nowhere yet", code="not_shown")
        return Receipt(made)

    async def _look(self, command: CreateBooking, customer: RemoteId) -> _Looked:
        is_busy = False
        async for row in from_both_ends(lambda page: self._api.listed("/appointments", page)):
            for raw in places.bookings(row, self._zone):
                booking = _understood(raw)
                if booking is None or booking.status not in _ALIVE:
                    continue
                if booking.staff == command.staff:
                    is_busy |= booking.starts_at < command.ends_at and command.starts_at < booking.ends_at
                if _is_same(booking, command, customer):
                    return _Looked(raw, is_busy)
        return _Looked(None, is_busy)

    async def _customer(self, person: Person) -> RemoteId | None:
        """The client at Trafft: as known, else who has the same e-mail, or without one the same phone and name."""
        if person.remote_id is not None:
            return person.remote_id
        if not person.email and not person.phone:
            raise Rejected("to book for somebody new Trafft needs an e-mail address or a phone number", code="who")
        async for row in from_both_ends(lambda page: self._api.listed("/customers", page)):
            if _is_person(row, person):
                return id_of(row)
        return None

    async def _new_customer(self, person: Person) -> RemoteId:
        first, _, last = person.name.strip().partition(" ")
        body = {"first_name": first, "last_name": last.strip(), "email": person.email, "phone": person.phone}
        answer = await self._api.post("/customers", {name: value for name, value in body.items() if value})
        made = id_of(single(answer))
        found = made if made.isdigit() else await self._customer(person)
        if found is None:
            raise Ambiguous("Trafft took the client and shows them nowhere yet", code="not_shown")
        return found

    def _on_the_wall(self, at: datetime) -> tuple[str, str]:
        """Date and time as the account's clocks show them. Rejected for what cannot be said in whole minutes of it."""
        if not self._zone:
            raise Rejected("the time zone of the Trafft account is not known; connect Trafft again", code="no_zone")
        tz = zone_of(self._zone)
        local = at.astimezone(tz)
        if local.second or local.microsecond:
            raise Rejected("Trafft takes whole minutes only", code="bad_time")
        if local.replace(fold=0).utcoffset() != local.utcoffset():
            raise Rejected(
                "that time is on the clock twice that night, and Trafft would take the first", code="bad_time"
            )
        return f"{local:%Y-%m-%d}", f"{local:%H:%M}"


def _receipt(raw: RawRecord) -> Receipt:
    return Receipt(raw.remote_id, records=(raw,))


def _understood(raw: RawRecord) -> Booking | None:
    try:
        (record,) = read(raw.kind, raw.payload)
    except Unreadable:
        return None
    return record if isinstance(record, Booking) else None


def _is_same(booking: Booking, command: CreateBooking, customer: RemoteId) -> bool:
    wanted = (customer, command.service, command.staff, command.starts_at)
    return (booking.customer, booking.service, booking.staff, booking.starts_at) == wanted


def _is_person(row: Json, person: Person) -> bool:
    email, phone = row.get("email"), row.get("phone_number")
    if person.email:
        return isinstance(email, str) and email.strip().casefold() == person.email.strip().casefold()
    name = " ".join(part for n in ("first_name", "last_name") if isinstance(part := row.get(n), str) and part)
    if not isinstance(phone, str) or name.casefold() != " ".join(person.name.split()).casefold():
        return False
    mine, theirs = _digits(person.phone or ""), _digits(phone)
    return bool(theirs) and mine.endswith(theirs[-9:]) and len(theirs) >= 7


def _digits(phone: str) -> str:
    return "".join(c for c in phone if c.isascii() and c.isdigit())


def _number(remote_id: RemoteId | None, what: str) -> int:
    """The id as the number Trafft wants."""
    if remote_id is None:
        raise Rejected(f"Trafft needs the {what} to make a booking", code=f"no_{what}")
    if not remote_id.isascii() or not remote_id.isdigit() or len(remote_id) > 18:
        raise Rejected(f"{remote_id[:60]!r} is no {what} of Trafft's", code=f"no_{what}")
    return int(remote_id)
