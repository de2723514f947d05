"""Credentials: renewed early, once, under a row lock; what is spoken to with them, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Refused
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Auth, Client, Given, Tokens, Vendor
from bookingbridge.infra.db import Tx
from bookingbridge.infra.log import get
from bookingbridge.sync.engine import Engine, Place
from bookingbridge.sync.sealing import (
    open_subscription,
    open_tokens,
    reseal_all,
    seal_subscription,
    seal_tokens,
    seal_webhook_secrets,
    webhook_secrets,
)
from bookingbridge.sync.store import connections, runs
from bookingbridge.sync.store.connections import Connection

__all__ = [
    "fresh_tokens", "is_due", "open_client", "open_subscription", "open_tokens", "own_host",
    "renews_itself", "reseal_all",
    "seal_subscription", "seal_tokens", "seal_webhook_secrets", "sign_in_again", "transport", "webhook_secrets",
]  # fmt: skip

log = get(__name__)

_Renewal = Callable[[Any, str, Tokens, datetime], Awaitable[Tokens]]

MARGIN = timedelta(minutes=15)
COOL_DOWN = timedelta(seconds=30)
"""How long nobody asks again after the vendor did not renew tokens that are still good."""


def is_due(tokens: Tokens, issued_at: datetime, now: datetime) -> bool:
    """Whether tokens should be renewed: in the last quarter hour, or, where they live for days, after a fifth of it.

    Those that live for minutes are renewed in the last fifth of their life. Square advises renewing 30-day tokens at
    least every 7 days (OAuth best practices, read 2026-11).
    """
    if tokens.expires_at is None:
        return False
    life = tokens.expires_at - issued_at
    late = tokens.expires_at - min(MARGIN, life / 5)
    return now >= (min(issued_at + life / 5, late) if life > timedelta(days=1) else late)


async def fresh_tokens(engine: Engine, connection: Connection) -> Tokens:
    """Tokens that are good for a while. Of many callers at once, one asks the vendor; the rest wait and reread."""
    tokens, issued_at = open_tokens(engine, connection)
    if not is_due(tokens, issued_at, engine.clock.now()):
        return tokens
    if _renewal(engine, connection) is None:
        return tokens
    async with engine.db.business(connection.business_id) as tx:
        locked = await connections.get(tx, connection.id, for_update=True)
        if locked is None:
            raise AuthExpired("this connection was removed")
        tokens, issued_at = open_tokens(engine, locked)
        is_good = _is_good(tokens, issued_at, tx.now)
        if not is_due(tokens, issued_at, tx.now) or (is_good and await _is_cooling_down(tx, locked)):
            return tokens
        return await _renew(engine, tx, locked, tokens, is_good=is_good)


async def sign_in_again(engine: Engine, connection: Connection, refused: Tokens) -> bool:
    """Whether the pasted credentials gave new tokens after the vendor refused those short-lived ones before their end.

    AuthExpired where it does not accept the credentials any more.
    """
    if engine.vendor(connection.vendor).sign_in is None or connection.auth != Auth.TOKEN:
        return False
    async with engine.db.business(connection.business_id) as tx:
        locked = await connections.get(tx, connection.id, for_update=True)
        if locked is None:
            return False
        tokens, issued_at = open_tokens(engine, locked)
        if tokens.access != refused.access:
            return True
        if tx.now - issued_at < COOL_DOWN:
            return False  # they are as new as can be
        await _renew(engine, tx, locked, tokens, is_good=False)
        return True


async def _is_cooling_down(tx: Tx, connection: Connection) -> bool:
    """Whether the vendor refused or failed just now."""
    failed_at = await connections.refresh_failed_at(tx, connection.id)
    return failed_at is not None and tx.now - failed_at < COOL_DOWN


def _is_good(tokens: Tokens, issued_at: datetime, now: datetime) -> bool:
    """Whether the tokens last long enough to ask for others later."""
    if tokens.expires_at is None:
        return False
    return tokens.expires_at - now > min(MARGIN, (tokens.expires_at - issued_at) / 10)


def renews_itself(engine: Engine, connection: Connection) -> bool:
    """Whether tokens of the connection are renewed without its owner."""
    return _renewal(engine, connection) is not None


def _renewal(engine: Engine, connection: Connection) -> _Renewal | None:
    """How the connection's tokens are renewed; None where they are not."""
    vendor = engine.vendor(connection.vendor)
    oauth, sign_in = vendor.oauth, vendor.sign_in
    if oauth is not None and connection.auth == Auth.OAUTH:

        async def refresh(http: Any, base_url: str, tokens: Tokens, now: datetime) -> Tokens:
            app = engine.app(connection.vendor, connection.environment)
            return await oauth.refresh(http, base_url, app, tokens, now=now)

        return refresh
    if sign_in is not None and connection.auth == Auth.TOKEN:
        names = [f.name for f in vendor.manifest.token_fields]

        async def anew(http: Any, base_url: str, tokens: Tokens, now: datetime) -> Tokens:
            fields = {name: tokens.extra[name] for name in names if name in tokens.extra}
            found = await sign_in(http, base_url, fields, now=now)
            return replace(found, extra={**tokens.extra, **found.extra})

        return anew
    return None


