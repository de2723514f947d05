"""Bookings as vendors and files say them; the attribution token is found in the note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bookingbridge.canonical.events import Batch, BlocksRecorded, BookingsRecorded
from bookingbridge.canonical.records import Block, Booking
from bookingbridge.domains.bookings import store
from bookingbridge.domains.bookings.rules import token_in
from bookingbridge.infra.db import Tx
from bookingbridge.sync.ingesting import Identified


async def bookings(tx: Tx, batch: Sequence[Identified[Booking]]) -> Sequence[Batch]:
    """The bookings are stored."""
    await store.save(tx, [_row(tx, i) for i in batch])
    return [BookingsRecorded(tuple(i.id for i in batch))]


def _row(tx: Tx, i: Identified[Booking]) -> tuple[Any, ...]:
    b = i.record
    note = b.note.replace("\x00", "")[:4000] if b.note else None
    return (
        i.id, str(b.status), b.starts_at, max(b.ends_at, b.starts_at), b.booked_at,
        i.ref("client", b.customer), i.ref("location", b.location), i.ref("staff", b.staff),
        i.ref("service", b.service), b.price.minor if b.price else None, b.price.currency if b.price else None,
        note, token_in(note or ""), b.heard_from.replace("\x00", "")[:500] if b.heard_from else None,
        b.remote_id, i.connection_id, tx.now,
    )  # fmt: skip


async def blocks(tx: Tx, batch: Sequence[Identified[Block]]) -> Sequence[Batch]:
    """The times that cannot be booked are stored."""
    await store.save_blocks(
        tx,
        [
            (
                i.id, i.record.starts_at, max(i.record.ends_at, i.record.starts_at), i.ref("staff", i.record.staff),
                i.ref("location", i.record.location), i.record.title.replace("\x00", "")[:200], i.record.is_cancelled,
                i.connection_id, tx.now,
            )
            for i in batch
        ],
    )  # fmt: skip
    return [BlocksRecorded(tuple(i.id for i in batch))]
