"""The first run: a business, its locations, the booking system, the script, what to ask; each step can be left."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import BridgeError, NotFound, Refused, Unreadable
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import BusinessChanges, NewBusiness, Permission, Who
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import NewLink
from bookingbridge.infra.db import Tx
from bookingbridge.sync import overview as sync
from bookingbridge.sync.engine import Engine
from bookingbridge.web import format as fmt
from bookingbridge.web import publishing, setup
from bookingbridge.web.auth import Caller, needs, person_behind, signed_in, with_toast
from bookingbridge.web.forms import go, posted
from bookingbridge.web.pages.welcome import building
from bookingbridge.web.pages.welcome.view import StartView
from bookingbridge.web.setup import SetupStep
from bookingbridge.web.shell import Shell
from bookingbridge.web.ui.parts import Notice

router = APIRouter(include_in_schema=False)
_shell = Shell()
_TITLE = "Welcome"
_IN_DEMO = Notice("You are in the demo shop", "Your own business is kept apart from it; change between them any time.")


@router.get("/welcome")
async def welcome(request: Request, caller: Caller = signed_in()) -> Response:
    """The doors where there is no business of one's own yet, else the list of steps."""
    person = person_behind(caller)
    if not isinstance(caller, Who):
        has_demo = any(b.is_demo for b in person.businesses)
        return _shell.show(request, "welcome/start.html", StartView(has_demo), title="Welcome to BookingBridge")
    if caller.business.is_demo and caller.may(Permission.MANAGE_BUSINESS):
        return _shell.show(request, "welcome/start.html", StartView(False, _IN_DEMO), title="Set up your business")
    if not caller.may(Permission.MANAGE_CONNECTIONS):
        return go("/")
    engine = _engine(request)
    people = len(await accounts.members(engine.db, caller)) if caller.may(Permission.MANAGE_TEAM) else None
    async with engine.db.business(caller.business_id) as tx:
        steps = await setup.steps(engine, tx, caller.business, await sync.health(engine, tx), people=people)
        view = await building.plan(tx, caller, steps)
    return _shell.show(request, "welcome/plan.html", view, title="Set up")


@router.post("/welcome/start")
async def start(request: Request, caller: Caller = signed_in()) -> Response:
    """Into the demo shop, or on to one's own business."""
    person = person_behind(caller)
    if (await posted(request)).get("choice") != "demo":
        return go("/welcome/business?new=1")
    demo = next((b for b in person.businesses if b.is_demo), None)
    if demo is None:
        raise NotFound("There is no demo shop on this server.")
    await accounts.switch_business(_engine(request).db, person, demo.id)
    return go("/")


@router.get("/welcome/business")
async def business_page(request: Request, caller: Caller = signed_in()) -> Response:
    return await _business(request, _at(request.query_params, caller), {})


@router.post("/welcome/business")
async def save_business(request: Request, caller: Caller = signed_in()) -> Response:
    """A new business with this person as its owner, or the present one changed."""
    given, engine = await posted(request), _engine(request)
    who = _at(given, caller)
    name, time_zone, currency, region = (given.get(n, "") for n in ("name", "time_zone", "currency", "region"))
    try:
        if who is None:
            await accounts.create_business(
                engine.db,
                person_behind(caller),
                NewBusiness(
                    name,
                    time_zone,
                    currency,
                    region,
                    is_demo=getattr(request.app.state.settings, "is_demo", False),
                ),
            )
        else:
            await accounts.update_business(engine.db, who, BusinessChanges(name, time_zone, currency, region))
    except (Refused, Unreadable) as wrong:
        if wrong.code == "forbidden":
            raise
        return await _business(request, who, given, wrong)
    return go("/welcome/locations")


