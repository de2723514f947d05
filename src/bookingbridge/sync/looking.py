"""Looking at a vendor: the things that webhooks named, as they are now, a few at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Rejected, Throttled, Unreachable, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Client, Hint, RawRecord

SIDE_BY_SIDE = 5


@dataclass(slots=True)
class Seen:
    """What the vendor shows for each hint, why it refused to show some, and whose answer did not come."""

    found: dict[Hint, list[RawRecord]] = field(default_factory=dict)
    refused: dict[Hint, str] = field(default_factory=dict)
    silent: dict[Hint, BridgeError] = field(default_factory=dict)


async def look(client: Client, hints: set[Hint]) -> Seen:
    """What the vendor shows for each hint, a few at a time.

    Unreachable where it answers for none of them: then it is the vendor, and not the thing. AuthExpired likewise.
    """
    gate = asyncio.Semaphore(SIDE_BY_SIDE)
    seen = Seen()
    stop: list[BridgeError] = []

    async def look_at(hint: Hint) -> None:
        async with gate:
            if stop:
                seen.silent[hint] = stop[0]
                return
            try:
                seen.found[hint] = await client.fetch(hint.kind, RemoteId(hint.remote_id))
            except (Rejected, Unreadable) as no:
                seen.refused[hint] = no.why
            except (Throttled, Unreachable) as silent:
                seen.silent[hint] = silent
                answers = len(seen.found) + len(seen.refused)
                if isinstance(silent, Throttled) or (not answers and len(seen.silent) >= SIDE_BY_SIDE):
                    stop.append(silent)

    await asyncio.gather(*(look_at(h) for h in hints))
    if seen.silent and not seen.found and not seen.refused:
        raise next(iter(seen.silent.values()))
    return seen


async def is_shut_out(client: Client) -> bool:
    """Whether the vendor refuses us, as a webhook says: it may be an old one, and access was given again since."""
    try:
        await client.check()
    except AuthExpired:
        return True
    return False
