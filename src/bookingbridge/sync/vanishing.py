"""What a vendor ceases to show is gone: said by a record made from what was last known, and taken in like any other.

A mass of things that vanish at once is more often a mistake of ours or the vendor's than the truth: then none is
touched until the owner confirms it, or the things are back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from bookingbridge.canonical.ids import ConnectionId
from bookingbridge.canonical.ports import Swept
from bookingbridge.canonical.records import RECORDS, Block, Booking, BookingStatus, Customer, Record
from bookingbridge.infra.db import Tx
from bookingbridge.infra.log import get
from bookingbridge.sync.ingesting import Ingester, Sighting
from bookingbridge.sync.reading import take_each
from bookingbridge.sync.store import findings, links, sightings

log = get(__name__)

VANISHED = "vanished"
"""The finding's code; its subject is the kind of thing."""

MASS = 20
"""So many things may vanish at once without question, and more where they are at most half of what was looked at."""

_OVER = frozenset({BookingStatus.CANCELLED, BookingStatus.DECLINED, BookingStatus.NO_SHOW})


@dataclass(frozen=True, slots=True)
class Vanished:
    """What became of what was not seen: how many are gone, and how many of how many were not touched."""

    gone: int = 0
    withheld: int = 0
    of: int = 0


def as_gone(record: Record) -> Record | None:
    """The record as it is said once the vendor has it no more; None for kinds that are left as they are. Pure.

    What takes place no more anyway (cancelled, declined, nobody came) stays as it was.
    """
    match record:
        case Booking():
            return record if record.status in _OVER else replace(record, status=BookingStatus.CANCELLED)
        case Block():
            return replace(record, is_cancelled=True)
        case Customer():
            return replace(record, is_deleted=True)
    return None


def is_mass(going: int, covered: int) -> bool:
    """Whether so many of the things that were looked at cannot be believed to be gone. Pure."""
    return going > MASS and going * 2 > covered


async def sweep(
    tx: Tx, connection_id: ConnectionId, swept: Swept, ingesters: Mapping[str, Ingester], *, cause: str
) -> Vanished:
    """All that the sweep should have shown and did not is gone, or untouched where it is too much to believe.

    Every sighting since `swept.since` must have been noted exactly.
    """
    if swept.kind not in ("booking", "block", "client"):
        return Vanished()
    found = await sightings.unseen(tx, connection_id, swept.kind, swept.since, swept.starts)
    if not found:
        return Vanished()
    known = [r for r in (_record(swept.kind, base) for base in found) if r is not None]
    gone = [(record, after) for record in known if (after := as_gone(record)) is not None]
    going = sum(record != after for record, after in gone)
    covered = await sightings.count_living(tx, connection_id, swept.kind, swept.starts)
    if is_mass(going, covered) and not await _is_confirmed(tx, connection_id, swept.kind, going):
        return Vanished(withheld=going, of=covered)
    problems: dict[int, str] = {}
    read = [(at, [after]) for at, (_, after) in enumerate(gone)]
    await links.lock(tx, connection_id)
    await take_each(tx, connection_id, read, ingesters, cause, problems, Sighting.GONE)
    return Vanished(gone=going - sum(gone[at][0] != gone[at][1] for at in problems))


def _record(kind: str, base: Mapping[str, Any]) -> Record | None:
    """The thing as it was last known. None where an older version of ours wrote it in another shape."""
    try:
        return msgspec.convert(base, RECORDS[kind])
    except msgspec.ValidationError as other:
        log.warning("what was known cannot be read any more", kind=kind, why=str(other))
        return None


async def _is_confirmed(tx: Tx, connection_id: ConnectionId, kind: str, going: int) -> bool:
    finding = await findings.get(tx, connection_id, VANISHED, kind)
    return finding is not None and finding.confirmed_count is not None and going <= finding.confirmed_count + MASS


async def conclude(tx: Tx, connection_id: ConnectionId, title: str, withheld: Mapping[str, tuple[int, int]]) -> str:
    """The findings say what the sweeps of a stream so far left untouched, by kind: (how many, of how many); in words.

    A kind of which nothing was left untouched has no such finding any more.
    """
    says = []
    for kind, (number, of) in withheld.items():
        if not number:
            await findings.close(tx, connection_id, VANISHED, kind)
            continue
        says.append(f"{number} of {of} {title.lower()} are shown no more; they are kept until you confirm it")
        await findings.note(tx, connection_id, VANISHED, kind, says[-1], number, {"of": of})
    return "; ".join(says)
