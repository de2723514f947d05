"""Stripe's objects as our records: what each field becomes, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vendors.stripe import payloads
from tests.vendors.stripe.payloads import rid

from bookingbridge.canonical.errors import Rejected, Unreadable
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import (
    Customer,
    Dispute,
    Payment,
    PaymentStatus,
    Payout,
    PayoutEntry,
    PayoutStatus,
    Refund,
)
from bookingbridge.vendors.stripe.amounts import amount, money
from bookingbridge.vendors.stripe.read import read

PAID_AT = datetime(2026, 11, 20, 19, 40, tzinfo=UTC)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def payment(**changes: Any) -> Payment:
    found = read("payment", payloads.charge(**changes))[-1]
    assert isinstance(found, Payment)
    return found


def test_a_charge_is_a_payment_with_its_tip_apart_and_its_references() -> None:
    assert read("payment", payloads.charge()) == [
        Payment(
            remote_id=rid("ch_mara"),
            version=None,
            changed_at=None,
            status=PaymentStatus.COMPLETED,
            amount=usd(11500),
            tip=usd(2000),
            refunded=usd(1500),
            paid_at=PAID_AT,
            method="card_present",
            customer=rid("cus_mara"),
            location=None,
            booking=None,
            reference="BKG-MARA-1\nbb-visit-77\nLong cut",
        )
    ]


def test_who_pays_as_a_guest_is_the_same_person_each_time() -> None:
    first, paid = read("payment", payloads.charge(customer=None))
    billing = {"email": "MARA.QUILL@example.com", "name": "M. Quill"}
    again, _ = read("payment", payloads.charge(id="ch_2", customer=None, billing_details=billing))
    assert isinstance(first, Customer)
    assert isinstance(paid, Payment)
    assert (first.name, first.email, first.created_at) == ("Mara Quill", "mara.quill@example.com", None)
    assert first.remote_id == again.remote_id == paid.customer
    assert "mara" not in first.remote_id
    nobody = read("payment", payloads.charge(customer=None, billing_details=None))
    assert [type(r) for r in nobody] == [Payment]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, PaymentStatus.COMPLETED),
        ({"refunded": True, "amount_refunded": 13500}, PaymentStatus.COMPLETED),
        ({"captured": False, "amount_captured": 0, "amount_refunded": 0}, PaymentStatus.PENDING),
        ({"captured": False, "amount_captured": 0, "refunded": True}, PaymentStatus.CANCELLED),
        ({"status": "pending"}, PaymentStatus.PENDING),
        ({"status": "failed", "captured": False}, PaymentStatus.FAILED),
    ],
)
def test_only_captured_money_is_revenue(changes: dict[str, Any], status: PaymentStatus) -> None:
    assert payment(**changes).status is status


def test_what_a_partial_capture_let_go_was_neither_paid_nor_given_back() -> None:
    part = payment(amount_captured=10000, amount_refunded=3500, payment_intent=None)
    assert (part.amount, part.refunded) == (usd(10000), usd(0))
    later = payment(amount_captured=10000, amount_refunded=3500 + 700, payment_intent=None)
    assert (later.amount, later.refunded) == (usd(10000), usd(700))


def test_a_hold_that_was_let_go_counts_as_nothing_given_back() -> None:
    held = payment(captured=False, amount_captured=0, refunded=True, amount_refunded=13500)
    assert (held.status, held.refunded) == (PaymentStatus.CANCELLED, usd(0))


def test_an_unexpanded_intent_is_read_without_tip() -> None:
    plain = payment(payment_intent="pi_mara")
    assert (plain.amount, plain.tip, plain.reference) == (usd(13500), usd(0), "bb-visit-77\nLong cut")


def test_a_status_that_is_not_known_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="teleported"):
        payment(status="teleported")
    with pytest.raises(Unreadable):
        read("dispute", payloads.dispute(status="teleported"))
    with pytest.raises(Unreadable):
        read("payout", payloads.payout(status="teleported"))


def test_a_customer_and_a_deleted_one() -> None:
    assert read("client", payloads.customer()) == [
        Customer(
            rid("cus_mara"), None, None, "Mara Quill", "Mara.Quill@example.com", "+1 206 555 0123",
            datetime(2026, 9, 1, 10, tzinfo=UTC),
        )
    ]  # fmt: skip
    gone = read("client", {"id": "cus_mara", "object": "customer", "deleted": True})[0]
    assert isinstance(gone, Customer)
    assert (gone.is_deleted, gone.email, gone.created_at) == (True, None, None)


def test_a_refund_names_its_payment_and_one_of_a_balance_is_none_of_ours() -> None:
    assert read("refund", payloads.refund()) == [
        Refund(rid("re_mara"), None, None, rid("ch_mara"), PaymentStatus.COMPLETED, usd(1500),
               datetime(2026, 11, 20, 20, 40, tzinfo=UTC))
    ]  # fmt: skip
    assert read("refund", payloads.refund(charge=None)) == []
    failed = read("refund", payloads.refund(status="failed"))[0]
    assert isinstance(failed, Refund)
    assert failed.status is PaymentStatus.FAILED


def test_a_dispute_says_until_when_it_can_be_answered() -> None:
    opened = datetime(2026, 11, 20, 21, 40, tzinfo=UTC)
    due = datetime(2026, 12, 1, tzinfo=UTC)
    assert read("dispute", payloads.dispute()) == [
        Dispute(rid("dp_mara"), None, None, rid("ch_mara"), "needs_response", "fraudulent", usd(13500), opened, due)
    ]
    for theirs, ours in (("warning_needs_response", "needs_response"), ("warning_closed", "closed"), ("won", "won")):
        found = read("dispute", payloads.dispute(status=theirs))[0]
        assert isinstance(found, Dispute)
        assert found.status == ours
        assert (found.answer_by is not None) is (ours == "needs_response")


def test_a_payout_may_take_money_back_and_may_fail_after_it_was_paid() -> None:
    made = datetime(2026, 11, 22, 0, 10, tzinfo=UTC)
    sent = read("payout", payloads.payout())[0]
    assert sent == Payout(
        rid("po_week"), None, None, PayoutStatus.SENT, usd(12500), made, date(2026, 11, 24), None, "ba_shop"
    )
    back = read("payout", payloads.payout(amount=-500, status="failed"))[0]
    assert isinstance(back, Payout)
    assert (back.amount, back.status) == (usd(-500), PayoutStatus.FAILED)


def test_a_line_of_the_balance_adds_up_and_names_what_it_is_about() -> None:
    found = read("payout_entry", payloads.entry())[0]
    assert found == PayoutEntry(
        rid("txn_mara"), None, None, "charge", usd(13500), usd(422), usd(13078), PAID_AT, rid("po_week"),
        rid("ch_mara"), None, "Long cut",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "category", "source", "expected"),
    [
        ("payment", "charge", "py_1", ("charge", "py_1", None)),
        ("refund", "refund", "re_1", ("refund", None, "re_1")),
        ("payment_refund", None, "pyr_1", ("refund", None, "pyr_1")),
        ("adjustment", "dispute", "dp_1", ("dispute", "ch_9", None)),
        ("stripe_fee", "fee", None, ("fee", None, None)),
        ("payout", "payout", "po_1", ("payout", None, None)),
        ("contribution", "contribution", None, ("other", None, None)),
        ("never_heard_of", None, None, ("other", None, None)),
    ],
)
def test_lines_are_told_apart(kind: str, category: str | None, source: str | None, expected: tuple[Any, ...]) -> None:
    payment_id = "ch_9" if source == "dp_1" else None
    raw = payloads.entry(None, payment_id, type=kind, reporting_category=category, source=source)
    found = read("payout_entry", raw)[0]
    assert isinstance(found, PayoutEntry)
    assert (found.type, found.payment, found.refund) == expected
    assert found.payout is None


@pytest.mark.parametrize(
    ("theirs", "currency", "ours"),
    [
        (500, "jpy", Money(500, "JPY")),  # no decimals here and there
        (500, "isk", Money(5, "ISK")),  # none in life, two at Stripe
        (4200, "ugx", Money(42, "UGX")),
        (42, "mga", Money(4200, "MGA")),  # none at Stripe, two by ISO 4217
        (5120, "kwd", Money(5120, "KWD")),  # three
        (1099, "usd", Money(1099, "USD")),
    ],
)
def test_amounts_follow_stripe_s_own_decimals(theirs: int, currency: str, ours: Money) -> None:
    assert money(theirs, currency) == ours
    assert amount(ours) == theirs


def test_amounts_that_have_no_whole_form_are_refused() -> None:
    with pytest.raises(Unreadable):
        money(550, "isk")
    with pytest.raises(Rejected, match="round it"):
        amount(Money(5123, "KWD"))
    with pytest.raises(Rejected):
        amount(Money(50, "MGA"))


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(["USD", "JPY", "KWD", "ISK", "UGX", "MGA", "EUR", "TND", "HUF", "XOF"]),
)
def test_what_can_be_charged_comes_back_as_the_same_money(minor: int, currency: str) -> None:
    whole = Money(minor, currency)
    try:
        sent = amount(whole)
    except Rejected:
        return
    assert money(sent, currency.lower()) == whole
