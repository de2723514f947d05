"""A connection's life: begun, signed in, tested, given its first import, reconnected, removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from psycopg.errors import UniqueViolation

from bookingbridge.canonical.errors import AuthExpired, BridgeError, NotFound, Refused, Unreachable
from bookingbridge.canonical.ports import Account, Auth, Tokens
from bookingbridge.infra.db import Tx
from bookingbridge.infra.ids import digest, new_id, new_token
from bookingbridge.infra.log import get
from bookingbridge.sync import credentials, running
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.store import connections, inbound, links, runs
from bookingbridge.sync.store.connections import Connection

log = get(__name__)

STATE_LIVES = timedelta(minutes=10)
STEPS = ("credentials", "test", "import", "finish")


async def begin_oauth(
    engine: Engine,
    business_id: UUID,
    *,
    vendor: str,
    environment: str,
    session_hash: bytes,
    connection_id: UUID | None = None,
) -> str:
    """The address of the vendor's consent page, bound to this browser session for ten minutes, usable once.

    With `connection_id` that connection is signed in anew and keeps its history. Refused where the host's own app
    credentials are missing.
    """
    found = engine.vendor(vendor)
    if found.oauth is None:
        raise Refused(f"{found.manifest.title} is not connected by signing in")
    if connection_id is not None:
        await _the_same(engine, business_id, connection_id, vendor, environment)
    app = engine.app(vendor, environment)
    base_url = engine.base_url(vendor, environment)
    state, verifier = new_token(), new_token()
    async with engine.db.realm("accounts") as tx:
        await connections.put_oauth_state(
            tx,
            state_hash=digest(state),
            business_id=business_id,
            session_hash=session_hash,
            vendor=vendor,
            environment=environment,
            connection_id=connection_id,
            verifier=engine.vault.seal(verifier.encode(), context=f"oauth|{vendor}"),
            redirect_uri=engine.redirect_uri(),
            expires_at=tx.now + STATE_LIVES,
        )
    return found.oauth.authorize_url(base_url, app, state=state, redirect_uri=engine.redirect_uri(), verifier=verifier)


async def finish_oauth(engine: Engine, *, state: str, code: str, session_hash: bytes) -> tuple[UUID, UUID]:
    """The connection (business id, connection id) that the consent was for, signed in.

    Refused for a state that is unknown, used, expired or of another browser session.
    """
    async with engine.db.realm("accounts") as tx:
        row = await connections.take_oauth_state(tx, digest(state))
        now = tx.now
    if row is None:
        raise Refused("this sign-in was not begun here or is already finished; start again", code="bad_state")
    business_id, begun_by, vendor, environment, connection_id, sealed, redirect_uri, expires_at = row
    if bytes(begun_by) != session_hash:
        raise Refused("this sign-in was begun in another browser; start again", code="bad_state")
    if now > expires_at:
        raise Refused("this sign-in took longer than ten minutes; start again", code="bad_state")
    found = engine.vendor(vendor)
    assert found.oauth is not None
    http = engine.transport(found, environment)
    try:
        tokens = await found.oauth.exchange(
            http,
            engine.base_url(vendor, environment),
            engine.app(vendor, environment),
            code=code,
            redirect_uri=redirect_uri,
            verifier=engine.vault.open(sealed, context=f"oauth|{vendor}").decode(),
            now=now,
        )
    finally:
        await http.close()
    stored = await sign_in(
        engine, business_id, vendor=vendor, environment=environment, auth=Auth.OAUTH, tokens=tokens,
        connection_id=connection_id,
    )  # fmt: skip
    return business_id, stored


async def connect_with_token(
    engine: Engine,
    business_id: UUID,
    *,
    vendor: str,
    environment: str,
    fields: Mapping[str, str],
    connection_id: UUID | None = None,
) -> UUID:
    """The connection that pasted credentials opened; its id. Refused where a required field is empty."""
    manifest = engine.vendor(vendor).manifest
    if Auth.TOKEN not in manifest.auth:
        raise Refused(f"{manifest.title} is connected by signing in")
    absent = [f.label for f in manifest.token_fields if f.is_required and not fields.get(f.name, "").strip()]
    if absent:
        raise Refused(f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} needed")
    first, *rest = manifest.token_fields
    extra = {f.name: fields[f.name].strip() for f in rest if fields.get(f.name, "").strip()}
    tokens = Tokens(access=fields[first.name].strip(), extra=extra)
    return await sign_in(
        engine, business_id, vendor=vendor, environment=environment, auth=Auth.TOKEN, tokens=tokens,
        connection_id=connection_id,
    )  # fmt: skip


async def sign_in(
    engine: Engine,
    business_id: UUID,
    *,
    vendor: str,
    environment: str,
    auth: Auth,
    tokens: Tokens,
    connection_id: UUID | None,
) -> UUID:
    """Tokens are stored sealed, on the given connection or a new one.

    On a given connection they must reach the account it is of: its history is that account's. Else Refused, or
    AuthExpired where the vendor does not take them, and the connection keeps the tokens it had.
    """
    manifest = engine.vendor(vendor).manifest
    if connection_id is not None:
        known = await _the_same(engine, business_id, connection_id, vendor, environment)
        await _must_reach_its_account(engine, known, tokens)
    async with engine.db.business(business_id) as tx:
        if connection_id is None:
            connection_id = new_id(tx.now)
            await connections.add(
                tx, connection_id, vendor=vendor, environment=environment, name=manifest.title, auth=auth
            )
        connection = await connections.get(tx, connection_id, for_update=True)
        if connection is None or connection.state == "removed":
            raise NotFound("there is no such connection")
        await connections.change(
            tx,
            connection_id,
            auth=str(auth),
            tokens=credentials.seal_tokens(engine, connection, tokens),
            token_expires_at=tokens.expires_at,
            refresh_failed_at=None,
            setup_step=max(connection.setup_step, 2),
        )
    return connection_id


async def _the_same(
    engine: Engine, business_id: UUID, connection_id: UUID, vendor: str, environment: str
) -> Connection:
    """The connection to be signed in anew, which must be one of that vendor in that environment."""
    found = await the(engine, business_id, connection_id)
    if (found.vendor, found.environment) != (vendor, environment):
        raise NotFound("there is no such connection")
    return found


async def _must_reach_its_account(engine: Engine, connection: Connection, tokens: Tokens) -> None:
    if connection.account_remote_id is None:
        return
    async with credentials.open_client(engine, connection, tokens) as client:
        account = await client.check()
    _must_be_among(connection, account)


def _must_be_among(connection: Connection, account: Account) -> None:
    if connection.account_remote_id not in _reached(account):
        raise Refused(
            f"these credentials are of {account.name}, this connection is of {connection.account_name}; "
            "connect the other account by itself",
            code="other_account",
        )


def _reached(account: Account) -> dict[str, str]:
    """The accounts that a sign-in reaches: remote id to name."""
    return {str(remote): name for remote, name in account.choices} or {str(account.remote_id): account.name}


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
        _must_be_among(connection, account)
    reached = _reached(account)
    chosen = connection.account_remote_id or (next(iter(reached)) if len(reached) == 1 else None)
    with _each_account_once(reached.get(chosen or "", account.name)):
        async with engine.db.business(business_id) as tx:
            if chosen is not None:
                await _is_of(tx, connection, chosen, reached[chosen])
            await connections.change(tx, connection.id, granted=account.granted, missing=account.missing)
            await connections.set_state(tx, connection.id, "ok" if connection.setup_step > 3 else "new")
            await tx.ring(inbound.bell(business_id, connection_id))
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
    if connection.account_remote_id is None:
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

    Refused where it is not among them, is connected already, or another was chosen before: the history is that one's.
    """
    connection = await the(engine, business_id, connection_id)
    if connection.account_remote_id not in (None, remote_id):
        raise Refused(f"this connection is of {connection.account_name}; connect the other account by itself")
    async with credentials.open_client(engine, connection) as client:
        names = _reached(await client.check())
    if remote_id not in names:
        raise Refused("that account is not among those this sign-in reaches")
    with _each_account_once(names[remote_id]):
        async with engine.db.business(business_id) as tx:
            await _is_of(tx, connection, remote_id, names[remote_id])
            await tx.ring(inbound.bell(business_id, connection_id))


