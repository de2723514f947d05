"""The door to what the business offers."""

from __future__ import annotations

from uuid import UUID

from bookingbridge.domains.catalog import store
from bookingbridge.domains.catalog.store import Service
from bookingbridge.infra.db import Tx

__all__ = ["Service", "services"]


async def services(tx: Tx) -> dict[UUID, Service]:
    """All services by id, also those no longer offered."""
    return {s.id: s for s in await store.every(tx)}
