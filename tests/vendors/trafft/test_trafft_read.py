"""Trafft's objects as records: what is said is read, what is not said is not guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vendors.trafft import payloads

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import Booking, BookingStatus, Customer, Location, Service, StaffMember
from bookingbridge.vendors.trafft import places
from bookingbridge.vendors.trafft.read import read


def booking(payload: Json) -> Booking:
    (record,) = read("booking", payload)
    assert isinstance(record, Booking)
    return record


def customer(**changed: Any) -> Customer:
    (record,) = read("client", payloads.customer() | changed)
    assert isinstance(record, Customer)
    return record


def service(unit: str | None = "minutes", currency: str | None = "GBP", **changed: Any) -> Service:
    row = payloads.service()["service"] | changed
    (record,) = read("service", {"service": row, "currency": currency, "duration_unit": unit})
    assert isinstance(record, Service)
    return record


def test_a_booking_is_read_with_all_that_trafft_says() -> None:
    assert booking(payloads.place()) == Booking(
        remote_id=RemoteId("51"),
        version=None, changed_at=None,
        status=BookingStatus.CONFIRMED,
        starts_at=datetime(2026, 7, 20, 17, 0, tzinfo=UTC),
        ends_at=datetime(2026, 7, 20, 17, 45, tzinfo=UTC),
        booked_at=datetime(2026, 7, 2, 8, 30, tzinfo=UTC),
        customer=RemoteId("31"),
        location=RemoteId("1"), staff=RemoteId("11"), service=RemoteId("21"),
        price=None, note="Ring twice",
    )  # fmt: skip


def test_the_clients_of_a_class_each_have_their_own_booking_and_status() -> None:
    raws = places.bookings(payloads.appointment(), "Europe/London")
    assert [raw.remote_id for raw in raws] == ["51", "52"]
    found = [booking(raw.payload) for raw in raws]
    assert [(b.remote_id, b.customer, b.status) for b in found] == [
        ("51", "31", BookingStatus.CONFIRMED),
        ("52", "32", BookingStatus.CANCELLED),
    ]


def test_an_appointment_that_lists_no_bookings_is_one_itself_and_one_that_nobody_is_in_is_none() -> None:
    row = payloads.appointment()
    del row["bookings"]
    (raw,) = places.bookings(row, "Europe/London")
    assert raw.remote_id == booking(raw.payload).remote_id == "appointment:41"
    assert booking(raw.payload).customer is None
    assert places.bookings(row | {"bookings": []}, "Europe/London") == []


@pytest.mark.parametrize("inside", ["x", 5, [None], ["x"], [[]], [{}], [{"id": None}], {"status": "approved"}])
def test_what_is_no_booking_is_kept_as_unreadable(inside: Any) -> None:
    (raw,) = places.bookings(payloads.appointment() | {"bookings": inside}, "Europe/London")
    with pytest.raises(Unreadable):
        read(raw.kind, raw.payload)


@pytest.mark.parametrize(
    ("whole", "own", "status"),
    [
        ("approved", "approved", BookingStatus.CONFIRMED),
        ("pending", "pending", BookingStatus.PENDING),
        ("approved", "no-show", BookingStatus.NO_SHOW),
        ("approved", "rejected", BookingStatus.DECLINED),
        ("canceled", "approved", BookingStatus.CANCELLED),
        ("rejected", "canceled", BookingStatus.CANCELLED),
        (None, "pending", BookingStatus.PENDING),
        ("canceled", None, BookingStatus.CANCELLED),
    ],
)
def test_a_booking_has_its_own_status_and_shares_its_appointment_s_end(
    whole: str | None, own: str | None, status: BookingStatus
) -> None:
    payload = payloads.place(status=whole)
    payload["booking"]["status"] = own
    assert booking(payload).status is status


@pytest.mark.parametrize("status", [0, 1, 2, "cancelled", "Approved", "done", "", None])
def test_a_status_nobody_documents_is_unreadable(status: Any) -> None:
    payload = payloads.place(status="approved")
    payload["booking"]["status"] = status
    if status is None:
        payload["appointment"]["status"] = None
    with pytest.raises(Unreadable):
        read("booking", payload)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-11-20 18:00", "2026-11-20T18:00:00+00:00"),
        ("2026-07-20 18:00:00", "2026-07-20T17:00:00+00:00"),
        ("2026-07-20T18:00:00+02:00", "2026-07-20T16:00:00+00:00"),
        ("2026-07-20T18:00:00Z", "2026-07-20T18:00:00+00:00"),
        ("2026-10-25 01:30:00", "2026-10-25T00:30:00+00:00"),  # twice on the clock: the first
    ],
)
def test_a_time_is_what_it_says_or_what_the_account_s_clock_says(written: str, instant: str) -> None:
    found = booking(payloads.place(start_date_time=written, end_date_time="2099-01-01 10:00"))
    assert found.starts_at.isoformat() == instant


def test_a_time_without_a_zone_anywhere_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="zone"):
        read("booking", payloads.place() | {"time_zone": None})


@pytest.mark.parametrize("field", ["start_date_time", "end_date_time", "created_at"])
@pytest.mark.parametrize("value", [None, "", "tomorrow", "2026-11-20", "20/11/2026 18:00", "0000-00-00 00:00:00"])
def test_a_booking_without_a_usable_time_is_unreadable(field: str, value: str | None) -> None:
    with pytest.raises(Unreadable, match=field):
        read("booking", payloads.place(**{field: value}))


def test_one_that_ends_before_it_starts_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read("booking", payloads.place(end_date_time="2026-07-20 17:59"))


def test_no_location_and_no_employee_are_none() -> None:
    found = booking(payloads.place(location={}, employees=[], service=None))
    assert (found.location, found.staff, found.service) == (None, None, None)


@pytest.mark.parametrize(
    ("code", "number", "phone"),
    [
        ("+1", "2065550123", "+1 2065550123"),
        ("44", "7700900123", "+44 7700900123"),
        ("US", "2065550123", "2065550123"),
        ("+1", "+12065550123", "+12065550123"),
        (None, "206 555 0123", "206 555 0123"),
        ("+1", None, None),
        ("+1", " ", None),
        ("0", "2065550123", "2065550123"),
    ],
)
def test_a_phone_number_is_as_written_with_its_country_where_that_is_a_number(
    code: str | None, number: str | None, phone: str | None
) -> None:
    assert customer(phone_country_code=code, phone_number=number).phone == phone


@pytest.mark.parametrize(
    ("price", "currency", "minor"),
    [
        (65, "GBP", 6500),
        (65.5, "GBP", 6550),
        ("65.50", "GBP", 6550),
        (0, "GBP", 0),
        (19.99, "USD", 1999),
        (5000, "JPY", 5000),
        (1.005, "BHD", 1005),
    ],
)
def test_a_price_is_exact_in_the_account_s_currency(price: Any, currency: str, minor: int) -> None:
    assert service(currency=currency, price=price).price == Money(minor, currency)


@pytest.mark.parametrize("price", [-1, 65.555, 1e300, "about 60", True, 10**30])
def test_what_is_no_price_is_unreadable(price: Any) -> None:
    with pytest.raises(Unreadable):
        service(price=price)


def test_without_a_currency_there_is_no_price() -> None:
    assert service(currency=None).price is None


@given(st.integers(0, 10**7), st.sampled_from(["GBP", "JPY", "BHD"]))
def test_every_amount_that_json_can_say_is_kept_to_the_cent(minor: int, currency: str) -> None:
    scale = {"GBP": 100, "JPY": 1, "BHD": 1000}[currency]
    assert service(currency=currency, price=minor / scale).price == Money(minor, currency)


@pytest.mark.parametrize(
    ("unit", "duration", "minutes"),
    [("minutes", 45, 45), ("seconds", 2700, 45), (None, 45, None), ("seconds", 45, None), ("minutes", 0, None)],
)
def test_a_duration_is_told_only_where_its_unit_is_proven(unit: str | None, duration: int, minutes: int | None) -> None:
    assert service(unit, duration=duration).duration_minutes == minutes


def _lasting(minutes: int, service_id: int = 21) -> Json:
    return {
        "start_date_time": "2026-11-20 18:00:00",
        "end_date_time": f"2026-11-20 {18 + minutes // 60}:{minutes % 60:02}:00",
        "service": {"id": service_id},
    }


@pytest.mark.parametrize(
    ("duration", "lasting", "unit"),
    [
        (45, [45, 45], "minutes"),
        (2700, [45], "seconds"),
        (45, [50], None),
        (45, [], None),
        ("45", [45], None),
        (None, [45], None),
    ],
)
def test_appointments_prove_the_unit_of_durations(duration: Any, lasting: list[int], unit: str | None) -> None:
    assert places.duration_unit([{"id": 21, "duration": duration}], [_lasting(m) for m in lasting]) == unit


def test_appointments_that_disagree_prove_nothing() -> None:
    services = [{"id": 21, "duration": 45}, {"id": 22, "duration": 3600}]
    assert places.duration_unit(services, [_lasting(45, 21), _lasting(60, 22)]) is None


def test_a_location_and_an_employee_are_read() -> None:
    (where,), (who,) = read("location", payloads.location()), read("staff", payloads.employee())
    assert isinstance(where, Location)
    assert (where.name, where.address, where.time_zone) == ("High Street", "4 High Street, Exampleton", None)
    assert isinstance(who, StaffMember)
    assert who.name == "Nora Vance"


def test_fields_nobody_told_of_are_no_hindrance() -> None:
    for kind, payload in payloads.ALL:
        assert read(kind, payload | {"surprise": {"deep": [1]}}) == read(kind, payload)
