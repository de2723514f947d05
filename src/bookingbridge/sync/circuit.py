"""A circuit per connection: after many runs in a row without an answer nobody knocks for a while; then one tries.

It stands beside the waiting of each run. Who asks by hand is let through: that try closes it, or lets it stay open.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from bookingbridge.infra.db import Tx
from bookingbridge.sync.store import connections
from bookingbridge.sync.store.connections import Connection

OPENS_AFTER = 5
FIRST_REST, LONGEST_REST = timedelta(minutes=5), timedelta(hours=6)


def is_open(connection: Connection, now: datetime) -> bool:
    """Whether the vendor is left alone now. Once the time is over the next run is the one that tries."""
    return connection.circuit_until is not None and now < connection.circuit_until


def rest_after(failures: int) -> timedelta | None:
    """How long nobody knocks after so many failures in a row; None where that is too few. Pure."""
    if failures < OPENS_AFTER:
        return None
    doublings = min(failures - OPENS_AFTER, 10)
    return min(LONGEST_REST, FIRST_REST * (1 << doublings))


async def count(tx: Tx, connection_id: UUID, *, has_advanced: bool) -> datetime | None:
    """One more run brought no answer, the first where it `has_advanced` before; until when the circuit is open now."""
    found = await connections.get(tx, connection_id, for_update=True)
    failures = 1 if has_advanced or found is None else found.failures + 1
    rest = rest_after(failures)
    until = tx.now + rest if rest else None
    await connections.change(tx, connection_id, failures=failures, circuit_until=until)
    return until


async def close(tx: Tx, connection_id: UUID) -> None:
    """The vendor answers."""
    await connections.change(tx, connection_id, failures=0, circuit_until=None)