async def _renew(engine: Engine, tx: Tx, connection: Connection, tokens: Tokens, *, is_good: bool) -> Tokens:
    renewal = _renewal(engine, connection)
    assert renewal is not None
    http = transport(engine, connection, tokens)
    try:
        base_url = engine.base_url(connection.vendor, connection.environment)
        renewed = await renewal(http, base_url, tokens, tx.now)
    except BridgeError as failed:
        if is_good:
            log.warning("tokens not renewed", connection=str(connection.id), why=failed.why)
            await connections.change(tx, connection.id, refresh_failed_at=tx.now)
            return tokens
        if isinstance(failed, Refused):
            raise AuthExpired(failed.why) from failed
        raise
    finally:
        await http.close()
    await connections.change(
        tx,
        connection.id,
        tokens=seal_tokens(engine, connection, renewed),
        token_expires_at=renewed.expires_at,
        refresh_failed_at=None,
    )
    log.info("tokens renewed", connection=str(connection.id), until=str(renewed.expires_at))
    return renewed


def transport(engine: Engine, connection: Connection, tokens: Tokens) -> Any:
    """A way to speak to the connection's vendor, also at the address its owner pasted. To be closed."""
    vendor = engine.vendor(connection.vendor)
    place = Place(account=connection.account_remote_id, host=own_host(vendor, tokens.extra))
    return engine.transport(vendor, connection.environment, place)


def own_host(vendor: Vendor, fields: Mapping[str, str]) -> str | None:
    """The host of the address that the owner pasted, in lower case; None for vendors that have no such field.

    Refused where it is no address. Whether it may be reached is for the transport to say.
    """
    name = vendor.manifest.host_field
    if name is None or not fields.get(name, "").strip():
        return None
    pasted = fields[name].strip()
    try:
        parts = urlsplit(pasted if "://" in pasted else f"//{pasted}")
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        host = ""
    if not host or parts.username is not None or parts.password is not None:
        label = next((f.label for f in vendor.manifest.token_fields if f.name == name), name)
        raise Refused(f"{label} is not a usable address", code="invalid_address")
    return host


@asynccontextmanager
async def open_client(engine: Engine, connection: Connection, tokens: Tokens | None = None) -> AsyncIterator[Client]:
    """A signed-in client for the connection; with the block it is closed, and its transport too."""
    vendor = engine.vendor(connection.vendor)
    tokens = tokens or await fresh_tokens(engine, connection)
    account = connection.account_remote_id
    async with engine.db.business(connection.business_id) as tx:
        time_zone = await runs.time_zone(tx)
    http = transport(engine, connection, tokens)
    try:
        client = vendor.open(
            Given(
                base_url=engine.base_url(connection.vendor, connection.environment),
                tokens=tokens,
                account=RemoteId(account) if account else None,
                settings=connection.settings,
                now=engine.clock.now,
                http=http,
                app=engine.apps.get((connection.vendor, connection.environment), {}),
                time_zone=time_zone,
            )
        )
        try:
            yield client
        finally:
            await client.close()
    finally:
        await http.close()
