"""Services' rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bookingbridge.infra.bulk import upsert
from bookingbridge.infra.db import Tx

_TYPES = {
    "id": "uuid", "name": "text", "price_minor": "int8", "currency": "text", "duration_minutes": "int4",
    "is_active": "bool", "recorded_at": "timestamptz",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Service:
    """A service. The price is in minor units of `currency`; None where it varies."""

    id: UUID
    name: str
    price_minor: int | None
    currency: str | None
    duration_minutes: int | None
    is_active: bool


async def save(tx: Tx, rows: Iterable[Sequence[Any]]) -> None:
    await upsert(tx, "services", _TYPES, rows)


async def every(tx: Tx) -> list[Service]:
    rows = await tx.all(
        "SELECT id, name, price_minor, currency, duration_minutes, is_active FROM services "
        "WHERE business_id = %s ORDER BY name, id",
        (tx.business_id,),
    )
    return [Service(*row) for row in rows]
