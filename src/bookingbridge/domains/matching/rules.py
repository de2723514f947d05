"""Which payment settled which visit, by rules that can be explained. Pure; names never count.

The rules are asked in order and the first that applies decides. Wherever two visits fit equally well, neither is
taken: an open payment is honest, a wrong one is not. A payment settles one visit; a visit may be settled by several.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import BookingStatus

MARGIN = timedelta(minutes=60)
"""How much nearer than the runner-up a visit's end must be to the payment."""
DAYS_BEFORE = 1
DAYS_AFTER = 4
SHORTEST_REFERENCE = 6
"""Shorter references would be found in texts by chance."""

# A no-show's money is a fee or meant for another visit, so it is asked for by name like a cancelled one's.
_NEVER_GUESSED = frozenset({BookingStatus.CANCELLED, BookingStatus.DECLINED, BookingStatus.NO_SHOW})

Evidence = dict[str, str | int | None]


class Rule(StrEnum):
    """Why a payment belongs to a visit, surest first. The values are stored."""

    NAMED = "named"
    REFERENCE = "reference"
    ONLY_VISIT_THAT_DAY = "only_visit_that_day"
    EXACT_PRICE = "exact_price"
    NEAREST_END = "nearest_end"
    ONLY_VISIT_AROUND = "only_visit_around"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that arrived. `amount` is without the tip; `booking_id` only where the source names it outright.

    `local_day` is the day of `paid_at` at the place it was paid. `reference` is any text that came with it.
    """

    id: UUID
    paid_at: datetime
    local_day: date
    amount: Money
    client_id: UUID | None = None
    booking_id: UUID | None = None
    location_id: UUID | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """A visit that may have been paid. `local_day` is the day of `starts_at` at its place.

    `references` are texts that name this booking when they occur in a payment: its token, its id at the vendor.
    """

    id: UUID
    starts_at: datetime
    ends_at: datetime
    local_day: date
    status: BookingStatus
    client_id: UUID | None = None
    price: Money | None = None
    location_id: UUID | None = None
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """A payment and the visit it settled. `evidence` is JSON; `explain` makes a sentence of it."""

    payment_id: UUID
    booking_id: UUID
    rule: Rule
    evidence: Evidence = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Open:
    """A payment that no rule gives to a visit, and why: a sentence for people."""

    payment_id: UUID
    why: str


def settle(payments: Iterable[Payment], bookings: Iterable[Booking]) -> tuple[list[Settlement], list[Open]]:
    """Every payment either settled or open, in the payments' order.

    `bookings` must hold, for every client of the payments, all visits from 4 days before to 1 day after.
    """
    shelf = Shelf(bookings)
    settled: list[Settlement] = []
    left: list[Open] = []
    for payment in payments:
        found = decide(payment, shelf)
        if isinstance(found, Settlement):
            settled.append(found)
        else:
            left.append(found)
    return settled, left


class Shelf:
    """Bookings, findable by id, by client and by what names them."""

    def __init__(self, bookings: Iterable[Booking]) -> None:
        self.by_id: dict[UUID, Booking] = {}
        self.by_client: dict[UUID, list[Booking]] = defaultdict(list)
        self.by_reference: dict[str, list[Booking]] = defaultdict(list)
        for booking in bookings:
            self.by_id[booking.id] = booking
            if booking.status in _NEVER_GUESSED:
                continue
            if booking.client_id is not None:
                self.by_client[booking.client_id].append(booking)
            for reference in {_folded(r) for r in booking.references}:
                if len(reference) >= SHORTEST_REFERENCE:
                    self.by_reference[reference].append(booking)


def decide(payment: Payment, shelf: Shelf) -> Settlement | Open:
    """The visit this payment settled, by the first rule that applies, or why none did."""
    if payment.booking_id is not None:
        return _named(payment, shelf)
    if by_reference := _referred(payment, shelf):
        return by_reference
    if payment.client_id is None:
        return Open(payment.id, "The payment names neither a client nor a visit.")
    candidates = [b for b in shelf.by_client.get(payment.client_id, ()) if _may_be(payment, b)]
    that_day = [b for b in candidates if b.local_day == payment.local_day]
    if len(that_day) == 1:
        return _with(payment, that_day[0], Rule.ONLY_VISIT_THAT_DAY)
    if that_day:
        return _among(payment, that_day)
    return _around(payment, candidates)


def _named(payment: Payment, shelf: Shelf) -> Settlement | Open:
    booking = shelf.by_id.get(payment.booking_id) if payment.booking_id else None
    if booking is None:
        return Open(payment.id, "The payment names a visit that is not known here.")
    return _with(payment, booking, Rule.NAMED, status=booking.status.value)


def _referred(payment: Payment, shelf: Shelf) -> Settlement | None:
    if len(payment.reference) < SHORTEST_REFERENCE or not shelf.by_reference:
        return None
    words = [w for w in _WORDS.findall(_folded(payment.reference)) if w in shelf.by_reference]
    found = {b.id: (w, b) for w in words for b in shelf.by_reference[w]}
    if len(found) != 1:
        return None
    ((word, booking),) = found.values()
    return _with(payment, booking, Rule.REFERENCE, reference=word)


# What vendors' ids and our tokens are made of; anything else ends a word.
_WORDS = re.compile(r"[\w\-]+")


def _folded(text: str) -> str:
    return text.strip().casefold()


def _may_be(payment: Payment, booking: Booking) -> bool:
    """Whether nothing speaks against it: another place or another currency does."""
    if payment.location_id and booking.location_id and payment.location_id != booking.location_id:
        return False
    return booking.price is None or booking.price.currency == payment.amount.currency


def _among(payment: Payment, that_day: Sequence[Booking]) -> Settlement | Open:
    """Several visits of one client on one day: the exact price decides, else the clearly nearest end."""
    exact = [b for b in that_day if b.price == payment.amount]
    if len(exact) == 1:
        return _with(payment, exact[0], Rule.EXACT_PRICE, candidates=len(that_day))
    nearest, runner_up = sorted(that_day, key=lambda b: (_apart(payment, b), b.id))[:2]
    margin = _apart(payment, runner_up) - _apart(payment, nearest)
    if margin < MARGIN:
        return Open(payment.id, f"The client had {len(that_day)} visits that day, and two of them fit equally well.")
    return _with(
        payment,
        nearest,
        Rule.NEAREST_END,
        candidates=len(that_day),
        minutes_apart=_minutes(_apart(payment, nearest)),
        runner_up_minutes_apart=_minutes(_apart(payment, runner_up)),
    )


def _around(payment: Payment, candidates: Sequence[Booking]) -> Settlement | Open:
    """No visit on the day: the only one from 4 days before the payment to 1 day after it, if there is one."""
    near = [b for b in candidates if -DAYS_BEFORE <= (payment.local_day - b.local_day).days <= DAYS_AFTER]
    if len(near) == 1:
        return _with(payment, near[0], Rule.ONLY_VISIT_AROUND)
    if near:
        return Open(payment.id, f"The client had {len(near)} visits around that day, and none on it.")
    return Open(payment.id, "The client had no visit near that day.")


def _apart(payment: Payment, booking: Booking) -> timedelta:
    return abs(payment.paid_at - booking.ends_at)


def _minutes(duration: timedelta) -> int:
    return duration // timedelta(minutes=1)


def _with(payment: Payment, booking: Booking, rule: Rule, **more: str | int | None) -> Settlement:
    evidence: Evidence = {
        "days_after_visit": (payment.local_day - booking.local_day).days,
        "minutes_after_end": (payment.paid_at - booking.ends_at) // timedelta(minutes=1),
        "amount_minor": payment.amount.minor,
        "price_minor": booking.price.minor if booking.price else None,
        "currency": payment.amount.currency,
    }
    return Settlement(payment.id, booking.id, rule, evidence | more)


def explain(rule: str, evidence: Evidence) -> str:
    """How we know, in one sentence. Takes a settlement's rule and evidence as they are stored."""
    match rule:
        case Rule.NAMED:
            return "The payment names this visit."
        case Rule.REFERENCE:
            return f"The payment's text carries this visit's reference, {evidence.get('reference')}."
        case Rule.ONLY_VISIT_THAT_DAY:
            return "The same client paid that day, and had no other visit on it."
        case Rule.EXACT_PRICE:
            return (
                f"The same client had {evidence.get('candidates')} visits that day,"
                " and the amount is this one's price exactly."
            )
        case Rule.NEAREST_END:
            return (
                f"The same client had {evidence.get('candidates')} visits that day; this one's end is"
                f" {evidence.get('minutes_apart')} minutes from the payment, the next one's"
                f" {evidence.get('runner_up_minutes_apart')}."
            )
        case Rule.ONLY_VISIT_AROUND:
            return f"The same client's only visit around then: the payment came {_days(evidence)}."
        case _:
            return "Settled by a rule this version does not know."


def _days(evidence: Evidence) -> str:
    days = evidence.get("days_after_visit")
    if not isinstance(days, int):
        return "near it"
    if days < 0:
        return f"{-days} day{'' if days == -1 else 's'} before"
    return f"{days} day{'' if days == 1 else 's'} after"
