"""Secrets of connections as they lie in rows: sealed for one connection and one purpose, and opened here only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from bookingbridge.canonical.errors import AuthExpired, Unreachable
from bookingbridge.canonical.ports import Subscription, Tokens
from bookingbridge.canonical.times import rfc3339, text
from bookingbridge.infra import json
from bookingbridge.infra.db import Tx
from bookingbridge.infra.log import get
from bookingbridge.infra.secrets import CannotOpen
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.store import connections, runs
from bookingbridge.sync.store.connections import Connection

log = get(__name__)


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
    found: list[str] = []
    try:
        if connection.webhook_secrets is not None:
            opened = engine.vault.open(connection.webhook_secrets, context=_context(connection, "webhooks"))
            found += msgspec.json.decode(opened)
        if connection.subscription is not None:
            found += _subscription(engine, connection)["secrets"]
    except CannotOpen as shut:
        raise Unreachable(f"the signature key of this connection does not open: {shut}", code="sealed") from shut
    return list(dict.fromkeys(found))


def seal_subscription(
    engine: Engine, connection: Connection, found: Subscription, *, before: Subscription | None
) -> bytes:
    """A registration as it is stored. The key of the one before goes on working: deliveries are under way."""
    keys = [s for s in (found.secret, before.secret if before else None) if s]
    body = {
        "remote_id": found.remote_id, "secret": found.secret, "secrets": list(dict.fromkeys(keys)),
        "expires_at": text(found.expires_at) if found.expires_at else None, "events": list(found.events),
    }  # fmt: skip
    return engine.vault.seal(json.dumps(body), context=_context(connection, "subscription"))


def open_subscription(engine: Engine, connection: Connection) -> Subscription | None:
    """What is registered at the vendor; None where nothing is, or it does not open any more."""
    if connection.subscription is None:
        return None
    try:
        body = _subscription(engine, connection)
    except CannotOpen:
        return None
    expires = rfc3339(body["expires_at"]) if body["expires_at"] else None
    return Subscription(body["remote_id"], body["secret"], expires, tuple(body["events"]))


def _subscription(engine: Engine, connection: Connection) -> dict[str, Any]:
    assert connection.subscription is not None
    opened = engine.vault.open(connection.subscription, context=_context(connection, "subscription"))
    body: dict[str, Any] = msgspec.json.decode(opened)
    return body


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
    columns = {"tokens": "tokens", "webhooks": "webhook_secrets", "subscription": "subscription"}
    for name, column in columns.items():
        sealed = getattr(locked, column)
        if sealed is None or engine.vault.is_current(sealed):
            continue
        context = _context(locked, name)
        try:
            opened = engine.vault.open(sealed, context=context)
        except CannotOpen as shut:
            log.warning("secret does not open", connection=str(connection_id), of=name, why=str(shut))
            continue
        fields[column] = engine.vault.seal(opened, context=context)
    if fields:
        await connections.change(tx, connection_id, **fields)
    return bool(fields)
