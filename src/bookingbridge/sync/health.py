"""The health of connections as one story for pages and programs: what came, how late, what failed, what ends when."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bookingbridge.canonical.errors import AuthExpired, NotFound, Refused
from bookingbridge.canonical.times import text
from bookingbridge.infra.db import Tx
from bookingbridge.sync import circuit, credentials, overview, running, schedule, subscribing, vanishing
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Tone
from bookingbridge.sync.planning import Plan
from bookingbridge.sync.store import connections, findings, inbound, runs
from bookingbridge.sync.store.connections import Connection
from bookingbridge.sync.store.findings import Finding
from bookingbridge.sync.subscribing import Hearing

__all__ = ["Finding", "Health", "TokenHealth", "as_json", "confirm_vanished", "findings_of", "health", "health_of"]

WARN_BEFORE = overview.WARN_BEFORE


@dataclass(frozen=True, slots=True)
class TokenHealth:
    """How long the credentials are good. `says` is a warning in words, empty where nothing is to be done.

    `age` is since they were issued; `expires_at` None where they do not end. `renews_itself` says that we see to it.
    """

    age: timedelta | None
    expires_at: datetime | None
    renews_itself: bool
    says: str


@dataclass(frozen=True, slots=True)
class Health:
    """How a connection does. Rates and lag are of the last 24 hours.

    `lag`: within what 19 of 20 webhooks were worked off. `overdue`: how long the next reading should have begun.
    `error_rate`: the share of runs and webhooks that failed, from 0 to 1; None where there were none.
    `rests_until`: the vendor did not answer often enough that it is left alone until then.
    `next_sync_at` and `next_full_at` are None where nothing is planned.
    """

    connection: Connection
    title: str
    tone: Tone
    says: str
    is_stale: bool
    last_event_at: datetime | None
    last_sync_at: datetime | None
    lag: timedelta | None
    overdue: timedelta
    runs: int
    runs_failed: int
    webhooks: int
    webhooks_failed: int
    error_rate: float | None
    token: TokenHealth
    hearing: Hearing
    rests_until: datetime | None
    next_sync_at: datetime | None
    next_full_at: datetime | None
    plan: Plan | None
    findings: tuple[Finding, ...]


async def health(engine: Engine, tx: Tx) -> list[Health]:
    """How each of the business's connections does, oldest first."""
    return [await _health(engine, tx, shown) for shown in await overview.health(engine, tx)]


async def health_of(engine: Engine, tx: Tx, connection_id: UUID) -> Health:
    """How one connection does, or NotFound."""
    return await _health(engine, tx, await overview.health_of(engine, tx, connection_id))


async def _health(engine: Engine, tx: Tx, shown: overview.Health) -> Health:
    c = shown.connection
    ran, ran_badly = await runs.tally(tx, c.id)
    came, came_badly, lag = await inbound.pace(tx, c.id)
    due = await schedule.due_of(tx, c.id)
    next_sync_at = due.get(schedule.INCREMENTAL)
    token = _token(engine, c, tx.now, await connections.refresh_failed_at(tx, c.id))
    tone, says = shown.tone, shown.says
    if tone == "ok" and token.says:
        tone, says = "warn", token.says
    return Health(
        connection=c, title=shown.title, tone=tone, says=says, is_stale=shown.is_stale,
        last_event_at=c.last_event_at, last_sync_at=c.last_success_at, lag=lag,
        overdue=max(tx.now - next_sync_at, timedelta()) if next_sync_at else timedelta(),
        runs=ran, runs_failed=ran_badly, webhooks=came, webhooks_failed=came_badly,
        error_rate=(ran_badly + came_badly) / (ran + came) if ran + came else None,
        token=token, hearing=subscribing.hearing(engine, c),
        rests_until=c.circuit_until if circuit.is_open(c, tx.now) else None,
        next_sync_at=next_sync_at, next_full_at=due.get(schedule.FULL),
        plan=schedule.plan_of(engine, c) if c.vendor in engine.vendors else None,
        findings=tuple(shown.findings),
    )  # fmt: skip


