"""Settlements' rows: which payment settled which visit, by which rule, and whether somebody undid it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from bookingbridge.infra.db import Tx


@dataclass(frozen=True, slots=True)
class Settled:
    """A settlement. `amount_minor` is the payment net of refunds, without tip."""

    id: UUID
    payment_id: UUID
    booking_id: UUID
    rule: str
    evidence: dict[str, Any]
    amount_minor: int
    currency: str
    paid_at: datetime
    created_at: datetime
    undone_at: datetime | None


_COLUMNS = "id, payment_id, booking_id, rule, evidence, amount_minor, currency, paid_at, created_at, undone_at"


async def lock(tx: Tx) -> None:
    """No other transaction settles this business's payments until this one ends."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 3))", (str(tx.business_id),))


async def of_payments(tx: Tx, payment_ids: Sequence[UUID]) -> list[Settled]:
    """Settlements of these payments, also undone ones."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM settlements WHERE business_id = %s AND payment_id = ANY(%s) ORDER BY created_at, id",
        (tx.business_id, list(payment_ids)),
    )
    return [Settled(*row) for row in rows]


async def of_bookings(tx: Tx, booking_ids: Sequence[UUID]) -> list[Settled]:
    """Settlements of these bookings, also undone ones."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM settlements WHERE business_id = %s AND booking_id = ANY(%s) ORDER BY paid_at, id",
        (tx.business_id, list(booking_ids)),
    )
    return [Settled(*row) for row in rows]


async def remove(tx: Tx, ids: Sequence[UUID]) -> None:
    """Settlements that a rule made and would no longer make are gone; what people undid is kept."""
    await tx.run(
        "DELETE FROM settlements WHERE business_id = %s AND id = ANY(%s) AND undone_at IS NULL",
        (tx.business_id, list(ids)),
    )


async def add(tx: Tx, rows: Sequence[tuple[UUID, UUID, UUID, str, dict[str, Any], int, str, datetime]]) -> None:
    """Rows are (id, payment, booking, rule, evidence, amount, currency, paid at)."""
    await tx.run(
        """
        INSERT INTO settlements (business_id, id, payment_id, booking_id, rule, evidence, amount_minor, currency,
            paid_at, created_at)
        SELECT %s, s.id, s.payment_id, s.booking_id, s.rule, s.evidence, s.amount_minor, s.currency, s.paid_at, %s
        FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::jsonb[], %s::bigint[], %s::text[],
            %s::timestamptz[])
            AS s(id, payment_id, booking_id, rule, evidence, amount_minor, currency, paid_at)
        """,
        (tx.business_id, tx.now, *([Jsonb(r[i]) if i == 4 else r[i] for r in rows] for i in range(8))),
    )


async def change_amounts(tx: Tx, rows: Sequence[tuple[UUID, int]]) -> None:
    """The settlements' amounts are these: a refund, or its failure, changes them."""
    await tx.run(
        "UPDATE settlements s SET amount_minor = n.amount FROM unnest(%s::uuid[], %s::bigint[]) AS n(id, amount) "
        "WHERE s.business_id = %s AND s.id = n.id",
        ([r[0] for r in rows], [r[1] for r in rows], tx.business_id),
    )


async def undo(tx: Tx, settlement_id: UUID, user_id: UUID | None) -> UUID | None:
    """The settlement no longer counts; its booking, None where there is none in force."""
    row = await tx.one(
        "UPDATE settlements SET undone_at = %s, undone_by = %s "
        "WHERE business_id = %s AND id = %s AND undone_at IS NULL RETURNING booking_id",
        (tx.now, user_id, tx.business_id, settlement_id),
    )
    return row[0] if row else None


async def redo(tx: Tx, settlement_id: UUID) -> UUID | None:
    """An undone settlement counts again; its booking. None where there is none, or the payment has another by now."""
    row = await tx.one(
        "UPDATE settlements s SET undone_at = NULL, undone_by = NULL "
        "WHERE s.business_id = %s AND s.id = %s AND s.undone_at IS NOT NULL AND NOT EXISTS ("
        "SELECT FROM settlements o WHERE o.business_id = s.business_id AND o.payment_id = s.payment_id "
        "AND o.undone_at IS NULL) RETURNING s.booking_id",
        (tx.business_id, settlement_id),
    )
    return row[0] if row else None


@dataclass(frozen=True, slots=True)
class Revenue:
    """What a visit brought in: minor units net of refunds without tips, and when the last of it was paid."""

    minor: int
    currency: str
    settled_at: datetime


async def revenue(tx: Tx, booking_ids: Sequence[UUID]) -> dict[UUID, Revenue]:
    """Per booking that is settled by anything; in the currency of its first payment."""
    rows = await tx.all(
        "SELECT booking_id, currency, sum(amount_minor)::bigint, max(paid_at), min(paid_at) AS first FROM settlements "
        "WHERE business_id = %s AND booking_id = ANY(%s) AND undone_at IS NULL "
        "GROUP BY booking_id, currency ORDER BY first DESC",
        (tx.business_id, list(booking_ids)),
    )
    return {row[0]: Revenue(row[2], row[1], row[3]) for row in rows}


async def settled(tx: Tx, booking_ids: Sequence[UUID] | None) -> list[UUID]:
    """Those of the bookings (of all, for None) that are settled by something."""
    rows = await tx.all(
        "SELECT DISTINCT booking_id FROM settlements WHERE business_id = %(b)s AND undone_at IS NULL "
        "AND (%(ids)s::uuid[] IS NULL OR booking_id = ANY(%(ids)s))",
        {"b": tx.business_id, "ids": list(booking_ids) if booking_ids is not None else None},
    )
    return [row[0] for row in rows]


async def open_payments(tx: Tx, payment_ids: Sequence[UUID] | str) -> list[UUID]:
    """Those of the payments that settle nothing. A text is an array of ids as PostgreSQL writes it."""
    rows = await tx.all(
        "SELECT p FROM unnest(%s::uuid[]) AS p WHERE NOT EXISTS (SELECT FROM settlements s "
        "WHERE s.business_id = %s AND s.payment_id = p AND s.undone_at IS NULL)",
        (payment_ids if isinstance(payment_ids, str) else list(payment_ids), tx.business_id),
    )
    return [row[0] for row in rows]
