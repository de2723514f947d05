"""Steps 2 to 4 of connecting: test, import, compare. Each can be left and taken up again."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import BridgeError, NotFound, Refused
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.sync import connecting
from bookingbridge.sync import overview as sync
from bookingbridge.sync.connecting import Tested
from bookingbridge.sync.overview import Connection
from bookingbridge.web.auth import needs, with_toast
from bookingbridge.web.forms import go, posted
from bookingbridge.web.pages.connections import adjusting, setting_up
from bookingbridge.web.pages.connections.asking import engine_of, health_of, newest_run
from bookingbridge.web.shell import Shell
from bookingbridge.web.ui.parts import Problem

router = APIRouter(include_in_schema=False)
_shell = Shell()


@router.get("/connections/{connection}/check")
async def check_page(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Response:  # fmt: skip
    return await show_check(request, who, await _of_a_vendor(request, who, connection))


@router.post("/connections/{connection}/check")
async def check_again(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Response:  # fmt: skip
    await _of_a_vendor(request, who, connection)
    return go(f"/connections/{connection}/check")


async def show_check(
    request: Request, who: Who, c: Connection, problem: Problem | None = None
) -> Response:  # fmt: skip
    """Step 2: the vendor is asked now who we are and what we may."""
    engine = engine_of(request)
    try:
        tested = await connecting.test(engine, who.business_id, c.id)
    except BridgeError as wrong:
        tested, problem = Tested(None, wrong.why), Problem(wrong.why[:1].upper() + wrong.why[1:])
    now = await sync.connection_of(engine, who.business_id, c.id)
    view = setting_up.check(engine, now, tested, problem)
    title = f"Connect {view.vendor}"
    return _shell.show(request, "connections/check.html", view, title=title, status=422 if problem else 200)


@router.get("/connections/{connection}/import")
async def import_page(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Response:  # fmt: skip
    return await show_import(request, who, await _of_a_vendor(request, who, connection))


@router.post("/connections/{connection}/import")
async def start_import(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Response:  # fmt: skip
    """Everything the account holds is being read. Of several accounts the one named by `account`."""
    engine, given = engine_of(request), await posted(request)
    c = await _of_a_vendor(request, who, connection)
    try:
        said = adjusting.settings_said(engine.vendor(c.vendor).manifest.settings, given)
        if said:
            await connecting.change_settings(engine, who.business_id, c.id, said)
        if given.get("account") and given["account"] != c.account_remote_id:
            await connecting.choose_account(engine, who.business_id, c.id, given["account"])
        await connecting.start_import(engine, who.business_id, c.id, asked_by=who.client)
    except NotFound:
        raise
    except BridgeError as wrong:
        return await show_check(request, who, c, Problem(wrong.why[:1].upper() + wrong.why[1:]))
    async with engine.db.business(who.business_id) as tx:
        await accounts.audit(tx, who, "started import", str(c.id))
    return go(f"/connections/{c.id}/import")


async def show_import(request: Request, who: Who, c: Connection) -> Response:
    """Step 3."""
    view = setting_up.import_view(engine_of(request), c, await newest_run(request, who, c.id))
    return _shell.show(request, "connections/import.html", view, title=f"Connect {view.vendor}")


@router.get("/connections/{connection}/import/progress")
async def progress(
    request: Request, connection: UUID, who: Who = needs(Permission.SEE_CONNECTIONS)
) -> Response:  # fmt: skip
    """How far the newest run is: a fragment that asks for itself."""
    c = await _of_a_vendor(request, who, connection)
    view = setting_up.progress(engine_of(request), c, await newest_run(request, who, c.id))
    return _shell.fragment(request, "connections/progress.html", view)


@router.get("/connections/{connection}/rows")
async def rows_page(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Response:  # fmt: skip
    return await show_rows(request, who, await _of_a_vendor(request, who, connection))


async def show_rows(request: Request, who: Who, c: Connection) -> Response:
    """Step 4."""
    engine = engine_of(request)
    async with engine.db.business(who.business_id) as tx:
        view = await setting_up.rows(engine, tx, who, c)
    return _shell.show(request, "connections/rows.html", view, title=f"Connect {view.vendor}")


@router.post("/connections/{connection}/finish")
async def finish(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Response:  # fmt: skip
    """The set-up is over."""
    engine = engine_of(request)
    c = await _of_a_vendor(request, who, connection)
    await connecting.finish(engine, who.business_id, c.id)
    title = engine.vendor(c.vendor).manifest.title
    return with_toast(go(f"/connections/{c.id}"), f"{title} is connected.")


async def _of_a_vendor(request: Request, who: Who, connection: UUID) -> Connection:
    """The connection, or NotFound; Refused for one that files made, which needs no set-up."""
    c = (await health_of(request, who, connection)).connection
    if c.vendor not in engine_of(request).vendors:
        raise Refused("This connection was made by importing files; there is nothing to set up.")
    return c
