"""One vendor's integration in one shape for all vendors: signing in, runs, health, errors, webhooks.

A business may have several connections of a vendor. Where an operation needs one, `connection` names it; it may be left
out while there is just one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, status
from pydantic import Field
from starlette.requests import Request

from bookingbridge.api.auth import needs
from bookingbridge.api.models import Given, Id, Shown, Text
from bookingbridge.api.operations import operations
from bookingbridge.api.paging import Page, Paging, paging
from bookingbridge.api.v1.connection_life import HealthShown, fares
from bookingbridge.api.v1.integration import EventShown, RunQueued, RunShown, TestShown
from bookingbridge.api.v1.oauth import ConnectionShown, Environment, engine_of
from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.infra.db import Tx
from bookingbridge.sync import connecting, overview, running
from bookingbridge.sync.engine import Engine

router = operations("/integrations", "Integrations", "The same operations for every vendor, by the vendor's name.")

VendorName = Annotated[str, Path(max_length=40, examples=["square"])]
Which = Annotated[UUID | None, Query(description="Which connection, where the vendor has several.")]


class Credentials(Given):
    """Pasted credentials, by the names of the vendor's fields; with `connection` that one is signed in anew."""

    environment: Environment = "production"
    fields: Annotated[dict[str, Text], Field(max_length=10, examples=[{"access_token": "EAAA…"}])]
    connection: Id | None = None


class SignedIn(Shown):
    """The connection, and what its test found."""

    connection: UUID
    test: TestShown


class SyncStatus(Shown):
    """Where a connection's reading stands: the run under way or waiting, the last that ended, and its lag."""

    connection: UUID
    state: str
    says: str
    is_stale: bool
    lag_seconds: int | None
    running: RunShown | None
    last: RunShown | None


class ErrorShown(Shown):
    """One thing that went wrong: a run that failed, a webhook, or a thing that could not be read."""

    connection: UUID
    at: datetime
    of: str
    what: str
    why: str


def _engine(request: Request, vendor: str) -> Engine:
    """The engine, or NotFound where there is no such vendor."""
    engine = engine_of(request)
    engine.vendor(vendor)
    return engine


async def _all(engine: Engine, tx: Tx, vendor: str) -> list[overview.Health]:
    return [h for h in await overview.health(engine, tx) if h.connection.vendor == vendor]


async def _one(engine: Engine, who: Who, vendor: str, connection: UUID | None) -> UUID:
    """The connection meant. NotFound where there is none, Refused where there are several and none was named."""
    own = [c.id for c in await overview.connections_of(engine, who.business_id) if c.vendor == vendor]
    if connection is not None:
        own = [c for c in own if c == connection]
    if not own:
        raise NotFound(f"{engine.vendor(vendor).manifest.title} is not connected")
    if len(own) > 1:
        raise Refused("there are several connections; say which with ?connection=", code="several")
    return own[0]


@router.get("/{vendor}/auth", summary="How the vendor's connections are signed in")
async def auth_status(
    request: Request, vendor: VendorName, who: Who = needs(Permission.SEE_CONNECTIONS)
) -> list[ConnectionShown]:
    """Empty while the vendor is not connected."""
    engine = _engine(request, vendor)
    async with engine.db.business(who.business_id) as tx:
        return [ConnectionShown.of(h) for h in await _all(engine, tx, vendor)]


