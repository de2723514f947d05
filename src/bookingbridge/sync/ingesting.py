"""Records become rows: each gets our id, what is old or unchanged is left out, and the rest goes to its domain.

Everything here happens in the caller's transaction: rows, links, raw payloads, events, and the caller's cursor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from hashlib import blake2b
from typing import Any, Generic, TypeVar
from uuid import UUID

from bookingbridge.canonical.events import Batch
from bookingbridge.canonical.ids import ConnectionId, RemoteId
from bookingbridge.canonical.records import RECORDS, Record, Ref
from bookingbridge.infra import json
from bookingbridge.infra.db import Tx
from bookingbridge.infra.ids import new_id
from bookingbridge.sync.store import links

R = TypeVar("R", bound=Record)

EVENT_SIZE = 2_000
"""How many ids one event carries at most, so that no reaction takes long."""


@dataclass(frozen=True, slots=True)
class Identified(Generic[R]):
    """A record with our id for it, our ids for all it mentions, and the connection it came by."""

    id: UUID
    record: R
    refs: Mapping[Ref, UUID]
    connection_id: UUID

    def ref(self, kind: str, remote_id: str | None) -> UUID | None:
        """Our id of a mentioned record; None where nothing is mentioned."""
        return self.refs[kind, RemoteId(remote_id)] if remote_id else None


Ingester = Callable[[Tx, Sequence[Identified[Any]]], Awaitable[Sequence[Batch]]]
"""A domain's door for records of one kind: rows are written, and what happened is returned to be announced."""


class Sighting(Enum):
    """How well it is noted that a thing is there: to the hour, each time, or that it is there no more."""

    HOURLY = "hourly"
    EXACT = "exact"
    GONE = "gone"


@dataclass(slots=True)
class Taken:
    """How many records were new, changed, the same as known, or older than known; and those that were written."""

    new: int = 0
    changed: int = 0
    same: int = 0
    stale: int = 0
    written: list[Record] = field(default_factory=list, compare=False, repr=False)

    def __iadd__(self, other: Taken) -> Taken:
        self.new += other.new
        self.changed += other.changed
        self.same += other.same
        self.stale += other.stale
        self.written += other.written
        return self


async def take_in(
    tx: Tx,
    connection_id: ConnectionId,
    records: Iterable[Record],
    ingesters: Mapping[str, Ingester],
    *,
    cause: str = "",
    sighting: Sighting = Sighting.HOURLY,
) -> Taken:
    """All records are stored with their links, and events announced, when the transaction commits."""
    by_kind = _newest_by_kind(records)
    if not by_kind:
        return Taken()
    await links.lock(tx, connection_id)
    wanted = {(kind, r.remote_id) for kind, batch in by_kind.items() for r in batch}
    wanted |= {ref for batch in by_kind.values() for r in batch for ref in r.mentions()}
    known = await links.known(tx, connection_id, wanted)
    minted = {ref: links.Link(new_id(tx.now)) for ref in wanted if ref not in known}
    refs = {ref: link.record_id for ref, link in {**known, **minted}.items()}
    taken, happened, seen = Taken(), list[Batch](), list[links.Seen]()
    for kind in sorted(by_kind, key=_ORDER.__getitem__):
        batch = list[Identified[Record]]()
        for record in by_kind[kind]:
            ref = (kind, record.remote_id)
            body = json.dumps(record)
            content = blake2b(body, digest_size=16).digest()
            match _compare(record, content, known.get(ref)):
                case "stale":
                    taken.stale += 1
                    if sighting is Sighting.EXACT:
                        seen.append(links.Seen(ref, refs[ref]))  # old news, yet of a thing that is there
                case "same":
                    taken.same += 1
                    seen.append(links.Seen(ref, refs[ref]))
                case verdict:
                    taken.new += verdict == "new"
                    taken.changed += verdict == "changed"
                    seen.append(links.Seen(ref, refs[ref], record.version, record.changed_at, body, content))
                    batch.append(Identified(refs[ref], record, refs, connection_id))
                    taken.written.append(record)
        if batch:
            happened += await ingesters[kind](tx, batch)
    told = {s.ref for s in seen}
    placeholders = [links.Seen(ref, link.record_id) for ref, link in minted.items() if ref not in told]
    await links.remember(
        tx, connection_id, seen, placeholders, is_exact=sighting is Sighting.EXACT, is_gone=sighting is Sighting.GONE
    )
    for event in _chunks(happened):
        await tx.announce(event, cause=cause)
    return taken


_KINDS = (
    "location", "staff", "service", "client", "campaign", "booking", "block", "payment", "refund", "dispute", "payout",
    "payout_entry", "ad_day", "touch",
)  # fmt: skip
_ORDER = {kind: i for i, kind in enumerate(_KINDS)}
assert set(_ORDER) == set(RECORDS)


def _newest_by_kind(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Each thing once, in its newest form; the last one said wins where nothing tells which is newer."""
    kept: dict[str, dict[str, Record]] = defaultdict(dict)
    for record in records:
        before = kept[record.kind].get(record.remote_id)
        if before is None or not _is_older(record, before.version, before.changed_at):
            kept[record.kind][record.remote_id] = record
    return {kind: list(batch.values()) for kind, batch in kept.items() if batch}


def _is_older(record: Record, version: int | None, changed_at: datetime | None) -> bool:
    if record.version is not None and version is not None and record.version != version:
        return record.version < version
    if record.changed_at is not None and changed_at is not None:
        return record.changed_at < changed_at
    return False


def _compare(record: Record, content: bytes, link: links.Link | None) -> str:
    if link is None or link.content_hash is None:
        return "new"
    if link.content_hash == content:
        return "same"
    if link.is_gone:
        return "changed"  # it is back, whatever version it brings
    return "stale" if _is_older(record, link.remote_version, link.changed_at) else "changed"


def _chunks(happened: Sequence[Batch]) -> list[Batch]:
    merged: dict[type[Batch], dict[UUID, None]] = defaultdict(dict)
    for event in happened:
        merged[type(event)].update(dict.fromkeys(event.ids))
    return [
        replace(event(()), ids=tuple(ids)[i : i + EVENT_SIZE])
        for event, found in merged.items()
        for ids in [tuple(found)]
        for i in range(0, len(ids), EVENT_SIZE)
    ]
