"""Connections: the list, connecting a vendor in four steps, and one connection's page.

The vendor's consent page is opened by a link: a form's redirect there would be stopped by the pages' own policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import BridgeError, NotFound, Refused
from bookingbridge.canonical.ports import Auth
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.sync import connecting
from bookingbridge.sync import overview as sync
from bookingbridge.web.auth import needs
from bookingbridge.web.forms import go, posted
from bookingbridge.web.pages.connections import adjusted, building, connected, leaving, offering, wizard
from bookingbridge.web.pages.connections.asking import engine_of, starter_of
from bookingbridge.web.pages.connections.view import NewView
from bookingbridge.web.shell import Shell
from bookingbridge.web.ui.parts import Problem

router = APIRouter(include_in_schema=False)
_shell = Shell()


@router.get("/connections")
async def connections(request: Request, who: Who = needs(Permission.SEE_CONNECTIONS)) -> Response:
    """The list. `problem` is how a vendor's consent page came back."""
    engine = engine_of(request)
    async with engine.db.business(who.business_id) as tx:
        found, counts, now = await sync.health(engine, tx), await sync.counts(tx), tx.now
    problem = request.query_params.get("problem", "")
    view = building.the_list(engine, who, found, counts, now, problem)
    return _shell.show(request, "connections/list.html", view, title="Connections")


@router.get("/connections/new")
async def new(request: Request, who: Who = needs(Permission.MANAGE_CONNECTIONS)) -> Response:
    view = NewView(offering.groups(engine_of(request)), "/settings/import")
    return _shell.show(request, "connections/new.html", view, title="Connect a source")


@router.get("/connections/new/{vendor}")
async def credentials(
    request: Request, vendor: str, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Response:  # fmt: skip
    return await _credentials(request, vendor, request.query_params)


@router.post("/connections/new/{vendor}")
async def connect(request: Request, vendor: str, who: Who = needs(Permission.MANAGE_CONNECTIONS)) -> Response:
    """With a token: the connection is there when the vendor accepts it. Else the environment is chosen."""
    engine, given = engine_of(request), await posted(request)
    way, environment = building.chosen(engine, vendor, given)
    if way is not Auth.TOKEN:
        return go(f"/connections/new/{vendor}?way={way}&environment={environment}")
    try:
        made = await connecting.connect_with_token(
            engine, who.business_id, vendor=vendor, environment=environment, fields=given
        )
    except NotFound:
        raise
    except Refused as wrong:
        return await _credentials(request, vendor, given, Problem(wrong.why[:1].upper() + wrong.why[1:]))
    problem = await _try_out(request, who, vendor, made)
    if problem is not None:
        return await _credentials(request, vendor, given, problem)
    async with engine.db.business(who.business_id) as tx:
        await accounts.audit(tx, who, "connected", str(made), {"vendor": vendor})
    return go(f"/connections/{made}")


async def _try_out(request: Request, who: Who, vendor: str, made: UUID) -> Problem | None:
    """What speaks against the new connection, which is then gone; None where it works, or cannot be told yet."""
    engine = engine_of(request)
    title = engine.vendor(vendor).manifest.title
    try:
        tested = await connecting.test(engine, who.business_id, made)
        found = await sync.connection_of(engine, who.business_id, made)
        if tested.account is not None or found.state != "needs_reauth":
            return None
        problem = Problem(f"{title} did not accept it: {tested.why}", "Copy it again, whole and without spaces.")
    except BridgeError as wrong:
        problem = Problem(wrong.why[:1].upper() + wrong.why[1:])
    await connecting.remove(engine, who.business_id, made)
    return problem


@router.get("/connections/new/{vendor}/authorize")
async def authorize(request: Request, vendor: str, who: Who = needs(Permission.MANAGE_CONNECTIONS)) -> Response:
    """On to the vendor's consent page, which leads back to the new connection's page."""
    engine = engine_of(request)
    _, environment = building.chosen(engine, vendor, request.query_params)
    return await leaving.to_vendor(
        request, who, vendor=vendor, environment=environment, back=f"/connections/new/{vendor}"
    )


async def _credentials(
    request: Request, vendor: str, asked: Mapping[str, str], problem: Problem | None = None
) -> Response:  # fmt: skip
    engine = engine_of(request)
    _, environment = building.chosen(engine, vendor, asked)
    starter = await starter_of(request, vendor, environment)
    view = building.credentials(engine, vendor, asked, problem=problem, starter=starter)
    title = f"Connect {view.vendor}"
    return _shell.show(request, "connections/credentials.html", view, title=title, status=422 if problem else 200)


router.include_router(wizard.router)
router.include_router(connected.router)
router.include_router(adjusted.router)
