"""Credentials: sealed in rows, opened here only, renewed early, once, under a row lock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Refused, Unreachable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Client, Given, Tokens
from bookingbridge.canonical.times import rfc3339, text
from bookingbridge.infra import json
from bookingbridge.infra.db import Tx
from bookingbridge.infra.log import get
from bookingbridge.infra.secrets import CannotOpen
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.store import connections, runs
from bookingbridge.sync.store.connections import Connection

log = get(__name__)

MARGIN = timedelta(minutes=15)
COOL_DOWN = timedelta(seconds=30)
"""How long nobody asks again after the vendor did not renew tokens that are still good."""


def _context(connection: Connection, field: str) -> str:
    return f"{connection.business_id}|{connection.id}|{field}"


def seal_tokens(engine: Engine, connection: Connection, tokens: Tokens) -> bytes:
    """The tokens as they are stored, with the time they were issued."""
    body = json.dumps(
        {
            "access": tokens.access,
            "refresh": tokens.refresh,
            "expires_at": text(tokens.expires_at) if tokens.expires_at else None,
            "scopes": list(tokens.scopes),
            "extra": dict(tokens.extra),
            "issued_at": text(engine.clock.now()),
        }
    )
    return engine.vault.seal(body, context=_context(connection, "tokens"))


def open_tokens(engine: Engine, connection: Connection) -> tuple[Tokens, datetime]:
    """The connection's tokens and when they were issued. AuthExpired where there are none that open."""
    if connection.tokens is None:
        raise AuthExpired("this connection holds no credentials")
    try:
        body = msgspec.json.decode(engine.vault.open(connection.tokens, context=_context(connection, "tokens")))
    except CannotOpen as shut:
        raise AuthExpired(str(shut)) from shut
    expires = rfc3339(body["expires_at"]) if body["expires_at"] else None
    tokens = Tokens(body["access"], body["refresh"], expires, tuple(body["scopes"]), body["extra"])
    return tokens, rfc3339(body["issued_at"])


def seal_webhook_secrets(engine: Engine, connection: Connection, secrets: list[str]) -> bytes:
    """Signature keys as they are stored; several while one is being replaced."""
    return engine.vault.seal(json.dumps(secrets), context=_context(connection, "webhooks"))


def webhook_secrets(engine: Engine, connection: Connection) -> list[str]:
    """The signature keys, newest first; none where none were given.

    Unreachable where they do not open: the vendor comes again, perhaps when the key ring is whole.
    """
    if connection.webhook_secrets is None:
        return []
    try:
        opened = engine.vault.open(connection.webhook_secrets, context=_context(connection, "webhooks"))
    except CannotOpen as shut:
        raise Unreachable(f"the signature key of this connection does not open: {shut}", code="sealed") from shut
    found: list[str] = msgspec.json.decode(opened)
    return found


def is_due(tokens: Tokens, issued_at: datetime, now: datetime) -> bool:
    """Whether tokens should be renewed: in the last quarter hour, or, where they live for days, after a fifth of it.

    Square advises renewing 30-day tokens at least every 7 days (OAuth best practices, read 2026-11).
    """
    if tokens.expires_at is None:
        return False
    life = tokens.expires_at - issued_at
    early = issued_at + life / 5 if life > timedelta(days=1) else tokens.expires_at - MARGIN
    return now >= min(early, tokens.expires_at - MARGIN)


async def fresh_tokens(engine: Engine, connection: Connection) -> Tokens:
    """Tokens that are good for a while. Of many callers at once, one asks the vendor; the rest wait and reread."""
    tokens, issued_at = open_tokens(engine, connection)
    if not is_due(tokens, issued_at, engine.clock.now()):
        return tokens
    vendor = engine.vendor(connection.vendor)
    if vendor.oauth is None or connection.auth != "oauth":
        return tokens
    async with engine.db.business(connection.business_id) as tx:
        locked = await connections.get(tx, connection.id, for_update=True)
        if locked is None:
            raise AuthExpired("this connection was removed")
        tokens, issued_at = open_tokens(engine, locked)
        if not is_due(tokens, issued_at, tx.now) or await _is_cooling_down(tx, locked, tokens):
            return tokens
        return await _renew(engine, tx, locked, tokens)


async def _is_cooling_down(tx: Tx, connection: Connection, tokens: Tokens) -> bool:
    """Whether the vendor refused or failed just now, and the tokens last long enough to ask again later."""
    failed_at = await connections.refresh_failed_at(tx, connection.id)
    return _is_good(tokens, tx.now) and failed_at is not None and tx.now - failed_at < COOL_DOWN


def _is_good(tokens: Tokens, now: datetime) -> bool:
    return tokens.expires_at is not None and tokens.expires_at - now > MARGIN


async def _renew(engine: Engine, tx: Tx, connection: Connection, tokens: Tokens) -> Tokens:
    vendor = engine.vendor(connection.vendor)
    assert vendor.oauth is not None
    http = engine.transport(vendor, connection.environment)
    try:
        renewed = await vendor.oauth.refresh(
            http,
            engine.base_url(connection.vendor, connection.environment),
            engine.app(connection.vendor, connection.environment),
            tokens,
            now=tx.now,
        )
    except BridgeError as failed:
        if _is_good(tokens, tx.now):
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


@asynccontextmanager
async def open_client(engine: Engine, connection: Connection, tokens: Tokens | None = None) -> AsyncIterator[Client]:
    """A signed-in client for the connection; with the block it is closed, and its transport too."""
    vendor = engine.vendor(connection.vendor)
    tokens = tokens or await fresh_tokens(engine, connection)
    account = connection.account_remote_id
    http = engine.transport(vendor, connection.environment)
    try:
        client = vendor.open(
            Given(
                base_url=engine.base_url(connection.vendor, connection.environment),
                tokens=tokens,
                account=RemoteId(account) if account else None,
                settings=connection.settings,
                now=engine.clock.now,
                http=http,
            )
        )
        try:
            yield client
        finally:
            await client.close()
    finally:
        await http.close()


async def reseal_all(engine: Engine) -> int:
    """Every stored secret is sealed with the newest key of the ring; how many connections held an older one."""
    async with engine.db.realm("schedule") as tx:
        businesses = await runs.businesses(tx)
    count = 0
    for business_id in businesses:
        async with engine.db.business(business_id) as tx:
            for found in await connections.every(tx):
                count += await _reseal(engine, tx, found.id)
    return count


async def _reseal(engine: Engine, tx: Tx, connection_id: UUID) -> bool:
    locked = await connections.get(tx, connection_id, for_update=True)
    assert locked
    fields = {}
    for name, sealed in (("tokens", locked.tokens), ("webhooks", locked.webhook_secrets)):
        if sealed is None or engine.vault.is_current(sealed):
            continue
        context = _context(locked, name)
        try:
            opened = engine.vault.open(sealed, context=context)
        except CannotOpen as shut:
            log.warning("secret does not open", connection=str(connection_id), of=name, why=str(shut))
            continue
        fields["tokens" if name == "tokens" else "webhook_secrets"] = engine.vault.seal(opened, context=context)
    if fields:
        await connections.change(tx, connection_id, **fields)
    return bool(fields)
