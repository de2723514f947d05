"""What Acuity's objects become: people without ids, numbers as strings, days without times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vendors.acuity import payloads
from tests.vendors.acuity.payloads import TOKEN

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import (
    Block,
    Booking,
    BookingStatus,
    Customer,
    Location,
    Payment,
    PaymentStatus,
    Record,
    Service,
    StaffMember,
)
from bookingbridge.vendors.acuity.people import client_id, full_name, split_name
from bookingbridge.vendors.acuity.read import is_about_hearing, read


def one(kind: str, payload: payloads.Json) -> Record:
    (record,) = read(kind, payload)
    return record


def booking(**changed: Any) -> Booking:
    found = one("booking", payloads.placed(**changed))
    assert isinstance(found, Booking)
    return found


def test_an_appointment_is_a_booking_with_all_it_refers_to() -> None:
    customer = one("client", payloads.client())
    place = one("location", {"location": "4 North Street, Portland", "timezone": None})
    assert booking() == Booking(
        remote_id=payloads.rid("54001"), version=None, changed_at=None, status=BookingStatus.CONFIRMED,
        starts_at=datetime(2026, 11, 24, 18, 15, tzinfo=UTC), ends_at=datetime(2026, 11, 24, 19, 0, tzinfo=UTC),
        booked_at=datetime(2026, 11, 18, 7, 59, 59, tzinfo=UTC), customer=customer.remote_id, location=place.remote_id,
        staff=payloads.rid("2201"), service=payloads.rid("3201"), price=Money(6500, "USD"),
        note=f"Side door\n{TOKEN}", heard_from="A friend",
    )  # fmt: skip


def test_calendars_types_clients_and_blocks_are_read() -> None:
    assert one("staff", payloads.calendar()) == StaffMember(payloads.rid("2201"), None, None, "Nora Vance")
    service = one("service", {"type": payloads.appointment_type(), "currency": "EUR"})
    assert service == Service(payloads.rid("3201"), None, None, "Cut", Money(6500, "EUR"), 45)
    deleted = one("service", {"type": payloads.appointment_type(active=False), "currency": "EUR"})
    assert isinstance(deleted, Service)
    assert not deleted.is_active
    customer = one("client", payloads.client())
    assert isinstance(customer, Customer)
    assert (customer.name, customer.email, customer.phone) == ("Mara Quill", "mara@example.com", "+12065550123")
    place = one("location", {"location": " 4 North  Street", "timezone": "Mars/Base"})
    assert isinstance(place, Location)
    assert (place.name, place.time_zone) == ("4 North Street", None)
    block = one("block", payloads.block())
    assert isinstance(block, Block)
    assert (block.title, block.staff) == ("Training", payloads.rid("2201"))
    assert (block.starts_at, block.ends_at) == (
        datetime(2026, 11, 26, 17, tzinfo=UTC), datetime(2026, 11, 26, 20, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("canceled", "no_show", "expected"),
    [
        (False, None, BookingStatus.CONFIRMED),
        (None, None, BookingStatus.CONFIRMED),
        (True, False, BookingStatus.CANCELLED),
        (True, None, BookingStatus.CANCELLED),
        (True, True, BookingStatus.NO_SHOW),
        (None, False, BookingStatus.CANCELLED),  # older answers have noShow on cancelled ones, and no other sign
        (None, True, BookingStatus.NO_SHOW),
    ],
)
def test_cancelled_and_missed_are_told_apart(
    canceled: bool | None, no_show: bool | None, expected: BookingStatus
) -> None:
    said = {name: value for name, value in (("canceled", canceled), ("noShow", no_show)) if value is not None}
    payload = payloads.placed()
    del payload["appointment"]["canceled"]
    payload["appointment"] |= said
    found = one("booking", payload)
    assert isinstance(found, Booking)
    assert found.status is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, datetime(2026, 11, 18, 7, 59, 59, tzinfo=UTC)),  # the end of that day, where the business is
        ({"dateCreated": "November 24, 2026"}, datetime(2026, 11, 24, 18, 15, tzinfo=UTC)),  # never after the start
        ({"dateCreated": "Nov 17, 2026"}, datetime(2026, 11, 18, 7, 59, 59, tzinfo=UTC)),
        ({"dateCreated": None}, datetime(2026, 11, 24, 18, 15, tzinfo=UTC)),
        ({"datetimeCreated": "2026-11-17T09:30:00-0800"}, datetime(2026, 11, 17, 17, 30, tzinfo=UTC)),
    ],
)
def test_when_it_was_booked_is_the_latest_it_can_have_been(said: payloads.Json, expected: datetime) -> None:
    assert booking(**said).booked_at == expected


def test_other_answers_of_a_form_stay_the_client_s_own() -> None:
    assert "pregnant" not in repr(booking())
    assert booking(forms=[], notes="").note is None
    assert booking(forms=[]).heard_from is None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How did you hear about us?", True), ("How did you find us", True), ("Referred by", True),
        ("Where did you first hear about the salon?", True), ("How did you learn of us?", True),
        ("Did you find parking?", False), ("Are you hearing impaired?", False), ("Name", False), (None, False),
    ],
)  # fmt: skip
def test_the_question_how_they_heard_is_known_in_usual_words(question: str | None, expected: bool) -> None:
    assert is_about_hearing(question) is expected


def test_a_payment_names_its_booking_client_and_transaction() -> None:
    found = one("payment", payloads.paid())
    assert isinstance(found, Payment)
    assert (found.remote_id, found.booking, found.reference) == ("54001:1", "54001", "pi_5550123")
    assert (found.amount, found.status, found.method) == (Money(6500, "USD"), PaymentStatus.COMPLETED, "stripe")
    assert found.paid_at == datetime(2026, 11, 24, 19, 2, tzinfo=UTC)
    assert found.customer == booking().customer


def test_a_payment_that_is_there_no_more_is_no_revenue() -> None:
    found = one("payment", {**payloads.paid(), "payment": None})
    assert isinstance(found, Payment)
    assert (found.status, found.amount) == (PaymentStatus.CANCELLED, Money(0, "USD"))


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("booking", payloads.placed(duration="soon")),
        ("booking", payloads.placed(datetime="2026-11-24T10:15:00")),
        ("booking", payloads.placed(price="a lot")),
        ("booking", payloads.placed(id=0)),
        ("booking", payloads.placed(dateCreated="February 31, 2026")),
        ("payment", payloads.paid(amount="-5.00")),
        ("payment", payloads.paid(amount=None)),
        ("block", payloads.block(end="2026-11-26T09:00:00-0800")),
        ("client", {}),
        ("location", {"location": "  "}),
    ],
)
def test_what_makes_no_sense_is_unreadable_not_guessed(kind: str, payload: payloads.Json) -> None:
    with pytest.raises(Unreadable):
        read(kind, payload)


def test_a_client_is_the_same_however_it_is_written() -> None:
    listed = client_id("Mara", "Quill", "mara@example.com", "+12065550123")
    assert client_id(" MARA ", "quill", "Mara@Example.com", "(206) 555-0123") == listed
    assert client_id("Mara", "Quill", "mara@example.com", None) == listed  # the e-mail decides where there is one
    assert client_id("Mara", "Quill", None, "+1 206 555 0123") == client_id("Mara", "Quill", "", "2065550123")
    assert client_id("", "", None, None) is None


def test_two_people_of_one_address_are_two() -> None:
    ids = {
        client_id("Mara", "Quill", "home@example.com", None), client_id("Ivo", "Quill", "home@example.com", None),
        client_id("Mara", "Quill", "mara@example.com", None), client_id("Mara", "Quill", None, "2065550123"),
        client_id("Mara", "Quill", None, None),
    }  # fmt: skip
    assert len(ids) == 5


def test_an_id_says_nothing_of_the_person() -> None:
    found = client_id("Mara", "Quill", "mara@example.com", "+12065550123") or ""
    assert found.startswith("c")
    assert len(found) == 25
    assert not any(part in found for part in ("mara", "quill", "5550123"))


@given(st.text(max_size=40) | st.lists(st.sampled_from(["-", "a", "B"])).map(" ".join))
def test_a_name_that_was_split_for_acuity_is_read_as_the_same_person(name: str) -> None:
    first, last = split_name(name)
    assert client_id(first, last, "x@example.com", None) == client_id(name, None, "x@example.com", None)
    assert full_name(first, last) == full_name(name, None)
