"""Settings of the business: its name and zone, its locations, how it counts. Each tab needs its own permission."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import BridgeError, NotFound, Refused, Unreadable
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import BusinessChanges, LocationChanges, Permission, Who
from bookingbridge.sync import overview as sync
from bookingbridge.sync.engine import Engine
from bookingbridge.web.auth import needs, with_toast
from bookingbridge.web.forms import go, posted
from bookingbridge.web.pages.settings import business_forms, people_routes, publishing_routes, you_routes
from bookingbridge.web.pages.settings.business_forms import Given, whole
from bookingbridge.web.pages.settings.tabs import first_tab, tabs_for
from bookingbridge.web.pages.settings.view import AttributionView, BusinessView, LocationRow, LocationsView
from bookingbridge.web.shell import Shell

router = APIRouter(include_in_schema=False)
router.include_router(people_routes.router)
router.include_router(you_routes.router)
router.include_router(publishing_routes.router)
_shell = Shell()


@router.get("/settings")
async def settings(who: Who = needs(Permission.SEE_SETTINGS)) -> Response:
    return go(first_tab(who))


@router.get("/settings/business")
async def business_page(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    return _business(request, who, {})


@router.post("/settings/business")
async def save_business(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    given = await posted(request)
    name, time_zone, currency, region = (given.get(n) for n in ("name", "time_zone", "currency", "region"))
    changes = BusinessChanges(name, time_zone, currency, region)
    try:
        await accounts.update_business(_engine(request).db, who, changes)
    except (Refused, Unreadable) as wrong:
        return _business(request, who, given, wrong)
    return with_toast(go("/settings/business"), "Saved.")


def _business(request: Request, who: Who, given: Given, wrong: BridgeError | None = None) -> Response:
    form = business_forms.business_form(who.business, given, wrong)
    view = BusinessView(tabs_for(who, "Business"), form)
    return _shell.show(request, "settings/business.html", view, title="Settings", status=422 if wrong else 200)


@router.get("/settings/attribution")
async def attribution_page(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    return _attribution(request, who, {})


@router.post("/settings/attribution")
async def save_attribution(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    """Another window has everything computed again, which the worker does; the pages follow as it goes on."""
    given = await posted(request)
    window = whole(given.get("window_days", ""))
    try:
        await accounts.update_business(
            _engine(request).db, who, BusinessChanges(window_days=window, default_model=given.get("model"))
        )
    except (Refused, Unreadable) as wrong:
        return _attribution(request, who, given, wrong)
    is_other = window != who.business.settings.window_days
    words = "Saved. All visits are being computed again." if is_other else "Saved."
    return with_toast(go("/settings/attribution"), words)


def _attribution(request: Request, who: Who, given: Given, wrong: BridgeError | None = None) -> Response:
    form = business_forms.attribution_form(who.business, given, wrong)
    view = AttributionView(tabs_for(who, "Attribution"), form)
    return _shell.show(request, "settings/attribution.html", view, title="Settings", status=422 if wrong else 200)


@router.get("/settings/locations")
async def locations_page(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    return await _locations(request, who, {})


@router.post("/settings/locations")
async def add_location(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    given = await posted(request)
    try:
        await accounts.add_location(
            _engine(request).db, who, name=given.get("name", ""), address=given.get("address", "")
        )
    except (Refused, Unreadable) as wrong:
        return await _locations(request, who, given, wrong)
    return with_toast(go("/settings/locations"), "The location is added.")


@router.post("/settings/locations/{location_id}")
async def save_location(
    request: Request, location_id: UUID, who: Who = needs(Permission.MANAGE_BUSINESS)
) -> Response:  # fmt: skip
    given = await posted(request)
    changes = LocationChanges(
        name=given.get("name"),
        time_zone=given.get("time_zone"),
        address=given.get("address"),
        is_active=given.get("is_active") == "on",
    )
    try:
        await accounts.update_location(_engine(request).db, who, location_id, changes)
    except NotFound:
        raise
    except (Refused, Unreadable) as wrong:
        return with_toast(go("/settings/locations"), f"Not saved: {wrong.why}", "bad")
    return with_toast(go("/settings/locations"), "Saved.")


async def _locations(request: Request, who: Who, given: Given, wrong: BridgeError | None = None) -> Response:
    view = LocationsView(
        tabs_for(who, "Locations"), await _places(request, who), business_forms.new_location_form(given, wrong)
    )
    return _shell.show(request, "settings/locations.html", view, title="Settings", status=422 if wrong else 200)


async def _places(request: Request, who: Who) -> tuple[LocationRow, ...]:
    """The business's places, each with the titles of the connections that know it."""
    engine = _engine(request)
    names = {c.id: c.name for c in await sync.connections_of(engine, who.business_id)}
    zone = ZoneInfo(who.business.time_zone)
    rows = []
    async with engine.db.business(who.business_id) as tx:
        for place in await accounts.locations(tx):
            known = {connection: names.get(connection) for connection, *_ in await sync.sources_of(tx, place.id)}
            rows.append(business_forms.location_row(place, [name for name in known.values() if name], zone))
    return tuple(rows)


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine
