"""Locations that vendors and files tell of, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bookingbridge.infra.bulk import upsert
from bookingbridge.infra.db import Tx

_TYPES = {
    "id": "uuid",
    "name": "text",
    "time_zone": "text",
    "address": "text",
    "is_active": "bool",
    "recorded_at": "timestamptz",
}


async def save(tx: Tx, rows: Iterable[Sequence[Any]]) -> None:
    """The locations are stored; rows in the order of the table's columns."""
    await upsert(tx, "locations", _TYPES, rows)
