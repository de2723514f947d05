"""Payments and visits of given clients are put together anew; what changed is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.events import VisitsSettled
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import BookingStatus
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.clients import api as clients
from bookingbridge.domains.matching import rules, store
from bookingbridge.domains.payments import api as payments
from bookingbridge.infra.db import Tx
from bookingbridge.infra.ids import new_id


async def settle(tx: Tx, found: Iterable[payments.Payment], *, cause: str) -> None:
    """The payments, and all others of their clients, are settled as the rules say now; twice is as once.

    What a person undid is not done again for the same pair.
    """
    await store.lock(tx)
    every_payment, settled, _ = await _decide(tx, found)
    await _apply(tx, every_payment, settled, cause)


async def why_open(tx: Tx, found: Iterable[payments.Payment]) -> dict[UUID, str]:
    """For those of the payments that no rule gives to a visit, why: a sentence for people."""
    asked = list(found)
    _, _, left = await _decide(tx, asked)
    ids = {p.id for p in asked}
    return {o.payment_id: o.why for o in left if o.payment_id in ids}


async def _decide(
    tx: Tx, found: Iterable[payments.Payment]
) -> tuple[dict[UUID, payments.Payment], list[rules.Settlement], list[rules.Open]]:
    """The payments and all others of their clients, what the rules settle of them and what they leave open."""
    asked = {p.id: p for p in found}
    people = await clients.same_people(tx, {p.client_id for p in asked.values() if p.client_id})
    everybody = set(people) | set(people.values())
    every_payment = {p.id: p for p in [*asked.values(), *await payments.of_clients(tx, everybody)]}
    candidates = {b.id: b for b in await bookings.of_clients(tx, everybody)}
    named = {p.booking_id for p in every_payment.values() if p.booking_id} - set(candidates)
    candidates |= await bookings.bookings(tx, named)
    zone = ZoneInfo((await accounts.business(tx)).time_zone)
    settled, left = rules.settle(
        [_payment(p, people, zone) for p in every_payment.values() if p.net_minor > 0 or p.refunded_minor > 0],
        [_booking(b, people, zone) for b in candidates.values()],
    )
    return every_payment, settled, left


async def _apply(
    tx: Tx, every: Mapping[UUID, payments.Payment], settled: Sequence[rules.Settlement], cause: str
) -> None:
    before = await store.of_payments(tx, list(every))
    undone = {(s.payment_id, s.booking_id) for s in before if s.undone_at}
    standing = {s.payment_id: s for s in before if not s.undone_at}
    wanted = {s.payment_id: s for s in settled if (s.payment_id, s.booking_id) not in undone}
    gone = [s for p, s in standing.items() if p not in wanted or wanted[p].booking_id != s.booking_id]
    gone_ids = {s.id for s in gone}
    repriced = [s for p, s in standing.items() if s.id not in gone_ids and s.amount_minor != every[p].net_minor]
    fresh = [w for p, w in wanted.items() if p not in standing or standing[p].id in gone_ids]
    if gone:
        await store.remove(tx, list(gone_ids))
    if repriced:
        await store.change_amounts(tx, [(s.id, every[s.payment_id].net_minor) for s in repriced])
    if fresh:
        await store.add(tx, [_row(tx, w, every[w.payment_id]) for w in fresh])
    await store.note_unsettled(
        tx,
        list(every),
        [
            store.Unsettled(p.id, p.paid_at, p.net_minor, p.currency)
            for p in every.values()
            if p.net_minor > 0 and p.id not in wanted
        ],
    )
    changed = {s.booking_id for s in [*gone, *repriced]} | {w.booking_id for w in fresh}
    await tx.announce(VisitsSettled(tuple(sorted(changed))), cause=cause)


def _row(tx: Tx, w: rules.Settlement, p: payments.Payment) -> tuple[Any, ...]:
    return (new_id(tx.now), p.id, w.booking_id, str(w.rule), dict(w.evidence), p.net_minor, p.currency, p.paid_at)


def _payment(p: payments.Payment, people: Mapping[UUID, UUID], zone: ZoneInfo) -> rules.Payment:
    return rules.Payment(
        id=p.id,
        paid_at=p.paid_at,
        local_day=p.paid_at.astimezone(zone).date(),
        amount=Money(p.amount_minor, p.currency),
        client_id=people.get(p.client_id, p.client_id) if p.client_id else None,
        booking_id=p.booking_id,
        location_id=p.location_id,
        reference=p.reference or "",
    )


def _booking(b: bookings.Booking, people: Mapping[UUID, UUID], zone: ZoneInfo) -> rules.Booking:
    price = Money(b.price_minor, b.currency) if b.price_minor is not None and b.currency else None
    return rules.Booking(
        id=b.id,
        starts_at=b.starts_at,
        ends_at=b.ends_at,
        local_day=b.starts_at.astimezone(zone).date(),
        status=BookingStatus(b.status),
        client_id=people.get(b.client_id, b.client_id) if b.client_id else None,
        price=price,
        location_id=b.location_id,
        references=tuple(text for text in (b.token, b.remote_id) if text),
    )
