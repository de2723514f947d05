"""Customers as vendors and files say them become clients."""

from __future__ import annotations

from collections.abc import Sequence

from bookingbridge.canonical.events import Batch, ClientsRecorded
from bookingbridge.canonical.records import Customer
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.clients import rules, store
from bookingbridge.infra.db import Tx
from bookingbridge.sync.ingesting import Identified


async def customers(tx: Tx, batch: Sequence[Identified[Customer]]) -> Sequence[Batch]:
    """The clients are stored with comparable keys."""
    region = (await accounts.business(tx)).region
    await store.save(
        tx,
        [
            (
                i.id,
                _text(i.record.name) or "",
                _text(i.record.email),
                rules.email_key(i.record.email or ""),
                _text(i.record.phone),
                rules.phone_key(i.record.phone or "", region),
                i.record.created_at,
                i.record.is_deleted,
                i.connection_id,
                tx.now,
            )
            for i in batch
        ],
    )
    return [ClientsRecorded(tuple(i.id for i in batch))]


def _text(value: str | None) -> str | None:
    # PostgreSQL's text holds everything but the zero character.
    return value.replace("\x00", "")[:500] if value else None