@router.post("/{vendor}/auth", status_code=status.HTTP_201_CREATED, summary="Connect with pasted credentials")
async def set_up(
    request: Request, vendor: VendorName, given: Credentials, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> SignedIn:
    """The credentials are stored sealed and tested. Vendors with a consent page begin at `POST /oauth/connect`."""
    engine = _engine(request, vendor)
    made = await connecting.connect_with_token(
        engine, who.business_id, vendor=vendor, environment=given.environment, fields=given.fields,
        connection_id=given.connection,
    )  # fmt: skip
    return SignedIn(connection=made, test=TestShown.of(await connecting.test(engine, who.business_id, made)))


@router.delete("/{vendor}/auth", status_code=status.HTTP_204_NO_CONTENT, summary="Disconnect")
async def disconnect(
    request: Request, vendor: VendorName, connection: Which = None, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> None:
    """Access is revoked at the vendor and the secrets are wiped; what was imported stays."""
    engine = _engine(request, vendor)
    await connecting.remove(engine, who.business_id, await _one(engine, who, vendor, connection))


@router.get("/{vendor}/sync", summary="The vendor's runs")
async def history(request: Request, vendor: VendorName, who: Who = needs(Permission.SEE_CONNECTIONS)) -> list[RunShown]:
    """The last fifty, newest first."""
    engine = _engine(request, vendor)
    return [RunShown.of(run) for run in await _runs(engine, who, vendor)]


async def _runs(engine: Engine, who: Who, vendor: str) -> list[overview.Run]:
    async with engine.db.business(who.business_id) as tx:
        own = [h.connection.id for h in await _all(engine, tx, vendor)]
        runs = [run for connection in own for run in await overview.runs_of(tx, connection_id=connection)]
    return sorted(runs, key=lambda run: run.asked_at, reverse=True)[:50]


@router.post("/{vendor}/sync", status_code=status.HTTP_202_ACCEPTED, summary="Read what changed")
async def sync(
    request: Request, vendor: VendorName, connection: Which = None, who: Who = needs(Permission.RUN_SYNC)
) -> RunQueued:
    """Queued; ask for its progress. A run that is under way already is not doubled."""
    return await _ask(request, vendor, connection, who, is_full=False)


@router.post("/{vendor}/full-sync", status_code=status.HTTP_202_ACCEPTED, summary="Read everything again")
async def full_sync(
    request: Request, vendor: VendorName, connection: Which = None, who: Who = needs(Permission.RUN_SYNC)
) -> RunQueued:
    """Queued; ask for its progress."""
    return await _ask(request, vendor, connection, who, is_full=True)


async def _ask(request: Request, vendor: str, connection: UUID | None, who: Who, *, is_full: bool) -> RunQueued:
    engine = _engine(request, vendor)
    meant = await _one(engine, who, vendor, connection)
    async with engine.db.business(who.business_id) as tx:
        return RunQueued(run=await running.ask(tx, meant, is_full=is_full, asked_by=who.client))


@router.get("/{vendor}/sync-status", summary="Where reading stands")
async def sync_status(
    request: Request, vendor: VendorName, who: Who = needs(Permission.SEE_CONNECTIONS)
) -> list[SyncStatus]:
    """One entry per connection of the vendor."""
    engine = _engine(request, vendor)
    async with engine.db.business(who.business_id) as tx:
        return [
            SyncStatus(
                connection=h.connection.id, state=h.connection.state, says=h.says, is_stale=h.is_stale,
                lag_seconds=int(h.age.total_seconds()) if h.age is not None else None,
                running=RunShown.of(h.running) if h.running else None,
                last=RunShown.of(h.last_run) if h.last_run else None,
            )
            for h in await _all(engine, tx, vendor)
        ]  # fmt: skip


@router.get("/{vendor}/health", summary="How the vendor's connections fare")
async def vendor_health(
    request: Request, vendor: VendorName, who: Who = needs(Permission.SEE_CONNECTIONS)
) -> list[HealthShown]:
    """The same story that the Connections page tells."""
    engine = _engine(request, vendor)
    async with engine.db.business(who.business_id) as tx:
        return await fares(engine, tx, vendor=vendor)


@router.get("/{vendor}/operations", summary="What was done for the vendor's connections")
async def list_operations(
    request: Request,
    vendor: VendorName,
    state: Annotated[str | None, Query(pattern="^(queued|running|done|failed|waiting)$")] = None,
    who: Who = needs(Permission.SEE_CONNECTIONS),
) -> list[RunShown]:
    """Runs of every kind: full, of what changed, of webhooks; newest first."""
    engine = _engine(request, vendor)
    return [RunShown.of(run) for run in await _runs(engine, who, vendor) if state in (None, run.state)]


@router.get("/{vendor}/errors", summary="What went wrong")
async def list_errors(
    request: Request, vendor: VendorName, who: Who = needs(Permission.SEE_CONNECTIONS)
) -> list[ErrorShown]:
    """Failed runs, webhooks that failed or were unreadable, and things that could not be read; newest first."""
    engine = _engine(request, vendor)
    found: list[ErrorShown] = []
    async with engine.db.business(who.business_id) as tx:
        for h in await _all(engine, tx, vendor):
            found += await _errors(tx, h.connection.id)
    return sorted(found, key=lambda e: e.at, reverse=True)[:200]


async def _errors(tx: Tx, connection: UUID) -> list[ErrorShown]:
    failed = [run for run in await overview.runs_of(tx, connection_id=connection) if run.error]
    some = [
        ErrorShown(connection=connection, at=run.finished_at or run.asked_at, of="run", what=run.kind, why=run.error)
        for run in failed
    ]
    for state in ("failed", "unreadable"):
        some += [
            ErrorShown(connection=connection, at=e.received_at, of="webhook", what=str(e.id), why=e.outcome)
            for e in await overview.arrivals(tx, connection_id=connection, state=state, limit=100)
        ]
    some += [
        ErrorShown(
            connection=connection, at=raw.received_at, of="payload", what=f"{raw.kind} {raw.remote_id}",
            why=raw.problem or "",
        )
        for _, raw in await overview.odd(tx, connection_id=connection, limit=100)
    ]  # fmt: skip
    return some


@router.get("/{vendor}/webhooks", summary="Webhooks as they came")
async def list_webhooks(
    request: Request,
    vendor: VendorName,
    connection: Which = None,
    state: Annotated[str | None, Query(pattern="^(new|done|failed|unreadable|ignored)$")] = None,
    page: Paging = paging(),
    who: Who = needs(Permission.SEE_CONNECTIONS),
) -> Page[EventShown]:
    """Of one connection, newest first, without bodies. The vendor itself delivers to `/webhooks/{vendor}/{id}`."""
    engine = _engine(request, vendor)
    meant = await _one(engine, who, vendor, connection)
    after = page.after(int)
    async with engine.db.business(who.business_id) as tx:
        rows = await overview.arrivals(
            tx, connection_id=meant, state=state, before=after[0] if after else None, limit=page.limit + 1
        )
    return page.of([EventShown.of(row) for row in rows], key=lambda e: (e.id,))