async def start_import(engine: Engine, business_id: UUID, connection_id: UUID, *, asked_by: str) -> UUID:
    """The first (or another) full import is queued and the schedule begun; the run's id."""
    connection = await the(engine, business_id, connection_id)
    if connection.account_remote_id is None:
        raise Refused("test the connection and choose its account first")
    async with engine.db.business(business_id) as tx:
        run_id = await running.ask(tx, connection_id, is_full=True, asked_by=asked_by)
        every = engine.vendor(connection.vendor).manifest.every
        await runs.plan(tx, "sync", connection_id, every, due_at=tx.now + every)
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
        await tx.ring(inbound.bell(business_id, connection_id))
        return await running.ask(tx, connection_id, is_full=False, asked_by=asked_by)


async def remove(engine: Engine, business_id: UUID, connection_id: UUID) -> None:
    """Access is revoked at the vendor, secrets are wiped; what was imported stays, marked as no longer fresh."""
    connection = await the(engine, business_id, connection_id)
    vendor = engine.vendor(connection.vendor)
    if vendor.oauth is not None and connection.auth == Auth.OAUTH and connection.tokens is not None:
        http = engine.transport(vendor, connection.environment)
        try:
            tokens, _ = credentials.open_tokens(engine, connection)
            await vendor.oauth.revoke(
                http,
                engine.base_url(connection.vendor, connection.environment),
                engine.app(connection.vendor, connection.environment),
                tokens,
            )
        except BridgeError as failed:
            log.warning("not revoked at the vendor", connection=str(connection_id), why=failed.why)
        finally:
            await http.close()
    async with engine.db.business(business_id) as tx:
        await connections.remove(tx, connection_id)


async def the(engine: Engine, business_id: UUID, connection_id: UUID) -> Connection:
    """The business's connection, or NotFound."""
    async with engine.db.business(business_id) as tx:
        connection = await connections.get(tx, connection_id)
    if connection is None or connection.state == "removed":
        raise NotFound("there is no such connection")
    return connection
