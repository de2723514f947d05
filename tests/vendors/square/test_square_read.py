"""What Square's objects mean in our words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vendors.square import payloads

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import (
    RECORDS,
    Booking,
    BookingStatus,
    Customer,
    Location,
    Payment,
    PaymentStatus,
    Record,
    Refund,
    Service,
    StaffMember,
)
from bookingbridge.vendorkit.contract_fuzz import complaints
from bookingbridge.vendors.square.read import read


def one(kind: str, payload: payloads.Json) -> Any:
    (record,) = read(kind, payload)
    return record


def usd(cents: int) -> Money:
    return Money(cents, "USD")


def test_a_location() -> None:
    assert one("location", payloads.location()) == Location(
        remote_id=RemoteId("LNORTH1"),
        version=None,
        changed_at=None,
        name="North Street",
        time_zone="America/Los_Angeles",
        address="4 North Street, Portland, OR, 97201",
        is_active=True,
    )


def test_a_location_in_no_known_time_zone_is_still_a_location() -> None:
    assert one("location", payloads.location() | {"timezone": "Mars/Olympus"}).time_zone is None


def test_a_team_member() -> None:
    assert one("staff", payloads.team_member()) == StaffMember(
        remote_id=RemoteId("TMNORA1"),
        version=None,
        changed_at=datetime(2026, 10, 2, 8, tzinfo=UTC),
        name="Nora Vance",
        is_active=True,
    )


def test_a_service_is_one_variation_with_the_newer_of_both_versions() -> None:
    assert one("service", payloads.service()) == Service(
        remote_id=RemoteId("VLONGCUT1"),
        version=1760000000500,
        changed_at=datetime(2026, 10, 9, 8, 53, 20, 500_000, tzinfo=UTC),
        name="Cut, Long hair",
        price=usd(8500),
        duration_minutes=60,
        is_active=True,
    )


def test_the_only_variation_of_a_service_is_not_named() -> None:
    payload = payloads.service()
    payload["variation"]["item_variation_data"]["name"] = "Regular"
    assert one("service", payload).name == "Cut"


def test_a_service_at_a_varying_price_has_none() -> None:
    payload = payloads.service()
    payload["variation"]["item_variation_data"]["pricing_type"] = "VARIABLE_PRICING"
    assert one("service", payload).price is None


@pytest.mark.parametrize("part", ["item", "variation"])
def test_a_deleted_service_is_not_active(part: str) -> None:
    payload = payloads.service()
    payload[part]["is_deleted"] = True
    assert one("service", payload).is_active is False


def test_a_customer_as_it_is_written_there() -> None:
    assert one("client", payloads.customer()) == Customer(
        remote_id=RemoteId("CUSTMARA1"),
        version=4,
        changed_at=datetime(2026, 11, 1, 10, tzinfo=UTC),
        name="Mara Quill",
        email="Mara.Quill@example.com",
        phone="+1 206 555 0123",
        created_at=datetime(2026, 9, 1, 10, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"given_name": None, "family_name": "Quill"}, "Quill"),
        ({"given_name": "", "family_name": " ", "nickname": "MQ"}, "MQ"),
        ({"given_name": None, "family_name": None, "company_name": "Quill Ltd"}, "Quill Ltd"),
        ({"given_name": None, "family_name": None}, ""),
        ({"given_name": "M\x00ara", "family_name": "\ud800"}, "Mara"),
    ],
)
def test_a_customers_name_is_what_there_is_of_it(fields: payloads.Json, name: str) -> None:
    assert one("client", payloads.customer() | fields).name == name


def test_a_booking_lasts_all_its_segments_and_the_pauses_between_and_costs_their_sum() -> None:
    assert one("booking", payloads.booking()) == Booking(
        remote_id=RemoteId("bkg1mara"),
        version=2,
        changed_at=datetime(2026, 11, 3, 9, 30, tzinfo=UTC),
        status=BookingStatus.CONFIRMED,
        starts_at=datetime(2026, 11, 20, 18, tzinfo=UTC),
        ends_at=datetime(2026, 11, 20, 19, 45, tzinfo=UTC),
        booked_at=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
        customer=RemoteId("CUSTMARA1"),
        location=RemoteId("LNORTH1"),
        staff=RemoteId("TMNORA1"),
        service=RemoteId("VLONGCUT1"),
        price=usd(11500),
        note="First visit",
    )


def test_a_booking_without_its_prices_is_read_as_square_sent_it() -> None:
    assert one("booking", payloads.booking()["booking"]).price is None


@pytest.mark.parametrize(
    "prices",
    [
        [{"amount": 8500, "currency": "USD"}],
        [{"amount": 8500, "currency": "USD"}, None],
        [{"amount": 8500, "currency": "USD"}, {"amount": 8500, "currency": "CAD"}],
        [],
    ],
)
def test_a_booking_with_a_price_unknown_has_no_price(prices: list[payloads.Json | None]) -> None:
    assert one("booking", payloads.booking() | {"prices": prices}).price is None


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("PENDING", BookingStatus.PENDING),
        ("ACCEPTED", BookingStatus.CONFIRMED),
        ("DECLINED", BookingStatus.DECLINED),
        ("CANCELLED_BY_CUSTOMER", BookingStatus.CANCELLED),
        ("CANCELLED_BY_SELLER", BookingStatus.CANCELLED),
        ("NO_SHOW", BookingStatus.NO_SHOW),
    ],
)
def test_every_booking_status_of_square_has_one_of_ours(theirs: str, ours: BookingStatus) -> None:
    payload = payloads.booking()
    payload["booking"]["status"] = theirs
    assert one("booking", payload).status is ours


def test_a_status_we_do_not_know_is_unreadable_and_named() -> None:
    payload = payloads.booking()
    payload["booking"]["status"] = "TELEPORTED"
    with pytest.raises(Unreadable, match="TELEPORTED"):
        read("booking", payload)


def test_both_notes_are_kept() -> None:
    payload = payloads.booking()
    payload["booking"]["seller_note"] = "prefers mornings"
    assert one("booking", payload).note == "First visit\nprefers mornings"


def test_a_day_long_booking_ends_a_day_later() -> None:
    payload = payloads.booking()
    payload["booking"] |= {"all_day": True, "appointment_segments": []}
    assert one("booking", payload).ends_at == datetime(2026, 11, 21, 18, tzinfo=UTC)


def test_a_payment_with_tip_and_refund_apart_and_the_time_it_was_taken() -> None:
    assert one("payment", payloads.payment()) == Payment(
        remote_id=RemoteId("PAYMARA1"),
        version=None,
        changed_at=datetime(2026, 11, 21, 9, tzinfo=UTC),
        status=PaymentStatus.COMPLETED,
        amount=usd(11500),
        tip=usd(2000),
        refunded=usd(1500),
        paid_at=datetime(2026, 11, 20, 19, 40, 1, 500_000, tzinfo=UTC),
        method="card",
        customer=RemoteId("CUSTMARA1"),
        location=RemoteId("LNORTH1"),
        booking=None,
        reference="till-7",
    )


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("APPROVED", PaymentStatus.PENDING),
        ("PENDING", PaymentStatus.PENDING),
        ("COMPLETED", PaymentStatus.COMPLETED),
        ("CANCELED", PaymentStatus.CANCELLED),
        ("FAILED", PaymentStatus.FAILED),
    ],
)
def test_only_a_completed_payment_is_revenue(theirs: str, ours: PaymentStatus) -> None:
    assert one("payment", payloads.payment() | {"status": theirs}).status is ours


def test_two_currencies_in_one_payment_are_unreadable() -> None:
    with pytest.raises(Unreadable, match="currencies"):
        read("payment", payloads.payment() | {"tip_money": {"amount": 1, "currency": "CAD"}})


def test_a_refund() -> None:
    assert one("refund", payloads.refund()) == Refund(
        remote_id=RemoteId("PAYMARA1_R1"),
        version=None,
        changed_at=datetime(2026, 11, 21, 9, 0, 5, tzinfo=UTC),
        payment=RemoteId("PAYMARA1"),
        status=PaymentStatus.COMPLETED,
        amount=usd(1500),
        refunded_at=datetime(2026, 11, 21, 9, tzinfo=UTC),
    )


def test_a_refund_without_a_payment_is_not_about_a_visit() -> None:
    assert read("refund", payloads.refund() | {"payment_id": None}) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([*payloads.ALL]), st.data())
def test_any_object_is_read_in_good_form_or_unreadable(fixture: tuple[str, payloads.Json], data: st.DataObject) -> None:
    kind, payload = fixture
    inner = payload.get("booking", payload)
    fields = data.draw(st.dictionaries(st.sampled_from(sorted(inner)) | st.text(), JSON, max_size=4))
    changed = inner | fields
    try:
        records: list[Record] = read(kind, payload | {"booking": changed} if kind == "booking" else changed)
    except Unreadable:
        return
    for record in records:
        assert type(record) is RECORDS[kind]
        assert complaints(record) == []
