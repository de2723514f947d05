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
        "WHERE business_id = %s AND id = %s AND undone_at IS NULL "
        "RETURNING booking_id, payment_id, paid_at, amount_minor, currency",
        (tx.now, user_id, tx.business_id, settlement_id),
    )
    if row is None:
        return None
    await note_unsettled(tx, [row[1]], [Unsettled(*row[1:])] if row[3] > 0 else [])
    booking_id: UUID = row[0]
    return booking_id


async def redo(tx: Tx, settlement_id: UUID) -> UUID | None:
    """An undone settlement counts again; its booking. None where there is none, or the payment has another by now."""
    row = await tx.one(
        "UPDATE settlements s SET undone_at = NULL, undone_by = NULL "
        "WHERE s.business_id = %s AND s.id = %s AND s.undone_at IS NOT NULL AND NOT EXISTS ("
        "SELECT FROM settlements o WHERE o.business_id = s.business_id AND o.payment_id = s.payment_id "
        "AND o.undone_at IS NULL) RETURNING s.booking_id, s.payment_id",
        (tx.business_id, settlement_id),
    )
    if row is None:
        return None
    await note_unsettled(tx, [row[1]], [])
    booking_id: UUID = row[0]
    return booking_id


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


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A payment that was looked at and belongs to no visit. `amount_minor` is net of refunds, without tip."""

    payment_id: UUID
    paid_at: datetime
    amount_minor: int
    currency: str


async def note_unsettled(tx: Tx, among: Sequence[UUID], found: Sequence[Unsettled]) -> None:
    """Of the payments `among`, these belong to no visit, and the others do or are no revenue."""
    await tx.run(
        "DELETE FROM unsettled WHERE business_id = %s AND payment_id = ANY(%s) AND payment_id <> ALL(%s)",
        (tx.business_id, list(among), [u.payment_id for u in found]),
    )
    await tx.run(
        """
        INSERT INTO unsettled (business_id, payment_id, paid_at, amount_minor, currency)
        SELECT %s, u.payment_id, u.paid_at, u.amount_minor, u.currency
        FROM unnest(%s::uuid[], %s::timestamptz[], %s::bigint[], %s::text[])
            AS u(payment_id, paid_at, amount_minor, currency)
        ON CONFLICT (business_id, payment_id) DO UPDATE SET paid_at = excluded.paid_at,
            amount_minor = excluded.amount_minor, currency = excluded.currency
        """,
        (
            tx.business_id, [u.payment_id for u in found], [u.paid_at for u in found],
            [u.amount_minor for u in found], [u.currency for u in found],
        ),
    )  # fmt: skip


async def unsettled(tx: Tx, start: datetime, limit: int) -> list[Unsettled]:
    """Payments since `start` that belong to no visit, newest first."""
    rows = await tx.all(
        "SELECT payment_id, paid_at, amount_minor, currency FROM unsettled WHERE business_id = %s AND paid_at >= %s "
        "ORDER BY paid_at DESC, payment_id LIMIT %s",
        (tx.business_id, start, limit),
    )
    return [Unsettled(*row) for row in rows]


async def unsettled_sums(tx: Tx, start: datetime) -> list[tuple[str, int, int]]:
    """(currency, payments, minor units) of the payments since `start` that belong to no visit."""
    rows = await tx.all(
        "SELECT currency, count(*), sum(amount_minor)::bigint FROM unsettled WHERE business_id = %s AND paid_at >= %s "
        "GROUP BY currency ORDER BY 3 DESC",
        (tx.business_id, start),
    )
    return [(row[0], row[1], row[2]) for row in rows]
