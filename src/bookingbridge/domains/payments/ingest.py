"""Payments, refunds, disputes and payouts as vendors and files say them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bookingbridge.canonical.events import Batch, PaymentsRecorded, PayoutsRecorded
from bookingbridge.canonical.records import Dispute, Payment, Payout, PayoutEntry, Refund
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


async def disputes(tx: Tx, batch: Sequence[Identified[Dispute]]) -> Sequence[Batch]:
    """The disputes are stored; their payments count as changed."""
    ids = [i.ref("payment", i.record.payment) for i in batch]
    await store.save_disputes(
        tx,
        [
            (
                i.id, payment_id, i.record.status, _clean(i.record.reason), i.record.amount.minor,
                i.record.amount.currency, i.record.opened_at, i.record.answer_by, i.connection_id, tx.now,
            )
            for i, payment_id in zip(batch, ids, strict=True)
        ],
    )  # fmt: skip
    return [PaymentsRecorded(tuple(p for p in ids if p))]


async def payouts(tx: Tx, batch: Sequence[Identified[Payout]]) -> Sequence[Batch]:
    """The payouts are stored."""
    await store.save_payouts(
        tx,
        [
            (
                i.id, str(i.record.status), i.record.amount.minor, i.record.amount.currency, i.record.initiated_at,
                i.record.arrives_on, i.ref("location", i.record.location), _clean(i.record.destination),
                i.record.remote_id, i.connection_id, tx.now,
            )
            for i in batch
        ],
    )  # fmt: skip
    return [PayoutsRecorded(tuple(i.id for i in batch))]


async def payout_entries(tx: Tx, batch: Sequence[Identified[PayoutEntry]]) -> Sequence[Batch]:
    """The balance's lines are stored; their payouts count as changed."""
    ids = [i.ref("payout", i.record.payout) for i in batch]
    await store.save_payout_entries(
        tx,
        [
            (
                i.id, i.record.type, i.record.gross.minor, i.record.fee.minor, i.record.net.minor,
                i.record.gross.currency, i.record.at, payout_id, i.ref("payment", i.record.payment),
                i.ref("refund", i.record.refund), _clean(i.record.description), i.connection_id, tx.now,
            )
            for i, payout_id in zip(batch, ids, strict=True)
        ],
    )  # fmt: skip
    return [PayoutsRecorded(tuple(dict.fromkeys(p for p in ids if p)))] if any(ids) else []


def _clean(text: str | None) -> str | None:
    return text.replace("\x00", "")[:500] if text is not None else None
