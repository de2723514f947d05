"""Payments' and refunds' rows. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bookingbridge.infra.bulk import upsert
from bookingbridge.infra.db import Tx

_TYPES = {
    "id": "uuid", "status": "text", "amount_minor": "int8", "tip_minor": "int8", "refunded_minor": "int8",
    "currency": "text", "paid_at": "timestamptz", "method": "text", "client_id": "uuid", "location_id": "uuid",
    "booking_id": "uuid", "reference": "text", "connection_id": "uuid", "recorded_at": "timestamptz",
}  # fmt: skip
_REFUND_TYPES = {
    "id": "uuid", "payment_id": "uuid", "status": "text", "amount_minor": "int8", "currency": "text",
    "refunded_at": "timestamptz", "recorded_at": "timestamptz",
}  # fmt: skip
_DISPUTE_TYPES = {
    "id": "uuid", "payment_id": "uuid", "status": "text", "reason": "text", "amount_minor": "int8", "currency": "text",
    "opened_at": "timestamptz", "answer_by": "timestamptz", "connection_id": "uuid", "recorded_at": "timestamptz",
}  # fmt: skip
_PAYOUT_TYPES = {
    "id": "uuid", "status": "text", "amount_minor": "int8", "currency": "text", "initiated_at": "timestamptz",
    "arrives_on": "date", "location_id": "uuid", "destination": "text", "remote_id": "text", "connection_id": "uuid",
    "recorded_at": "timestamptz",
}  # fmt: skip
_ENTRY_TYPES = {
    "id": "uuid", "type": "text", "gross_minor": "int8", "fee_minor": "int8", "net_minor": "int8", "currency": "text",
    "at": "timestamptz", "payout_id": "uuid", "payment_id": "uuid", "refund_id": "uuid", "description": "text",
    "connection_id": "uuid", "recorded_at": "timestamptz",
}  # fmt: skip

_SELECT = """
SELECT id, status, amount_minor, tip_minor, refunded_minor, currency, paid_at, method, client_id, location_id,
    booking_id, reference, connection_id
FROM payments WHERE business_id = %s AND """

# What was given back is what the payment itself says or what its refunds sum to, whichever is more: either may arrive
# before the other.
_REFUNDED = """
UPDATE payments p SET refunded_minor = r.total
FROM (SELECT payment_id, sum(amount_minor)::bigint AS total FROM refunds
      WHERE business_id = %(b)s AND payment_id = ANY(%(ids)s) AND status IN ('completed', 'pending')
      GROUP BY payment_id) r
WHERE p.business_id = %(b)s AND p.id = r.payment_id AND p.refunded_minor < r.total
"""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment. `amount_minor` is without tip; `refunded_minor` is what was given back so far."""

    id: UUID
    status: str
    amount_minor: int
    tip_minor: int
    refunded_minor: int
    currency: str
    paid_at: datetime
    method: str
    client_id: UUID | None
    location_id: UUID | None
    booking_id: UUID | None
    reference: str | None
    connection_id: UUID

    @property
    def net_minor(self) -> int:
        """What the business keeps, without tip; nothing unless the payment is completed."""
        return max(self.amount_minor - self.refunded_minor, 0) if self.status == "completed" else 0


async def save(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    await upsert(tx, "payments", _TYPES, rows)
    await tx.run(_REFUNDED, {"b": tx.business_id, "ids": [row[0] for row in rows]})


async def save_refunds(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    """The rows are (id, payment id, status, amount, currency, refunded at, recorded at)."""
    await upsert(tx, "refunds", _REFUND_TYPES, rows)
    await tx.run(_REFUNDED, {"b": tx.business_id, "ids": [row[1] for row in rows]})


async def save_disputes(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    await upsert(tx, "disputes", _DISPUTE_TYPES, rows)


async def save_payouts(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    await upsert(tx, "payouts", _PAYOUT_TYPES, rows)


async def save_payout_entries(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    await upsert(tx, "payout_entries", _ENTRY_TYPES, rows)


async def by_ids(tx: Tx, ids: Sequence[UUID]) -> list[Payment]:
    return [Payment(*row) for row in await tx.all(_SELECT + "id = ANY(%s)", (tx.business_id, list(ids)))]


async def of_clients(tx: Tx, client_ids: Sequence[UUID]) -> list[Payment]:
    rows = await tx.all(_SELECT + "client_id = ANY(%s) ORDER BY paid_at, id", (tx.business_id, list(client_ids)))
    return [Payment(*row) for row in rows]


async def between(tx: Tx, start: datetime, end: datetime, limit: int) -> list[Payment]:
    """Completed payments of [start, end), newest first."""
    rows = await tx.all(
        _SELECT + "paid_at >= %s AND paid_at < %s AND status = 'completed' ORDER BY paid_at DESC, id LIMIT %s",
        (tx.business_id, start, end, limit),
    )
    return [Payment(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came in by one connection: completed payments net of refunds, without tips, per currency."""

    currency: str
    payments: int
    net_minor: int


async def of_connection(tx: Tx, connection_id: UUID) -> list[Taken]:
    """Per currency, the biggest first."""
    rows = await tx.all(
        "SELECT currency, count(*), sum(amount_minor - refunded_minor)::bigint FROM payments "
        "WHERE business_id = %s AND connection_id = %s AND status = 'completed' GROUP BY currency ORDER BY 3 DESC",
        (tx.business_id, connection_id),
    )
    return [Taken(*row) for row in rows]


async def naming(tx: Tx, booking_ids: Sequence[UUID]) -> list[Payment]:
    """Payments that name one of these bookings outright."""
    return [
        Payment(*row) for row in await tx.all(_SELECT + "booking_id = ANY(%s)", (tx.business_id, list(booking_ids)))
    ]


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back."""

    id: UUID
    payment_id: UUID
    status: str
    amount_minor: int
    currency: str
    refunded_at: datetime


async def refunds_of(tx: Tx, payment_ids: Sequence[UUID]) -> list[Refund]:
    rows = await tx.all(
        "SELECT id, payment_id, status, amount_minor, currency, refunded_at FROM refunds "
        "WHERE business_id = %s AND payment_id = ANY(%s) ORDER BY refunded_at, id",
        (tx.business_id, list(payment_ids)),
    )
    return [Refund(*row) for row in rows]
