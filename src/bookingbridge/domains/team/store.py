"""Staff members' rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bookingbridge.infra.bulk import upsert
from bookingbridge.infra.db import Tx

_TYPES = {"id": "uuid", "name": "text", "is_active": "bool", "recorded_at": "timestamptz"}


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who can be booked."""

    id: UUID
    name: str
    is_active: bool


async def save(tx: Tx, rows: Iterable[Sequence[Any]]) -> None:
    await upsert(tx, "staff", _TYPES, rows)


async def every(tx: Tx) -> list[StaffMember]:
    rows = await tx.all(
        "SELECT id, name, is_active FROM staff WHERE business_id = %s ORDER BY name, id", (tx.business_id,)
    )
    return [StaffMember(*row) for row in rows]
