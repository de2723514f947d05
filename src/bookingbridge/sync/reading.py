"""Raw payloads become records by the vendor's pure reader; what cannot be read is kept, shown, and stops nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import psycopg

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import ConnectionId, RemoteId
from bookingbridge.canonical.ports import RawRecord, Vendor
from bookingbridge.canonical.records import Record
from bookingbridge.infra import json
from bookingbridge.infra.db import Tx
from bookingbridge.infra.log import get
from bookingbridge.sync.ingesting import Ingester, Sighting, Taken, take_in
from bookingbridge.sync.store import sightings
from bookingbridge.sync.store.raws import keep as keep_raw

log = get(__name__)

# What one record can be guilty of. Anything else (a lost database, a missing right) would meet every record alike.
_GUILTY: tuple[type[Exception], ...] = (
    psycopg.DataError,
    psycopg.IntegrityError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
)


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
    sighting: Sighting = Sighting.HOURLY,
) -> Understood:
    """The payloads are kept as they came and taken in as far as they are readable, in the caller's transaction."""
    problems: dict[int, str] = {}
    read: list[tuple[int, list[Record]]] = []
    for at, raw in enumerate(raws):
        try:
            read.append((at, _read(vendor, raw)))
        except Unreadable as unreadable:
            problems[at] = unreadable.why
    taken = await take_each(tx, connection_id, read, ingesters, cause, problems, sighting)
    if problems and sighting is Sighting.EXACT:
        unread = [(raws[at].kind, raws[at].remote_id) for at in problems]
        await sightings.sight_with_parts(tx, connection_id, unread)
    await keep_raw(tx, connection_id, [_kept(raw, problems.get(at)) for at, raw in enumerate(raws)])
    return Understood(taken, tuple((raws[at].kind, raws[at].remote_id, why) for at, why in problems.items()))


def _read(vendor: Vendor, raw: RawRecord) -> list[Record]:
    """The records in the payload. A reader that fails in another way than it promises fails for this payload only."""
    try:
        return vendor.read(raw.kind, raw.payload)
    except _GUILTY as surprise:
        log.exception("reader failed", vendor=vendor.manifest.name, kind=raw.kind, remote_id=raw.remote_id)
        raise Unreadable(f"our reader failed: {type(surprise).__name__}") from surprise


async def take_each(
    tx: Tx,
    connection_id: ConnectionId,
    read: Sequence[tuple[int, list[Record]]],
    ingesters: Mapping[str, Ingester],
    cause: str,
    problems: dict[int, str],
    sighting: Sighting,
) -> Taken:
    """All records are taken in but those that cannot be stored: these are found by halves and noted in `problems`."""
    if not read:
        return Taken()
    try:
        async with tx.conn.transaction():
            records = [r for _, some in read for r in some]
            return await take_in(tx, connection_id, records, ingesters, cause=cause, sighting=sighting)
    except _GUILTY as refused:
        if len(read) == 1:
            # Without the message: it may quote the record.
            log.warning("record cannot be stored", connection=str(connection_id), why=type(refused).__name__)
            problems[read[0][0]] = f"this cannot be stored: {type(refused).__name__}"
            return Taken()
    half = len(read) // 2
    taken = await take_each(tx, connection_id, read[:half], ingesters, cause, problems, sighting)
    taken += await take_each(tx, connection_id, read[half:], ingesters, cause, problems, sighting)
    return taken


def _kept(raw: RawRecord, problem: str | None) -> tuple[str, RemoteId, bytes, bytes, str | None]:
    body = json.dumps(raw.payload)
    # PostgreSQL's jsonb holds everything but the zero character; the hash is of what came.
    storable = body.replace(b"\\u0000", b"\\ufffd")
    remote_id = RemoteId(raw.remote_id.replace("\x00", "\ufffd"))
    return raw.kind, remote_id, blake2b(body, digest_size=16).digest(), storable, problem
