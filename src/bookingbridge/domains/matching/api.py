"""The door to matching: what each visit brought in, and how we know."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from bookingbridge.canonical.errors import NotFound
from bookingbridge.canonical.events import VisitsSettled
from bookingbridge.domains.matching import rules, settling, store
from bookingbridge.domains.matching.store import Revenue, Settled, Unsettled
from bookingbridge.domains.payments.api import Payment
from bookingbridge.infra.db import Tx

__all__ = [
    "Revenue", "Settled", "Unsettled", "all_settled", "explain", "redo", "revenue", "settled_among", "settlements",
    "undo", "unsettled", "unsettled_sums", "why_open",
]  # fmt: skip


async def revenue(tx: Tx, booking_ids: Iterable[UUID]) -> dict[UUID, Revenue]:
    """What those of the visits brought in that are paid; one that was refunded in full is there with zero."""
    return await store.revenue(tx, list(booking_ids))


async def settlements(tx: Tx, booking_ids: Iterable[UUID]) -> list[Settled]:
    """How we know what the visits brought in; undone settlements included."""
    return await store.of_bookings(tx, list(booking_ids))


async def settled_among(tx: Tx, booking_ids: Iterable[UUID]) -> list[UUID]:
    """Those of the bookings that something was paid for."""
    return await store.settled(tx, list(booking_ids))


async def all_settled(tx: Tx) -> list[UUID]:
    """Every booking that something was paid for."""
    return await store.settled(tx, None)


async def unsettled(tx: Tx, *, since: datetime, limit: int) -> list[Unsettled]:
    """Payments from `since` on that were looked at and belong to no visit, newest first."""
    return await store.unsettled(tx, since, limit)


async def unsettled_sums(tx: Tx, *, since: datetime) -> list[tuple[str, int, int]]:
    """Of these payments, per currency: how many, and what they come to in minor units."""
    return await store.unsettled_sums(tx, since)


async def why_open(tx: Tx, found: Iterable[Payment]) -> dict[UUID, str]:
    """For those of the payments that no rule gives to a visit, why: a sentence for people."""
    return await settling.why_open(tx, found)


async def undo(tx: Tx, settlement_id: UUID, *, user_id: UUID | None) -> None:
    """The payment no longer belongs to the visit, and what followed from it is computed again."""
    booking_id = await store.undo(tx, settlement_id, user_id)
    if booking_id is None:
        raise NotFound("there is no such settlement in force")
    await tx.announce(VisitsSettled((booking_id,)), cause="undone")


async def redo(tx: Tx, settlement_id: UUID) -> None:
    """An undone settlement counts again. NotFound where there is none, or its payment belongs to another visit now."""
    booking_id = await store.redo(tx, settlement_id)
    if booking_id is None:
        raise NotFound("there is no such settlement to make again")
    await tx.announce(VisitsSettled((booking_id,)), cause="made again")


def explain(settled: Settled) -> str:
    """How we know, in one sentence."""
    return rules.explain(settled.rule, settled.evidence)
