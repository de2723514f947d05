"""A request that is sent twice with the same key takes effect once, and is answered the same both times.

The key is claimed before the work and carries the answer after it, each in a transaction of its own. When the process
died between them, nobody knows whether the work was done: the key then stays "lost", for it must not be done twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bookingbridge.infra.db import Tx

KEPT = timedelta(hours=24)
"""How long an answer is replayed. After that the key is as if never used."""

LOST = timedelta(minutes=2)
"""After this long without an answer the first request is taken for dead."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the key says: `mine` go on; `answered` replay `answer`; `busy` the first is at work; `lost` it never ended;
    `other` it came with another request."""

    state: Literal["mine", "answered", "busy", "lost", "other"]
    answer: bytes = b""


# One statement decides: the row is new or expired, and thus ours; or it is not returned.
_CLAIM = """
INSERT INTO idempotency_keys AS k (business_id, key, request_hash, created_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (business_id, key) DO UPDATE
    SET request_hash = excluded.request_hash, status = NULL, response = NULL, created_at = excluded.created_at
    WHERE k.created_at < %s
RETURNING true
"""


async def claim(tx: Tx, key: str, request_hash: bytes) -> Claim:
    """The key is ours when this transaction commits, or what became of it is told."""
    if await tx.one(_CLAIM, (tx.business_id, key, request_hash, tx.now, tx.now - KEPT)):
        return Claim("mine")
    row = await tx.one(
        "SELECT request_hash, status, response, created_at FROM idempotency_keys WHERE business_id = %s AND key = %s",
        (tx.business_id, key),
    )
    if row is None:
        return Claim("busy")
    if bytes(row[0]) != request_hash:
        return Claim("other")
    if row[1] is None:
        return Claim("lost" if row[3] < tx.now - LOST else "busy")
    return Claim("answered", bytes(row[2]))


async def answer(tx: Tx, key: str, status: int, response: bytes) -> None:
    """The claimed key carries its answer. `response` is sealed by the caller: it may hold a secret."""
    await tx.run(
        "UPDATE idempotency_keys SET status = %s, response = %s WHERE business_id = %s AND key = %s",
        (status, response, tx.business_id, key),
    )


async def release(tx: Tx, key: str) -> None:
    """A claimed key whose request failed may be used again."""
    await tx.run(
        "DELETE FROM idempotency_keys WHERE business_id = %s AND key = %s AND status IS NULL", (tx.business_id, key)
    )


async def forget_old(tx: Tx) -> int:
    """Answers that are no longer replayed are gone; how many."""
    return await tx.run(
        "DELETE FROM idempotency_keys WHERE business_id = %s AND created_at < %s", (tx.business_id, tx.now - KEPT)
    )
