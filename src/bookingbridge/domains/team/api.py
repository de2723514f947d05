"""The door to the team."""

from __future__ import annotations

from uuid import UUID

from bookingbridge.domains.team import store
from bookingbridge.domains.team.store import StaffMember
from bookingbridge.infra.db import Tx

__all__ = ["StaffMember", "staff"]


async def staff(tx: Tx) -> dict[UUID, StaffMember]:
    """All staff members by id, also those who left."""
    return {s.id: s for s in await store.every(tx)}
