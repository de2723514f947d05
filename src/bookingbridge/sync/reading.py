"""Raw payloads become records by the vendor's pure reader; what cannot be read is kept, shown, and stops nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import ConnectionId, RemoteId
from bookingbridge.canonical.ports import RawRecord, Vendor
from bookingbridge.canonical.records import Record
from bookingbridge.infra import json
from bookingbridge.infra.db import Tx
from bookingbridge.sync.ingesting import Ingester, Taken, take_in
from bookingbridge.sync.store import links


@dataclass(frozen=True, slots=True)
class Understood:
    """What a batch of raw payloads came to: records, and (kind, remote id, why) for those that were unreadable."""

    taken: Taken
    problems: tuple[tuple[str, str, str], ...]


async def take_raw(
    tx: Tx,
    connection_id: ConnectionId,
    vendor: Vendor,
    raws: Sequence[RawRecord],
    ingesters: Mapping[str, Ingester],
    *,
    cause: str,
) -> Understood:
    """The payloads are kept as they came and taken in as far as they are readable, in the caller's transaction."""
    records, problems, kept = list[Record](), list[tuple[str, str, str]](), []
    for raw in raws:
        body = json.dumps(raw.payload)
        problem: str | None = None
        try:
            records += vendor.read(raw.kind, raw.payload)
        except Unreadable as unreadable:
            problem = unreadable.why
            problems.append((raw.kind, raw.remote_id, problem))
        kept.append((raw.kind, RemoteId(raw.remote_id), blake2b(body, digest_size=16).digest(), body, problem))
    await links.keep_raw(tx, connection_id, [k for k in kept if b"\\u0000" not in k[3]])
    taken = await take_in(tx, connection_id, records, ingesters, cause=cause)
    return Understood(taken, tuple(problems))