@router.get("/welcome/locations")
async def locations_page(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    return await _locations(request, who, {})


@router.post("/welcome/locations")
async def add_location(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    given = await posted(request)
    try:
        await accounts.add_location(
            _engine(request).db, who, name=given.get("name", ""), address=given.get("address", "")
        )
    except (Refused, Unreadable) as wrong:
        return await _locations(request, who, given, wrong)
    return go("/welcome/locations")


@router.get("/welcome/tracking")
async def tracking_page(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    return await _tracking(request, who)


@router.post("/welcome/tracking/site")
async def add_site(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    """The site has its script's key, and two tagged links lead to it."""
    given = await posted(request)
    address = given.get("address", "").strip()
    address = address if "://" in address else f"https://{address}"
    try:
        host = urlsplit(address).hostname or ""
        async with _engine(request).db.business(who.business_id) as tx:
            consent = given.get("consent", "required")
            await journeys.create_site(tx, host or address, hosts=[address], consent=consent)
            for link in _first_links(address):
                await journeys.create_link(tx, link)
            await accounts.audit(tx, who, "added site", host)
    except (Refused, ValueError) as failed:
        wrong = failed if isinstance(failed, Refused) else Refused("This is not the address of a website.")
        return await _tracking(request, who, given, wrong)
    return with_toast(go("/welcome/tracking"), "The script and two tagged links are made.")


def _first_links(address: str) -> tuple[NewLink, ...]:
    return (
        NewLink(
            "link", "Google Business Profile", address, channel="google_business_profile", source="google",
            medium="organic", campaign="profile",
        ),
        NewLink("qr", "Flyer", address, channel="offline", source="flyer", medium="print", campaign="flyer"),
    )  # fmt: skip


@router.post("/welcome/tracking/test")
async def look_for_touches(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    """Says whether anything has come."""
    async with _engine(request).db.business(who.business_id) as tx:
        newest, now = await journeys.newest(tx), tx.now
    if newest is None:
        return with_toast(
            go("/welcome/tracking"), "Nothing has come yet. Open your site once, then test again.", "warn"
        )
    return with_toast(go("/welcome/tracking"), f"It works: the last touch came {fmt.age(newest, now)}.")


@router.post("/welcome/tracking/answers")
async def save_answers(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    answers = publishing.answers_in((await posted(request)).get("answers", ""))
    await accounts.update_business(_engine(request).db, who, BusinessChanges(settings_extra={setup.ANSWERS: answers}))
    return with_toast(go("/welcome/tracking"), "The answers are saved.")


@router.post("/welcome/skip")
async def skip(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    """The step is not asked for any more; it can still be done."""
    step = (await posted(request)).get("step", "")
    skipped = sorted({*who.business.settings.extra.get(setup.SKIPPED, ()), step[:40]})
    await accounts.update_business(_engine(request).db, who, BusinessChanges(settings_extra={setup.SKIPPED: skipped}))
    return go("/welcome")


def _at(asked: Mapping[str, str], caller: Caller) -> Who | None:
    """The business that is meant; None for a new one: asked for, or the only other is the demo's."""
    if not isinstance(caller, Who) or asked.get("new") or caller.business.is_demo:
        return None
    caller.must(Permission.MANAGE_BUSINESS)
    return caller


async def _business(
    request: Request, who: Who | None, given: Mapping[str, str], wrong: BridgeError | None = None
) -> Response:
    form = building.business_form(
        who.business if who else None, given, request.headers.get("accept-language", ""), wrong
    )
    steps: tuple[SetupStep, ...] = ()
    if who is not None:
        async with _engine(request).db.business(who.business_id) as tx:
            steps = await _steps(request, tx, who)
    view = building.business_step(form, steps)
    return _shell.show(request, "welcome/step.html", view, title="Your business", status=422 if wrong else 200)


async def _locations(
    request: Request, who: Who, given: Mapping[str, str], wrong: BridgeError | None = None
) -> Response:
    async with _engine(request).db.business(who.business_id) as tx:
        places = await accounts.locations(tx)
        view = building.locations_step(places, await _steps(request, tx, who), given, wrong)
    return _shell.show(request, "welcome/step.html", view, title="Locations", status=422 if wrong else 200)


async def _tracking(
    request: Request, who: Who, given: Mapping[str, str] | None = None, wrong: BridgeError | None = None
) -> Response:
    engine = _engine(request)
    async with engine.db.business(who.business_id) as tx:
        steps = await _steps(request, tx, who)
        view = await building.tracking_step(tx, who, engine.public_url, steps, given, wrong)
    return _shell.show(request, "welcome/tracking.html", view, title="Tracking", status=422 if wrong else 200)


async def _steps(request: Request, tx: Tx, who: Who) -> tuple[SetupStep, ...]:
    engine = _engine(request)
    return await setup.steps(engine, tx, who.business, await sync.health(engine, tx))


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine
