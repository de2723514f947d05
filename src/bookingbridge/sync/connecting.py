"""A connection's life: signed in, tested, given its first import, reconnected, paused, removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from psycopg.errors import UniqueViolation

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Refused, Unreachable
from bookingbridge.canonical.ports import Account, Auth
from bookingbridge.infra.db import Tx
from bookingbridge.infra.log import get
from bookingbridge.sync import credentials, running, schedule, subscribing
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.signing_in import (
    begin_oauth,
    connect_with_token,
    finish_oauth,
    must_be_among,
    reached_by,
    sign_in,
    the,
)
from bookingbridge.sync.store import connections, inbound, links
from bookingbridge.sync.store.connections import Connection

__all__ = [
    "STEPS", "Tested", "begin_oauth", "change_settings", "choose_account", "connect_with_token", "finish",
    "finish_oauth", "pause", "remove", "resume", "set_webhook_secret", "sign_in", "start_import", "test", "the",
]  # fmt: skip

log = get(__name__)

STEPS = ("credentials", "test", "import", "finish")


@dataclass(frozen=True, slots=True)
class Tested:
    """What a test of a connection found: the account, or why there is none."""

    account: Account | None
    why: str


async def test(engine: Engine, business_id: UUID, connection_id: UUID) -> Tested:
    """The vendor was asked who we are; account and permissions are noted, and the state follows the answer."""
    connection = await the(engine, business_id, connection_id)
    try:
        async with credentials.open_client(engine, connection) as client:
            account = await client.check()
    except BridgeError as failed:
        state = "needs_reauth" if isinstance(failed, AuthExpired) else "degraded"
        async with engine.db.business(business_id) as tx:
            await connections.set_state(tx, connection_id, state, failed.why)
        return Tested(None, failed.why)
    if connection.account_remote_id is not None:
        must_be_among(connection, account)
    reached = reached_by(account)
    chosen = connection.account_remote_id or (next(iter(reached)) if len(reached) == 1 else None)
    with _each_account_once(reached.get(chosen or "", account.name)):
        async with engine.db.business(business_id) as tx:
            if chosen is not None:
                await _is_of(tx, connection, chosen, reached[chosen])
            await connections.change(tx, connection.id, granted=account.granted, missing=account.missing)
            await connections.set_state(tx, connection.id, "ok" if connection.setup_step > 3 else "new")
            await inbound.wake(tx.conn, business_id, connection_id)
    return Tested(account, "")


async def _is_of(tx: Tx, connection: Connection, chosen: str, name: str) -> None:
    """The connection is of that account. What a removed connection of the same account brought is its own now."""
    same = [
        c for c in await connections.every(tx, vendor=connection.vendor, with_removed=True)
        if (c.environment, c.account_remote_id) == (connection.environment, chosen) and c.id != connection.id
    ]  # fmt: skip
    if any(c.state != "removed" for c in same):
        raise _connected_already(name)
    await connections.change(
        tx, connection.id, account_remote_id=chosen, account_name=name, setup_step=max(connection.setup_step, 3)
    )
    if not await links.are_there(tx, connection.id):
        for left in same:
            await links.inherit(tx, connection.id, left.id)


def _connected_already(name: str) -> Refused:
    return Refused(f"{name} is connected already; reconnect that connection instead", code="connected")


@contextmanager
def _each_account_once(name: str) -> Iterator[None]:
    """Two that connect the same account in the same moment: the second is told so, as if it had come later."""
    try:
        yield
    except UniqueViolation as twin:
        raise _connected_already(name) from twin


async def choose_account(engine: Engine, business_id: UUID, connection_id: UUID, remote_id: str) -> None:
    """Of several accounts that one sign-in reaches, this one is meant.

    Refused where it is not among them, is connected already, or things of another came in: the history is that one's.
    """
    connection = await the(engine, business_id, connection_id)
    async with engine.db.business(business_id) as tx:
        is_decided = connection.account_remote_id is not None and await links.are_there(tx, connection_id)
    if is_decided and connection.account_remote_id != remote_id:
        raise Refused(f"this connection is of {connection.account_name}; connect the other account by itself")
    async with credentials.open_client(engine, connection) as client:
        names = reached_by(await client.check())
    if remote_id not in names:
        raise Refused("that account is not among those this sign-in reaches")
    with _each_account_once(names[remote_id]):
        async with engine.db.business(business_id) as tx:
            await _is_of(tx, connection, remote_id, names[remote_id])
            await inbound.wake(tx.conn, business_id, connection_id)


async def start_import(engine: Engine, business_id: UUID, connection_id: UUID, *, asked_by: str) -> UUID:
    """The first (or another) full import is queued and the schedule begun; the run's id."""
    connection = await the(engine, business_id, connection_id)
    if connection.account_remote_id is None:
        raise Refused("test the connection and choose its account first")
    async with engine.db.business(business_id) as tx:
        run_id = await running.ask(tx, connection_id, is_full=True, asked_by=asked_by)
        await schedule.plan(engine, tx, connection)
        await tx.ring(subscribing.bell(business_id, connection_id))
        await connections.change(tx, connection_id, setup_step=max(connection.setup_step, 4))
    return run_id


async def finish(engine: Engine, business_id: UUID, connection_id: UUID) -> None:
    """The owner has looked and is content: set-up is over."""
    connection = await the(engine, business_id, connection_id)
    async with engine.db.business(business_id) as tx:
        await connections.change(tx, connection_id, setup_step=5)
        if connection.state == "new":
            await connections.set_state(tx, connection_id, "ok")


async def set_webhook_secret(engine: Engine, business_id: UUID, connection_id: UUID, secret: str) -> None:
    """Deliveries signed with this key are admitted; the previous key goes on working beside it."""
    connection = await the(engine, business_id, connection_id)
    if not secret.strip():
        raise Refused("the signature key is empty")
    try:
        before = credentials.webhook_secrets(engine, connection)
    except Unreachable:
        before = []  # it can be replaced although it does not open any more
    kept = list(dict.fromkeys([secret.strip(), *before]))[:2]
    async with engine.db.business(business_id) as tx:
        await connections.change(
            tx, connection_id, webhook_secrets=credentials.seal_webhook_secrets(engine, connection, kept)
        )


async def change_settings(engine: Engine, business_id: UUID, connection_id: UUID, settings: Mapping[str, str]) -> None:
    """The vendor's own settings of the connection, such as how far back to read."""
    connection = await the(engine, business_id, connection_id)
    async with engine.db.business(business_id) as tx:
        await connections.change(tx, connection_id, settings={**connection.settings, **settings})


async def pause(engine: Engine, business_id: UUID, connection_id: UUID) -> None:
    """Nothing is read any more until it is resumed; webhooks are kept meanwhile."""
    await the(engine, business_id, connection_id)
    async with engine.db.business(business_id) as tx:
        await connections.set_state(tx, connection_id, "paused", "paused by hand")


async def resume(engine: Engine, business_id: UUID, connection_id: UUID, *, asked_by: str) -> UUID:
    """The connection works again, what was missed is read, and what webhooks said meanwhile is looked at; the run."""
    connection = await the(engine, business_id, connection_id)
    async with engine.db.business(business_id) as tx:
        if connection.state == "paused":
            await connections.set_state(tx, connection_id, "ok", wakes=True)
        await inbound.wake(tx.conn, business_id, connection_id)
        return await running.ask(tx, connection_id, is_full=False, asked_by=asked_by)


async def remove(engine: Engine, business_id: UUID, connection_id: UUID) -> None:
    """Access is revoked at the vendor, secrets are wiped; what was imported stays, marked as no longer fresh.

    Where another connection may live of the same account's consent it is not revoked: vendors take back all of it.
    """
    connection = await the(engine, business_id, connection_id)
    await subscribing.remove(engine, connection)
    if connection.auth == Auth.OAUTH and connection.tokens is not None and not await _is_shared(engine, connection):
        try:
            await _revoke(engine, connection)
        except BridgeError as failed:
            log.warning("not revoked at the vendor", connection=str(connection_id), why=failed.why)
    async with engine.db.business(business_id) as tx:
        await connections.remove(tx, connection_id)


async def _revoke(engine: Engine, connection: Connection) -> None:
    oauth = engine.vendor(connection.vendor).oauth
    if oauth is None:
        return
    tokens, _ = credentials.open_tokens(engine, connection)
    app = engine.app(connection.vendor, connection.environment)
    http = credentials.transport(engine, connection, tokens)
    try:
        await oauth.revoke(http, engine.base_url(connection.vendor, connection.environment), app, tokens)
    finally:
        await http.close()


async def _is_shared(engine: Engine, connection: Connection) -> bool:
    """Whether another of the business's connections is, or may yet turn out to be, of the same account."""
    async with engine.db.business(connection.business_id) as tx:
        others = [c for c in await connections.every(tx, vendor=connection.vendor) if c.id != connection.id]
    mine = connection.account_remote_id
    return any(
        c.environment == connection.environment and (None in (mine, c.account_remote_id) or c.account_remote_id == mine)
        for c in others
    )
