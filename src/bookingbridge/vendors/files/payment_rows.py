"""Rows of payments: a payment each, or a refund where the amount is negative."""

from __future__ import annotations

from datetime import datetime, time

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import Payment, PaymentStatus, Refund
from bookingbridge.vendors.files import people, words
from bookingbridge.vendors.files.booking_rows import add_location
from bookingbridge.vendors.files.collected import Collected
from bookingbridge.vendors.files.sheet import SheetRow

_NOON = time(12)


def read(row: SheetRow, into: Collected) -> None:
    """The row's payment or refund and what it mentions are collected, or its problems noted."""
    paid_at = row.when("paid_at", "paid_time", _NOON)
    if paid_at is None and row.cell("paid_at") is None:
        row.problem("paid_at", "nothing says when it was paid")
    tip, refunded = row.money("tip"), row.money("refunded")
    _check_currencies(row, tip, refunded)
    amount = None if row.problems else _amount(row, tip)
    status = row.word("status", words.payment_status) or PaymentStatus.COMPLETED
    changed_at = row.when("changed_at", without_time=time())
    if row.problems or paid_at is None or amount is None:
        return
    if amount.minor < 0:
        _refund(row, into, amount, status, paid_at, changed_at)
        return
    tip = tip or Money(0, amount.currency)
    given_back = _given_back(row, amount, tip, refunded)
    if not row.problems:
        into.main(row, _payment(row, into, paid_at, changed_at, status, amount, tip, given_back))
    if "paid_at" in row.timeless:
        row.note("the payment has a day and no time; noon is taken")


def _payment(
    row: SheetRow,
    into: Collected,
    paid_at: datetime,
    changed_at: datetime | None,
    status: PaymentStatus,
    amount: Money,
    tip: Money,
    refunded: Money,
) -> Payment:
    name, email, phone = row.text("client_name") or "", row.text("client_email"), row.text("client_phone")
    key = people.key_of(row, email, phone)
    booking, method, reference = row.text("booking_id", 200), row.text("method"), row.text("reference")
    location = row.text("location")
    parts = (paid_at, amount.minor, amount.currency, key or name, booking, method, reference, location)
    is_told_apart = bool(key or booking) and "paid_at" not in row.timeless
    return Payment(
        remote_id=into.id_for(row, lambda: people.identity(parts), is_told_apart=is_told_apart),
        version=None,
        changed_at=changed_at,
        status=status,
        amount=amount,
        tip=tip,
        refunded=refunded,
        paid_at=paid_at,
        method=(method or "unknown").lower()[:60],
        customer=_customer(row, into, key, name, email, phone),
        location=add_location(into, location),
        booking=RemoteId(booking) if booking else None,
        reference=reference,
    )


def _check_currencies(row: SheetRow, *others: Money | None) -> None:
    """Notes a problem where the row's amounts are not all of one currency."""
    said = {money.currency for money in (row.money("amount"), row.money("total"), *others) if money}
    if len(said) > 1:
        row.problem("amount" if row.cell("amount") is not None else "total", "the row's amounts differ in currency")


def _amount(row: SheetRow, tip: Money | None) -> Money | None:
    """What was paid without the tip: the total less the tip where there is a total, else the amount."""
    amount, total = row.money("amount"), row.money("total")
    if total is not None:
        return total - tip if tip is not None and tip.minor > 0 else total
    if amount is None and not row.problems:
        row.problem("amount", "there is no amount")
    return amount


def _given_back(row: SheetRow, amount: Money, tip: Money, refunded: Money | None) -> Money:
    """What of the amount was given back; what goes beyond it was the tip's."""
    says = words.refund(row.text("status") or "")
    if refunded is None or refunded.minor == 0:
        if says == "partly":
            row.problem("status", "some of it was given back; say in which column how much (refunded)")
        return amount if says == "fully" else Money(0, amount.currency)
    back = abs(refunded.minor)
    if back > amount.minor + max(0, tip.minor):
        row.problem("refunded", "more was given back than paid")
    return Money(min(back, amount.minor), amount.currency)


def _refund(
    row: SheetRow,
    into: Collected,
    amount: Money,
    status: PaymentStatus,
    refunded_at: datetime,
    changed_at: datetime | None,
) -> None:
    payment = row.text("refund_of", longest=200)
    if payment is None:
        row.problem(
            "total" if row.cell("total") is not None else "amount",
            "a negative amount is a refund; say of which payment (refund_of), or leave the row out",
        )
        return
    parts = ("refund", payment, refunded_at, amount.minor, amount.currency)
    refund = Refund(
        remote_id=into.id_for(row, lambda: parts, is_told_apart="paid_at" not in row.timeless),
        version=None,
        changed_at=changed_at,
        payment=RemoteId(payment),
        status=status,
        amount=Money(-amount.minor, amount.currency),
        refunded_at=refunded_at,
    )
    into.main(row, refund)


def _customer(
    row: SheetRow, into: Collected, key: RemoteId | None, name: str, email: str | None, phone: str | None
) -> RemoteId | None:
    """The client's id. A payment that has only a name says nothing sure about who paid."""
    if key is None:
        if name:
            row.note("the payment names a client without id, e-mail or phone; it is linked by its booking only")
        return None
    if name or email or phone:
        into.part(people.customer(key, name, email, phone, people.FROM_PAYMENTS))
    return key
