"""What is done on a connection's page beside reading: settings, times, a test delivery, a yes to what is gone."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import BridgeError, NotFound, Refused
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.sync import connecting, schedule, subscribing
from bookingbridge.sync import health as doing
from bookingbridge.web.auth import needs, with_toast
from bookingbridge.web.forms import go, posted
from bookingbridge.web.pages.connections import adjusting
from bookingbridge.web.pages.connections.asking import engine_of, health_of

router = APIRouter(include_in_schema=False)


def _back(connection: UUID, words: str, *, is_bad: bool = False) -> Response:
    words = words[:1].upper() + words[1:]
    return with_toast(go(f"/connections/{connection}"), words, "bad" if is_bad else "good")


@router.post("/connections/{connection}/settings")
async def change_settings(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Response:  # fmt: skip
    """The vendor's settings are as the form says."""
    engine, given = engine_of(request), await posted(request)
    h = await health_of(request, who, connection)
    settings = engine.vendor(h.connection.vendor).manifest.settings
    try:
        said = adjusting.settings_said(settings, given)
    except Refused as wrong:
        return _back(connection, wrong.why, is_bad=True)
    await connecting.change_settings(engine, who.business_id, connection, said)
    async with engine.db.business(who.business_id) as tx:
        await accounts.audit(tx, who, "changed connection", str(connection), {"settings": sorted(said)})
    return _back(connection, "The settings are saved.")


@router.post("/connections/{connection}/schedule")
async def change_plan(request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)) -> Response:
    """It is read when the form says."""
    engine, said = engine_of(request), adjusting.plan_said(await posted(request))
    try:
        await schedule.change_plan(engine, who.business_id, connection, said)
    except Refused as wrong:
        return _back(connection, adjusting.in_words(wrong.why), is_bad=True)
    async with engine.db.business(who.business_id) as tx:
        await accounts.audit(tx, who, "changed connection", str(connection), {"schedule": said})
    return _back(connection, "It is read at these times from now on.")


@router.post("/connections/{connection}/webhook-test")
async def send_test(request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)) -> Response:
    """The vendor was asked to deliver a test."""
    try:
        await subscribing.send_test(engine_of(request), who.business_id, connection)
    except NotFound:
        raise
    except BridgeError as wrong:
        return _back(connection, wrong.why, is_bad=True)
    return _back(connection, "A test is on its way; it shows among the deliveries.")


@router.post("/connections/{connection}/vanished")
async def confirm_vanished(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Response:  # fmt: skip
    """What vanished is gone; a run applies it."""
    engine, given = engine_of(request), await posted(request)
    try:
        await doing.confirm_vanished(
            engine, who.business_id, connection, asked_by=who.client, kind=given.get("kind") or None
        )
    except Refused as wrong:
        return _back(connection, wrong.why, is_bad=True)
    async with engine.db.business(who.business_id) as tx:
        await accounts.audit(tx, who, "confirmed vanished", str(connection), {"kind": given.get("kind", "")})
    return _back(connection, "Noted. Everything is being read once more to make it so.")
