"""Rows of appointments: a booking each, and the client, service, person and place it names."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.records import Booking, BookingStatus, Location, Service, StaffMember, Touchpoint
from bookingbridge.vendors.files import people, words
from bookingbridge.vendors.files.collected import Collected
from bookingbridge.vendors.files.sheet import SheetRow

_END_OF_DAY = time(23, 59, 59)
_LONGEST = timedelta(days=31)


def read(row: SheetRow, into: Collected) -> None:
    """The row's booking and what it mentions are collected, or its problems noted."""
    all_day = time() if row.sheet.table.format == "ics" else None
    starts_at = row.when("starts_at", "start_time", all_day)
    if starts_at is None and row.cell("starts_at") is None:
        row.problem("starts_at", "nothing says when the visit begins")
    status = _status(row)
    booked_at = row.when("booked_at", without_time=_END_OF_DAY)
    ends_at = _end(row, starts_at)
    price, version, changed_at = row.money("price"), row.count("version"), row.when("changed_at", without_time=time())
    if row.problems or starts_at is None or ends_at is None:
        return
    name, email, phone = people.full_name(row, "client_name"), row.text("client_email"), row.text("client_phone")
    service, staff, location = row.text("service"), row.text("staff"), row.text("location")
    key = people.key_of(row, email, phone)
    parts = (starts_at, key or name, service, staff, location)
    remote_id = into.id_for(row, lambda: people.identity(parts), is_told_apart=bool(key or name))
    booking = Booking(
        remote_id=remote_id,
        version=version,
        changed_at=changed_at,
        status=status,
        starts_at=starts_at,
        ends_at=ends_at,
        booked_at=_booked(row, booked_at, starts_at),
        customer=_customer(into, remote_id, key, name, email, phone),
        location=add_location(into, location),
        staff=into.part(_staff(staff)) if staff else None,
        service=into.part(_service(service)) if service else None,
        price=price,
        note=row.text("note", longest=5_000),
        heard_from=row.text("heard_from"),
    )
    into.main(row, booking)
    if not row.problems and (touch := _touch(row, booking)):
        into.put(touch)


def _status(row: SheetRow) -> BookingStatus:
    """What the status says; a yes in the columns for no-show and cancelled counts more."""
    status = row.word("status", words.booking_status) or BookingStatus.CONFIRMED
    if row.word("is_no_show", words.flag):
        return BookingStatus.NO_SHOW
    return BookingStatus.CANCELLED if row.word("is_cancelled", words.flag) else status


def _end(row: SheetRow, starts_at: datetime | None) -> datetime | None:
    """When it ends: as said, by its duration, else after the length of a visit given on import."""
    ends_at = row.when("ends_at", "end_time", time())
    until = None if ends_at else row.clock("end_time")
    length = row.minutes("duration")
    if starts_at is None:
        return None
    if until is not None:
        ends_at = _later_clock(row, starts_at, until)
    if ends_at is not None and ends_at != starts_at:
        if not timedelta(0) < ends_at - starts_at <= _LONGEST:
            row.problem("ends_at" if row.cell("ends_at") else "end_time", "it does not end in the month it begins")
        return ends_at
    if length is None:
        length = row.sheet.options.visit_minutes
        row.note(f"neither end nor duration is given; {length} minutes are taken")
    return starts_at + timedelta(minutes=length)


def _later_clock(row: SheetRow, starts_at: datetime, until: time) -> datetime:
    """That time of day, on the day it begins or, where that has passed, on the next."""
    zone = row.zone("starts_at")
    local = starts_at.astimezone(zone)
    ends = datetime.combine(local.date(), until, zone)
    if ends.replace(tzinfo=None) < local.replace(tzinfo=None):
        ends += timedelta(days=1)
    return ends.astimezone(UTC)


def _booked(row: SheetRow, booked_at: datetime | None, starts_at: datetime) -> datetime:
    if booked_at is None:
        row.note("nothing says when it was booked; the visit's start is taken, so all touches before it count")
        return starts_at
    if "booked_at" in row.timeless:
        # A day alone: the end of it, so that the clicks of that day come before; never after the visit began.
        return min(booked_at, starts_at)
    return booked_at


def _customer(
    into: Collected, booking: RemoteId, key: RemoteId | None, name: str, email: str | None, phone: str | None
) -> RemoteId | None:
    """The client's id; somebody with a name alone is a client of this one booking."""
    if key is None and not (name or email or phone):
        return None
    known = key or RemoteId(f"client-of:{booking}")
    return into.part(people.customer(known, name, email, phone, people.FROM_BOOKINGS))


def add_location(into: Collected, name: str | None) -> RemoteId | None:
    """The id of the place, which is kept."""
    return into.part(_location(name)) if name else None


@lru_cache(maxsize=1_000)
def _location(name: str) -> Location:
    return Location(people.named_id(name), None, None, name=name, time_zone=None, address=None)


@lru_cache(maxsize=1_000)
def _staff(name: str) -> StaffMember:
    return StaffMember(people.named_id(name), None, None, name=name)


@lru_cache(maxsize=1_000)
def _service(name: str) -> Service:
    return Service(people.named_id(name), None, None, name=name, price=None, duration_minutes=None)


def _touch(row: SheetRow, booking: Booking) -> Touchpoint | None:
    """The campaign tags of the booking link, as a touch at the time of booking; None where there is no client."""
    source, medium, campaign = row.text("utm_source"), row.text("utm_medium"), row.text("utm_campaign")
    if booking.customer is None or not (source or medium or campaign):
        return None
    return Touchpoint(
        remote_id=RemoteId(f"booking:{booking.remote_id}"),
        version=booking.version,
        changed_at=booking.changed_at,
        at=booking.booked_at,
        touch_kind="visit",
        person=None,
        client=booking.customer,
        email=None,
        phone=None,
        channel=None,
        source=source,
        medium=medium,
        campaign=campaign,
        campaign_ref=None,
        content=row.text("utm_content"),
        term=row.text("utm_term"),
        url=None,
        referrer=None,
    )