def _token(engine: Engine, c: Connection, now: datetime, failed_at: datetime | None) -> TokenHealth:
    """How long the connection's credentials are good, and what its owner is to be warned of."""
    issued_at = None
    with suppress(AuthExpired):  # there are none, or they do not open: the connection's state says so
        _, issued_at = credentials.open_tokens(engine, c)
    renews = c.vendor in engine.vendors and credentials.renews_itself(engine, c)
    return TokenHealth(
        age=now - issued_at if issued_at else None,
        expires_at=c.token_expires_at,
        renews_itself=renews,
        says=forecast(c.token_expires_at, now, renews_itself=renews, failed_at=failed_at),
    )


def forecast(expires_at: datetime | None, now: datetime, *, renews_itself: bool, failed_at: datetime | None) -> str:
    """What the owner is to be warned of, in words; empty where the credentials last or renew themselves. Pure."""
    if expires_at is None or expires_at - now >= WARN_BEFORE:
        return ""
    if renews_itself and (failed_at is None or expires_at <= now):
        return ""  # it is renewed with the next reading
    left = expires_at - now
    when = "has ended" if left <= timedelta() else f"ends in {_span(left)}"
    return f"access {when}{' and was not renewed so far' if renews_itself else ''}; sign in again"


def _span(left: timedelta) -> str:
    number, unit = (left.days, "day") if left >= timedelta(days=1) else (int(left / timedelta(hours=1)), "hour")
    return f"{number} {unit}{'' if number == 1 else 's'}"


async def findings_of(tx: Tx, connection_id: UUID | None = None) -> list[Finding]:
    """What is odd about the business's connections, or one of them, the oldest first."""
    return await findings.are_open(tx, connection_id)


async def confirm_vanished(
    engine: Engine, business_id: UUID, connection_id: UUID, *, asked_by: str, kind: str | None = None
) -> UUID:
    """The owner agrees that what vanished is gone, of all kinds or one; the run that will apply it.

    Refused where nothing waits for a yes. The agreement is for as many things as were missing when it was given.
    """
    async with engine.db.business(business_id) as tx:
        found = await connections.get(tx, connection_id)
        if found is None or found.state == "removed":
            raise NotFound("there is no such connection")
        if not await findings.confirm(tx, connection_id, vanishing.VANISHED, kind):
            raise Refused("nothing waits to be confirmed here")
        return await running.ask(tx, connection_id, is_full=True, asked_by=asked_by)


def as_json(h: Health) -> dict[str, Any]:
    """The health for programs. Times as RFC 3339, spans in whole seconds; nothing secret is in it."""
    return {
        "connection": str(h.connection.id), "vendor": h.connection.vendor, "state": h.connection.state,
        "tone": h.tone, "says": h.says, "is_stale": h.is_stale, "last_event_at": _at(h.last_event_at),
        "last_sync_at": _at(h.last_sync_at), "lag_seconds": _seconds(h.lag), "overdue_seconds": _seconds(h.overdue),
        "runs": h.runs, "runs_failed": h.runs_failed, "webhooks": h.webhooks, "webhooks_failed": h.webhooks_failed,
        "error_rate": h.error_rate, "rests_until": _at(h.rests_until), "next_sync_at": _at(h.next_sync_at),
        "next_full_at": _at(h.next_full_at),
        "token": {
            "age_seconds": _seconds(h.token.age), "expires_at": _at(h.token.expires_at),
            "renews_itself": h.token.renews_itself, "says": h.token.says,
        },
        "webhook": {
            "url": h.hearing.url, "is_registered": h.hearing.is_registered,
            "registers_itself": h.hearing.registers_itself, "expires_at": _at(h.hearing.expires_at),
            "why": h.hearing.why,
        },
        "findings": [
            {"code": f.code, "subject": f.subject, "says": f.says, "count": f.count, "since": text(f.since),
             "last_seen_at": text(f.last_seen_at), "is_confirmed": f.confirmed_count is not None}
            for f in h.findings
        ],
    }  # fmt: skip


def _at(at: datetime | None) -> str | None:
    return text(at) if at else None


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds())
