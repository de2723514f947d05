"""The door for pages, API and commands: how connections stand, what ran, what arrived. Asks only, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from bookingbridge.canonical.errors import NotFound
from bookingbridge.canonical.ports import Manifest
from bookingbridge.canonical.times import text
from bookingbridge.infra import outbox
from bookingbridge.infra.db import Tx
from bookingbridge.infra.outbox import Told
from bookingbridge.sync import credentials, planning, quality, schedule, vanishing
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.store import connections, findings, inbound, links, raws, runs
from bookingbridge.sync.store.connections import Connection
from bookingbridge.sync.store.findings import Finding
from bookingbridge.sync.store.inbound import Kept
from bookingbridge.sync.store.raws import RawSight
from bookingbridge.sync.store.runs import Run

__all__ = [
    "Connection", "Health", "Kept", "RawSight", "Run", "Told", "arrivals", "as_json", "connection_of",
    "connections_of", "counts", "event", "followed", "health", "health_of", "odd", "problem_counts", "problems",
    "pulse", "raw_of", "raws_of", "record_of", "run_of", "runs_of",
    "sample", "sources_of",
]  # fmt: skip

Tone = Literal["ok", "warn", "bad"]

STALE_AFTER = 3
"""A connection is stale when this many of its regular runs went by without a success."""
WARN_BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Health:
    """How a connection stands, in figures and words. `age` is since the last success; `tone` is ok, warn or bad."""

    connection: Connection
    title: str
    tone: Tone
    says: str
    age: timedelta | None
    is_stale: bool
    inbox: Mapping[str, int]
    last_run: Run | None
    running: Run | None
    has_webhook_key: bool
    takes_webhooks: bool
    findings: Sequence[Finding] = ()


async def connections_of(engine: Engine, business_id: UUID) -> list[Connection]:
    """The business's connections, oldest first; removed ones left out."""
    async with engine.db.business(business_id) as tx:
        return await connections.every(tx)


async def connection_of(engine: Engine, business_id: UUID, connection_id: UUID) -> Connection:
    """The connection, or NotFound."""
    async with engine.db.business(business_id) as tx:
        found = await connections.get(tx, connection_id)
    if found is None or found.state == "removed":
        raise NotFound("there is no such connection")
    return found


async def health(engine: Engine, tx: Tx) -> list[Health]:
    """How each of the business's connections stands now."""
    return [await _health(engine, tx, c) for c in await connections.every(tx)]


async def health_of(engine: Engine, tx: Tx, connection_id: UUID) -> Health:
    """How one connection stands now, or NotFound."""
    found = await connections.get(tx, connection_id)
    if found is None or found.state == "removed":
        raise NotFound("there is no such connection")
    return await _health(engine, tx, found)


async def _health(engine: Engine, tx: Tx, c: Connection) -> Health:
    recent = await runs.recent(tx, connection_id=c.id, limit=5)
    vendor = engine.vendors.get(c.vendor)
    age = tx.now - c.last_success_at if c.last_success_at else None
    is_stale = (
        vendor is not None and c.setup_step > 3 and (age is None or age > await _usual_gap(tx, c, vendor.manifest))
    )
    renews = vendor is not None and credentials.renews_itself(engine, c)
    tone, says = judge(c, tx.now, is_stale=is_stale, renews_itself=renews)
    odd_ones = await findings.are_open(tx, c.id)
    urgent = [f.says for f in odd_ones if f.code in (quality.UNHEARD, vanishing.VANISHED)]
    if tone == "ok" and urgent:
        tone, says = "warn", urgent[0]
    return Health(
        connection=c,
        title=vendor.manifest.title if vendor else "Files",
        tone=tone,
        says=says,
        age=age,
        is_stale=is_stale,
        inbox=await inbound.counts(tx, c.id),
        last_run=next((r for r in recent if r.state in ("done", "failed")), None),
        running=next((r for r in recent if r.state in ("queued", "running", "waiting")), None),
        has_webhook_key=c.webhook_secrets is not None or c.subscription is not None,
        takes_webhooks=vendor is not None and vendor.webhooks is not None,
        findings=odd_ones,
    )


async def _usual_gap(tx: Tx, c: Connection, manifest: Manifest) -> timedelta:
    """How long a connection may be silent: by its plan, at this hour and at that of its last success."""
    mine, here = planning.read(c.plan, manifest), await schedule.zone_of(tx)
    return STALE_AFTER * max(planning.interval(mine, at, here) for at in (tx.now, c.last_success_at or tx.now))


def judge(c: Connection, now: datetime, *, is_stale: bool, renews_itself: bool = False) -> tuple[Tone, str]:
    """A tone (ok, warn, bad) and what it is about, in words. Pure."""
    match c.state:
        case "needs_reauth":
            return "bad", c.state_why or "sign in again"
        case "broken":
            return "bad", c.state_why or "stopped"
        case "degraded" | "rate_limited":
            return "warn", c.state_why or "slow"
        case "paused":
            return "warn", "paused"
    if c.setup_step < 5 and c.environment != "file" and c.last_success_at is None:
        return "warn", "set-up is not finished"
    if c.auth == "token" and not renews_itself and c.token_expires_at and c.token_expires_at - now < WARN_BEFORE:
        days = max((c.token_expires_at - now).days, 0)
        return "warn", f"token ends in {days} day{'' if days == 1 else 's'}"
    if is_stale:
        return "warn", "no news for a while"
    return "ok", "working"


async def runs_of(
    tx: Tx, *, connection_id: UUID | None = None, states: Sequence[str] = (), before: UUID | None = None,
    limit: int = 50,
) -> list[Run]:  # fmt: skip
    """Runs, newest first; of these states only where some are named, asked for before the run `before`."""
    return await runs.recent(tx, connection_id=connection_id, states=states, before=before, limit=limit)


async def run_of(tx: Tx, run_id: UUID) -> Run:
    """The run, or NotFound."""
    found = await runs.get(tx, run_id)
    if found is None:
        raise NotFound("there is no such run")
    return found


async def arrivals(
    tx: Tx, *, connection_id: UUID | None = None, state: str | None = None, before: int | None = None, limit: int = 50
) -> list[Kept]:
    """Webhooks as they came, newest first."""
    return await inbound.recent(tx, connection_id=connection_id, state=state, before=before, limit=limit)


async def event(tx: Tx, event_id: int) -> Kept:
    """One webhook as it came, with what became of it. NotFound."""
    found = await inbound.get(tx, event_id)
    if found is None:
        raise NotFound("there is no such event")
    return found


async def problems(tx: Tx, connection_id: UUID, *, limit: int = 50) -> list[RawSight]:
    """Payloads that could not be read, as they came, newest first."""
    return await raws.recent(tx, connection_id, problems_only=True, limit=limit)


async def problem_counts(tx: Tx) -> dict[UUID, int]:
    """How many things each connection sent that cannot be read and that no later payload replaced."""
    return await raws.count_problems(tx)


async def odd(tx: Tx, *, connection_id: UUID | None = None, limit: int = 50) -> list[tuple[UUID, RawSight]]:
    """What cannot be read and was not replaced by something that can: its connection and the payload, newest first."""
    return await raws.odd(tx, connection_id=connection_id, limit=limit)


async def counts(tx: Tx) -> dict[UUID, dict[str, int]]:
    """How many things of each kind are known, by connection."""
    return await links.counts(tx)


async def followed(tx: Tx, *, before: int | None = None, limit: int = 50) -> list[Told]:
    """What happened in the business and which reactions have acted on it, newest first, before the given id."""
    return await outbox.recent(tx, before=before, limit=limit)


async def raws_of(tx: Tx, connection_id: UUID, kind: str, remote_id: str) -> list[RawSight]:
    """Every content that came for one thing of a connection, newest first. NotFound where none did."""
    found = await raws.of(tx, connection_id, kind, remote_id)
    if not found:
        raise NotFound("nothing was kept of that")
    return found


async def record_of(tx: Tx, connection_id: UUID, kind: str, remote_id: str) -> UUID | None:
    """Our id of a vendor's thing; None where it is not known."""
    return await links.record_of(tx, connection_id, kind, remote_id)


async def pulse(tx: Tx) -> str:
    """A text that is another whenever something about the connections is: cheap to ask, for pages that wait."""
    return await connections.pulse(tx)


async def raw_of(tx: Tx, record_id: UUID) -> list[RawSight]:
    """What vendors sent about a record of ours, newest first."""
    found: list[RawSight] = []
    for connection_id, *_ in await links.sources(tx, record_id):
        found += await raws.recent(tx, connection_id, problems_only=False, limit=10, record_id=record_id)
    return found


async def sources_of(tx: Tx, record_id: UUID) -> list[tuple[UUID, str, str, datetime | None]]:
    """Where a record of ours is known from: (connection id, kind, remote id, last seen)."""
    return await links.sources(tx, record_id)


async def sample(tx: Tx, connection_id: UUID, *, limit: int = 10) -> Sequence[RawSight]:
    """Some payloads of a connection, newest first: the ten rows to check at the end of set-up."""
    return await raws.recent(tx, connection_id, problems_only=False, limit=limit)


def as_json(c: Connection) -> dict[str, Any]:
    """A connection for programs. Nothing secret is in it."""
    return {
        "id": str(c.id), "vendor": c.vendor, "environment": c.environment, "name": c.name, "state": c.state,
        "why": c.state_why, "since": text(c.state_since), "account": c.account_name,
        "last_success_at": text(c.last_success_at) if c.last_success_at else None,
        "last_event_at": text(c.last_event_at) if c.last_event_at else None,
        "token_expires_at": text(c.token_expires_at) if c.token_expires_at else None,
        "granted": list(c.granted), "missing": list(c.missing), "setup_step": c.setup_step,
    }  # fmt: skip


def has_key(engine: Engine, c: Connection) -> bool:
    """Whether webhooks of this connection can be verified."""
    return bool(credentials.webhook_secrets(engine, c))
