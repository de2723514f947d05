"""One connection's page, and what can be done there: read now, pause, sign in anew, store the key, disconnect."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import BridgeError, NotFound, Refused
from bookingbridge.canonical.ports import Auth
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.sync import connecting, running
from bookingbridge.sync.overview import Connection, Health
from bookingbridge.web import sources
from bookingbridge.web.auth import needs, with_toast
from bookingbridge.web.forms import go, posted
from bookingbridge.web.pages.connections import building, health, leaving, wizard
from bookingbridge.web.pages.connections.asking import engine_of, health_of, newest_run, starter_of
from bookingbridge.web.shell import Shell
from bookingbridge.web.ui.parts import Problem

router = APIRouter(include_in_schema=False)
_shell = Shell()
_KEY_SHORTEST = 8


@router.get("/connections/{connection}")
async def page(request: Request, connection: UUID, who: Who = needs(Permission.SEE_CONNECTIONS)) -> Response:
    """The step at which the set-up is, for who may go on with it; else how the connection stands."""
    h = await health_of(request, who, connection)
    c = h.connection
    if c.vendor in engine_of(request).vendors and who.may(Permission.MANAGE_CONNECTIONS) and _is_open(c):
        if c.setup_step < building.DONE - 1:
            return await wizard.show_check(request, who, c)
        newest = await newest_run(request, who, c.id)
        show = wizard.show_rows if newest and newest.state == "done" else wizard.show_import
        return await show(request, who, c)
    if c.state == "needs_reauth" and c.tokens is not None and who.may(Permission.MANAGE_CONNECTIONS):
        h = await _look_again(request, who, h)
    return await _show(request, who, h)


async def _look_again(request: Request, who: Who, h: Health) -> Health:
    """How the connection stands after its vendor was asked once more: who comes back from signing in lands here."""
    engine, c = engine_of(request), h.connection
    try:
        tested = await connecting.test(engine, who.business_id, c.id)
    except Refused:
        return h
    if tested.account is not None and c.setup_step >= building.DONE - 1:
        async with engine.db.business(who.business_id) as tx:
            await running.ask(tx, c.id, is_full=False, asked_by=who.client)
    return await health_of(request, who, c.id)


def _is_open(c: Connection) -> bool:
    """Whether the set-up goes on. One that has lost its credentials waits for those first."""
    return c.setup_step < building.DONE and c.state not in ("needs_reauth", "paused")


async def _show(request: Request, who: Who, h: Health) -> Response:
    engine = engine_of(request)
    async with engine.db.business(who.business_id) as tx:
        view = await health.view(engine, tx, who, h)
    return _shell.show(request, "connections/connection.html", view, title=view.vendor)


@router.post("/connections/{connection}/sync")
async def read_now(request: Request, connection: UUID, who: Who = needs(Permission.RUN_SYNC)) -> Response:
    await _ask(request, who, connection, is_full=False)
    return with_toast(go(f"/connections/{connection}"), "It is being read.")


@router.post("/connections/{connection}/full")
async def read_everything(request: Request, connection: UUID, who: Who = needs(Permission.RUN_SYNC)) -> Response:
    await _ask(request, who, connection, is_full=True)
    return with_toast(go(f"/connections/{connection}"), "Everything is being read again.")


async def _ask(request: Request, who: Who, connection: UUID, *, is_full: bool) -> None:
    engine = engine_of(request)
    h = await health_of(request, who, connection)
    if h.connection.vendor not in engine.vendors:
        raise Refused("Files are read once, when they are imported.")
    if h.connection.account_remote_id is None:
        raise Refused("Finish the set-up first: its account is not known yet.")
    async with engine.db.business(who.business_id) as tx:
        await running.ask(tx, connection, is_full=is_full, asked_by=who.client)


@router.post("/connections/{connection}/pause")
async def pause(request: Request, connection: UUID, who: Who = needs(Permission.RUN_SYNC)) -> Response:
    await connecting.pause(engine_of(request), who.business_id, connection)
    return with_toast(go(f"/connections/{connection}"), "It rests until you resume it.")


@router.post("/connections/{connection}/resume")
async def resume(request: Request, connection: UUID, who: Who = needs(Permission.RUN_SYNC)) -> Response:
    await connecting.resume(engine_of(request), who.business_id, connection, asked_by=who.client)
    return with_toast(go(f"/connections/{connection}"), "It works again; what was missed is being read.")


@router.post("/connections/{connection}/key")
async def store_key(request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)) -> Response:
    """Deliveries signed with the key are admitted; those signed with the one before it, too."""
    engine, key = engine_of(request), (await posted(request)).get("key", "").strip()
    h = await health_of(request, who, connection)
    if not h.takes_webhooks:
        raise Refused(f"{sources.title(h)} sends no webhooks.")
    if not _KEY_SHORTEST <= len(key) <= 500:
        return with_toast(go(f"/connections/{connection}"), "That is not a key: 8 to 500 characters.", "bad")
    await connecting.set_webhook_secret(engine, who.business_id, connection, key)
    async with engine.db.business(who.business_id) as tx:
        await accounts.audit(tx, who, "stored webhook key", str(connection))
    return with_toast(go(f"/connections/{connection}"), "The key is stored; changes are taken in as they come.")


@router.post("/connections/{connection}/disconnect")
async def disconnect(request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)) -> Response:
    """The vendor forgets us, secrets are wiped; what was read stays."""
    engine = engine_of(request)
    h = await health_of(request, who, connection)
    await connecting.remove(engine, who.business_id, connection)
    async with engine.db.business(who.business_id) as tx:
        await accounts.audit(tx, who, "disconnected", str(connection), {"vendor": h.connection.vendor})
    return with_toast(go("/connections"), f"{sources.title(h)} is disconnected. What was read stays.")


@router.get("/connections/{connection}/reconnect")
async def reconnect_page(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Response:  # fmt: skip
    return await _reconnecting(request, await _of_a_vendor(request, who, connection))


@router.post("/connections/{connection}/reconnect")
async def reconnect_with_token(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Response:  # fmt: skip
    """The connection has these credentials. What the vendor refuses changes nothing."""
    engine, given = engine_of(request), await posted(request)
    c = await _of_a_vendor(request, who, connection)
    try:
        await connecting.connect_with_token(
            engine, who.business_id, vendor=c.vendor, environment=c.environment, fields=given, connection_id=c.id
        )
    except NotFound:
        raise
    except BridgeError as wrong:
        return await _reconnecting(request, c, Problem(wrong.why[:1].upper() + wrong.why[1:]))
    async with engine.db.business(who.business_id) as tx:
        await accounts.audit(tx, who, "reconnected", str(c.id))
    return go(f"/connections/{c.id}")


@router.get("/connections/{connection}/reconnect/authorize")
async def authorize(request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)) -> Response:
    """On to the vendor's consent page, which leads back to this connection."""
    c = await _of_a_vendor(request, who, connection)
    return await leaving.to_vendor(
        request,
        who,
        vendor=c.vendor,
        environment=c.environment,
        back=f"/connections/{c.id}/reconnect",
        connection_id=c.id,
    )


async def _reconnecting(request: Request, c: Connection, problem: Problem | None = None) -> Response:
    asked = dict(request.query_params)
    asked.setdefault("way", c.auth if c.auth in tuple(Auth) else "")
    starter = await starter_of(request, c.vendor, c.environment)
    view = building.credentials(engine_of(request), c.vendor, asked, connection=c, problem=problem, starter=starter)
    title = f"Reconnect {view.vendor}"
    return _shell.show(request, "connections/credentials.html", view, title=title, status=422 if problem else 200)


async def _of_a_vendor(request: Request, who: Who, connection: UUID) -> Connection:
    c = (await health_of(request, who, connection)).connection
    if c.vendor not in engine_of(request).vendors:
        raise NotFound("Files have nothing to sign in at.")
    return c
