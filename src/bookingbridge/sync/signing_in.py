"""Signing in: begun in a browser session, finished there once, or with pasted credentials; sealed on a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.canonical.ports import Account, Auth, Tokens
from bookingbridge.infra.ids import digest, new_id, new_token
from bookingbridge.sync import credentials
from bookingbridge.sync.engine import Engine, Place
from bookingbridge.sync.store import connections
from bookingbridge.sync.store.connections import Connection

STATE_LIVES = timedelta(minutes=10)


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
    http = engine.transport(found, environment, Place())
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
    """The connection that pasted credentials opened; its id. Refused where a required field is empty.

    Where the vendor gives short-lived tokens for them it is asked at once: AuthExpired when it does not take them.
    """
    manifest = engine.vendor(vendor).manifest
    if Auth.TOKEN not in manifest.auth:
        raise Refused(f"{manifest.title} is connected by signing in")
    absent = [f.label for f in manifest.token_fields if f.is_required and not fields.get(f.name, "").strip()]
    if absent:
        raise Refused(f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} needed")
    tokens = await _tokens_for(engine, vendor, environment, fields)
    return await sign_in(
        engine, business_id, vendor=vendor, environment=environment, auth=Auth.TOKEN, tokens=tokens,
        connection_id=connection_id,
    )  # fmt: skip


async def _tokens_for(engine: Engine, name: str, environment: str, fields: Mapping[str, str]) -> Tokens:
    """What is stored of pasted credentials: the first is the token itself, unless the vendor gives one for them."""
    vendor = engine.vendor(name)
    first, *rest = vendor.manifest.token_fields
    pasted = {f.name: fields[f.name].strip() for f in (first, *rest) if fields.get(f.name, "").strip()}
    host = credentials.own_host(vendor, pasted)
    if vendor.sign_in is None:
        kept = {n: value for n, value in pasted.items() if n != first.name or n == vendor.manifest.host_field}
        return Tokens(access=pasted.get(first.name, ""), extra=kept)
    http = engine.transport(vendor, environment, Place(host=host))
    try:
        now = engine.clock.now()
        tokens = await vendor.sign_in(http, engine.base_url(name, environment), pasted, now=now)
    finally:
        await http.close()
    return replace(tokens, extra={**pasted, **tokens.extra})


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
    must_be_among(connection, account)


def must_be_among(connection: Connection, account: Account) -> None:
    if connection.account_remote_id not in reached_by(account):
        raise Refused(
            f"these credentials are of {account.name}, this connection is of {connection.account_name}; "
            "connect the other account by itself",
            code="other_account",
        )


def reached_by(account: Account) -> dict[str, str]:
    """The accounts that a sign-in reaches: remote id to name."""
    return {str(remote): name for remote, name in account.choices} or {str(account.remote_id): account.name}


async def the(engine: Engine, business_id: UUID, connection_id: UUID) -> Connection:
    """The business's connection, or NotFound."""
    async with engine.db.business(business_id) as tx:
        connection = await connections.get(tx, connection_id)
    if connection is None or connection.state == "removed":
        raise NotFound("there is no such connection")
    return connection
