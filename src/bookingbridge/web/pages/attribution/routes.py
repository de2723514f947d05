"""Attribution: campaigns, channels, models, funnel, one campaign, one visit's journey; each table also as a file."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import Refused
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.sync.engine import Engine
from bookingbridge.web import figures
from bookingbridge.web.auth import needs, with_toast
from bookingbridge.web.download import csv_file
from bookingbridge.web.figures import Shown
from bookingbridge.web.forms import go, posted
from bookingbridge.web.pages.attribution import building, campaign, journey, payments
from bookingbridge.web.shell import Shell

router = APIRouter(prefix="/attribution", include_in_schema=False)
_shell = Shell()
_TITLE = "Attribution"


@router.get("")
async def campaigns_page(request: Request, who: Who = needs(Permission.SEE_FIGURES)) -> Response:
    view = building.campaigns(who, await _shown(request, who))
    return _shell.show(request, "attribution/campaigns.html", view, title=_TITLE)


@router.get("/campaigns.csv")
async def campaigns_csv(request: Request, who: Who = needs(Permission.EXPORT)) -> Response:
    s = await _shown(request, who)
    return csv_file(figures.rows_csv(s, s.overview.campaigns), _name("campaigns", s))


@router.get("/channels")
async def channels_page(request: Request, who: Who = needs(Permission.SEE_FIGURES)) -> Response:
    view = building.channels(who, await _shown(request, who))
    return _shell.show(request, "attribution/channels.html", view, title=_TITLE)


@router.get("/channels.csv")
async def channels_csv(request: Request, who: Who = needs(Permission.EXPORT)) -> Response:
    s = await _shown(request, who)
    return csv_file(figures.rows_csv(s, s.overview.channels), _name("channels", s))


@router.get("/models")
async def models_page(request: Request, who: Who = needs(Permission.SEE_FIGURES)) -> Response:
    view = building.models(who, await _shown(request, who))
    return _shell.show(request, "attribution/models.html", view, title=_TITLE)


@router.get("/models.csv")
async def models_csv(request: Request, who: Who = needs(Permission.EXPORT)) -> Response:
    s = await _shown(request, who)
    return csv_file(building.models_csv(s), _name("models", s))


@router.get("/funnel")
async def funnel_page(request: Request, who: Who = needs(Permission.SEE_FIGURES)) -> Response:
    async with _engine(request).db.business(who.business_id) as tx:
        view = await building.funnel(tx, who, await figures.shown(request, tx, who))
    return _shell.show(request, "attribution/funnel.html", view, title=_TITLE)


@router.get("/funnel.csv")
async def funnel_csv(request: Request, who: Who = needs(Permission.EXPORT)) -> Response:
    async with _engine(request).db.business(who.business_id) as tx:
        s = await figures.shown(request, tx, who)
        flows = await building.flows(tx, s)
    return csv_file(flows.csv(), _name("funnel", s))


@router.get("/campaigns/{channel}")
async def campaign_page(
    request: Request, channel: str, key: str = "", who: Who = needs(Permission.SEE_FIGURES)
) -> Response:
    async with _engine(request).db.business(who.business_id) as tx:
        s = await figures.shown(request, tx, who)
        view = await campaign.view(tx, who, s, await campaign.found(tx, s, channel, key))
    return _shell.show(request, "attribution/campaign.html", view, title=view.name)


@router.get("/campaigns/{channel}/course.csv")
async def course_csv(request: Request, channel: str, key: str = "", who: Who = needs(Permission.EXPORT)) -> Response:
    async with _engine(request).db.business(who.business_id) as tx:
        s = await figures.shown(request, tx, who)
        c = await campaign.found(tx, s, channel, key)
        chart = await campaign.chart(tx, s, c)
    return csv_file(chart.csv() if chart else "", _name(figures.name_of(c), s))


@router.get("/campaigns/{channel}/visits.csv")
async def visits_csv(request: Request, channel: str, key: str = "", who: Who = needs(Permission.EXPORT)) -> Response:
    async with _engine(request).db.business(who.business_id) as tx:
        s = await figures.shown(request, tx, who)
        c = await campaign.found(tx, s, channel, key)
        text = await campaign.visits_csv(tx, who, s, c)
    return csv_file(text, _name(f"visits {figures.name_of(c)}", s))


@router.get("/bookings/{booking_id}")
async def journey_page(request: Request, booking_id: UUID, who: Who = needs(Permission.SEE_FIGURES)) -> Response:
    engine = _engine(request)
    async with engine.db.business(who.business_id) as tx:
        found = await journey.read(engine, tx, who, booking_id)
    return _shell.show(request, "attribution/journey.html", journey.view(found, who), title=journey.title(found))


@router.post("/bookings/{booking_id}/heard")
async def note_answer(request: Request, booking_id: UUID, who: Who = needs(Permission.UNDO_LINKS)) -> Response:
    """The client's answer to "how did you hear about us" is a touch; noting it again corrects it."""
    answer = (await posted(request)).get("answer", "")
    async with _engine(request).db.business(who.business_id) as tx:
        b = await bookings.booking(tx, booking_id)
        if b.client_id is None:
            raise Refused("This booking names no client, so an answer cannot be noted for one.")
        await journeys.record_asked(tx, client_id=b.client_id, at=b.booked_at, answer=answer, about=b.id)
        await accounts.audit(tx, who, "noted an answer", str(b.id))
    figures.forget(who)
    heard = journeys.heard_from(answer)
    words = (
        f"Noted as {journeys.title(heard.channel)}. The figures follow at once."
        if heard
        else ("Noted, but the answer names no channel we know, so nothing is shared out to it.")
    )
    return with_toast(go(f"/attribution/bookings/{booking_id}"), words, "good" if heard else "warn")


@router.get("/payments")
async def payments_page(request: Request, who: Who = needs(Permission.SEE_MONEY)) -> Response:
    async with _engine(request).db.business(who.business_id) as tx:
        view = payments.view(tx, who, await payments.read(tx, who))
    return _shell.show(request, "attribution/payments.html", view, title="Payments without a visit")


@router.get("/payments.csv")
async def payments_csv(
    request: Request, who: Who = needs(Permission.EXPORT, Permission.SEE_MONEY)
) -> Response:  # fmt: skip
    async with _engine(request).db.business(who.business_id) as tx:
        left = await payments.read(tx, who)
    return csv_file(payments.as_csv(who, left), "payments without a visit")


async def _shown(request: Request, who: Who) -> Shown:
    async with _engine(request).db.business(who.business_id) as tx:
        return await figures.shown(request, tx, who)


def _name(what: str, s: Shown) -> str:
    return f"{what} {s.asked.period.first} to {s.asked.period.last}"


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine
