"""Payments and refunds as vendors and files say them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bookingbridge.canonical.events import Batch, PaymentsRecorded
from bookingbridge.canonical.records import Payment, Refund
from bookingbridge.domains.payments import store
from bookingbridge.infra.db import Tx
from bookingbridge.sync.ingesting import Identified


async def payments(tx: Tx, batch: Sequence[Identified[Payment]]) -> Sequence[Batch]:
    """The payments are stored."""
    await store.save(tx, [_row(tx, i) for i in batch])
    return [PaymentsRecorded(tuple(i.id for i in batch))]


def _row(tx: Tx, i: Identified[Payment]) -> tuple[Any, ...]:
    p = i.record
    return (
        i.id, str(p.status), p.amount.minor, p.tip.minor, p.refunded.minor, p.amount.currency, p.paid_at,
        p.method.replace("\x00", "")[:100], i.ref("client", p.customer), i.ref("location", p.location),
        i.ref("booking", p.booking), p.reference.replace("\x00", "")[:500] if p.reference else None,
        i.connection_id, tx.now,
    )  # fmt: skip


async def refunds(tx: Tx, batch: Sequence[Identified[Refund]]) -> Sequence[Batch]:
    """The refunds are stored; their payments count as changed."""
    ids = [i.ref("payment", i.record.payment) for i in batch]
    await store.save_refunds(
        tx,
        [
            (
                i.id, payment_id, str(i.record.status), i.record.amount.minor, i.record.amount.currency,
                i.record.refunded_at, tx.now,
            )
            for i, payment_id in zip(batch, ids, strict=True)
        ],
    )  # fmt: skip
    return [PaymentsRecorded(tuple(p for p in ids if p))]
