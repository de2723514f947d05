"""Webhooks that the product registers by itself: after set-up, before they expire, and removed with the connection.

Where a vendor refuses, the reason is kept and the address is shown to copy.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookingbridge.canonical.errors import AuthExpired, BridgeError, NotFound, Refused, Rejected
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Auth, Given, Subscribing, Tokens
from bookingbridge.infra.db import Tx
from bookingbridge.infra.jobs import Bell
from bookingbridge.infra.log import get
from bookingbridge.sync import credentials
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.store import connections
from bookingbridge.sync.store.connections import Connection
from bookingbridge.sync.storing import RESTING

log = get(__name__)

EVERY = timedelta(hours=24)
"""How often a registration is looked after; vendors let them live for a week and longer, or say until when."""

EARLY = timedelta(days=2)
"""A registration that ends within so long is renewed."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """How a connection hears of changes. `url` is the address to register by hand where `is_registered` is False.

    `why` says in words why it could not be registered; it is empty where nothing was tried, or it went well.
    """

    url: str
    takes_webhooks: bool
    registers_itself: bool
    is_registered: bool
    expires_at: datetime | None
    checked_at: datetime | None
    events: tuple[str, ...]
    why: str


def bell(business_id: UUID, connection_id: UUID) -> Bell:
    """Wakes the worker to look after a connection's registration."""
    return Bell(
        "subscribe",
        {"business": str(business_id), "connection": str(connection_id)},
        lock=f"subscribe:{connection_id}",
        debounce=f"subscribe:{connection_id}",
        priority=2,
    )


def hearing(engine: Engine, connection: Connection) -> Hearing:
    """How the connection hears of changes, as far as is known here; the vendor is not asked."""
    vendor = engine.vendors.get(connection.vendor)
    known = credentials.open_subscription(engine, connection)
    return Hearing(
        url=engine.webhook_url(connection.vendor, connection.id),
        takes_webhooks=vendor is not None and vendor.webhooks is not None,
        registers_itself=vendor is not None and vendor.subscribing is not None,
        is_registered=connection.subscription is not None,
        expires_at=connection.subscription_expires_at,
        checked_at=connection.subscription_checked_at,
        events=known.events if known else (),
        why=connection.subscription_why,
    )


async def ensure(engine: Engine, business_id: UUID, connection_id: UUID) -> None:
    """Webhooks are registered for all we want to hear, or the reason is kept why not. Safe to call at any time.

    Unreachable and Throttled pass: try again later. Of many callers at once one asks the vendor.
    """
    connection = await _get(engine, business_id, connection_id)
    if connection is None or connection.state in RESTING or connection.account_remote_id is None:
        return
    subscribing = engine.vendor(connection.vendor).subscribing
    if subscribing is None:
        return
    try:
        tokens = await credentials.fresh_tokens(engine, connection)
        async with engine.db.business(business_id) as tx:
            await connections.hold(tx, connection_id, "subscription")
            await _ensure(engine, tx, connection_id, subscribing, tokens)
    except (Refused, Rejected, AuthExpired) as no:
        async with engine.db.business(business_id) as tx:
            await connections.change(tx, connection_id, subscription_why=no.why, subscription_checked_at=tx.now)
        log.info("webhooks not registered", connection=str(connection_id), vendor=connection.vendor, why=no.why)


async def _ensure(engine: Engine, tx: Tx, connection_id: UUID, subscribing: Subscribing, tokens: Tokens) -> None:
    now = await connections.get(tx, connection_id)
    if now is None or now.state in RESTING or _was_just_done(now, tx.now):
        return
    known = credentials.open_subscription(engine, now)
    async with _given(engine, now, tokens) as given:
        app = _app(engine, now)
        found = await subscribing.ensure(given, app, engine.webhook_url(now.vendor, now.id), known)
    await connections.change(
        tx, connection_id, subscription=credentials.seal_subscription(engine, now, found, before=known),
        subscription_expires_at=found.expires_at, subscription_checked_at=tx.now, subscription_why="",
    )  # fmt: skip
    if known is None or known.remote_id != found.remote_id:
        log.info("webhooks registered", connection=str(connection_id), vendor=now.vendor, until=str(found.expires_at))


def _was_just_done(connection: Connection, now: datetime) -> bool:
    """Whether somebody else has seen to it a moment ago, while this one waited."""
    checked = connection.subscription_checked_at
    return connection.subscription is not None and checked is not None and now - checked < timedelta(seconds=5)


async def remove(engine: Engine, connection: Connection) -> None:
    """The vendor is told to send no more; a vendor that does not answer is not waited for."""
    subscribing = engine.vendor(connection.vendor).subscribing
    if subscribing is None or connection.subscription is None:
        return
    try:
        tokens = await credentials.fresh_tokens(engine, connection)
        if known := credentials.open_subscription(engine, connection):
            async with _given(engine, connection, tokens) as given:
                await subscribing.remove(given, _app(engine, connection), known)
    except BridgeError as failed:
        log.warning("webhooks not removed at the vendor", connection=str(connection.id), why=failed.why)


async def send_test(engine: Engine, business_id: UUID, connection_id: UUID) -> None:
    """The vendor was asked to deliver a test. Refused where it has no such thing or nothing is registered by us."""
    connection = await _get(engine, business_id, connection_id)
    if connection is None or connection.state == "removed":
        raise NotFound("there is no such connection")
    vendor = engine.vendor(connection.vendor)
    if vendor.subscribing is None:
        raise Refused(f"{vendor.manifest.title} sends no test by itself; change something there and watch it arrive")
    known = credentials.open_subscription(engine, connection)
    if known is None:
        raise Refused(connection.subscription_why or "webhooks are not registered yet")
    tokens = await credentials.fresh_tokens(engine, connection)
    async with _given(engine, connection, tokens) as given:
        await vendor.subscribing.send_test(given, _app(engine, connection), known)


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether the registration is to be looked after now: daily, and before it ends. Pure."""
    expires, checked = connection.subscription_expires_at, connection.subscription_checked_at
    if checked is None or now - checked >= EVERY:
        return True
    return expires is not None and expires - now < EARLY and now - checked >= timedelta(hours=1)


def _app(engine: Engine, connection: Connection) -> Mapping[str, str]:
    """The host's own credentials there. Who pasted credentials of their own may do without: what there is, is given."""
    if connection.auth == Auth.OAUTH:
        return engine.app(connection.vendor, connection.environment)
    return engine.apps.get((connection.vendor, connection.environment), {})


async def _get(engine: Engine, business_id: UUID, connection_id: UUID) -> Connection | None:
    async with engine.db.business(business_id) as tx:
        return await connections.get(tx, connection_id)


@asynccontextmanager
async def _given(engine: Engine, connection: Connection, tokens: Tokens) -> AsyncIterator[Given]:
    """What the vendor's registration needs to speak; with the block its transport is closed."""
    http = credentials.transport(engine, connection, tokens)
    account = connection.account_remote_id
    try:
        yield Given(
            base_url=engine.base_url(connection.vendor, connection.environment),
            tokens=tokens,
            account=RemoteId(account) if account else None,
            settings=connection.settings,
            now=engine.clock.now,
            http=http,
        )
    finally:
        await http.close()
