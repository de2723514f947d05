"""Figures: the dashboard, campaigns in every model, one visit's journey with how each link is known."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from starlette.requests import Request

from bookingbridge.api.auth import database, needs
from bookingbridge.api.models import Shown
from bookingbridge.api.operations import operations
from bookingbridge.canonical.errors import Refused
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import MODELS, Model
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.insights import api as insights
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.matching import api as matching
from bookingbridge.infra.db import Tx

router = operations("/analytics", "Analytics", "What was booked, paid and spent, and what brought it.")

ModelName = Literal["first", "last", "last_non_direct", "linear", "position", "time_decay"]


class PeriodShown(Shown):
    """Local days of the shop, both included."""

    first: date
    last: date


class FiguresShown(Shown):
    """Key figures. Amounts in minor units of `currency`; revenue is of paid visits, net of refunds, without tips."""

    revenue_minor: int
    known_minor: int
    paid_channels_minor: int
    taken_minor: int
    tips_minor: int
    spend_minor: int
    visits: int
    first_visits: int
    bookings: int
    cancelled: int
    no_shows: int
    clicks: int
    impressions: int
    roas: float | None
    matched: float | None


class Dashboard(Shown):
    """A period's figures beside the period before. `computed_at` and `spend_as_of` say how fresh they are."""

    period: PeriodShown
    model: ModelName
    currency: str
    figures: FiguresShown
    before: FiguresShown
    computed_at: datetime | None
    spend_as_of: datetime | None
    settling_days: int
    left_out_currencies: list[str]


class CampaignShown(Shown):
    """A campaign's spend and what each model gives it. `unknown` holds visits without any touch."""

    channel: str
    campaign: str
    is_paid: bool
    spend_minor: int | None
    clicks: int
    impressions: int
    visits: int
    first_visits: int
    revenue_minor: dict[ModelName, int]
    credited_visits: dict[ModelName, float]
    roas: dict[ModelName, float | None]
    likely: dict[ModelName, tuple[float, float] | None]


class Campaigns(Shown):
    """All campaigns of a period, the one with the most revenue in `model` first."""

    period: PeriodShown
    model: ModelName
    currency: str
    campaigns: list[CampaignShown]


class TouchShown(Shown):
    """A touch on the way to a visit. `minor` is what each model gives it."""

    id: UUID
    at: datetime
    kind: str
    channel: str
    campaign: str
    why: str | None
    minor: dict[ModelName, int]


class KnownBy(Shown):
    """How we know: a rule, its evidence, since when; and whether somebody undid it."""

    id: UUID
    says: str
    rule: str
    evidence: dict[str, Any]
    since: datetime
    is_undone: bool


class Journey(Shown):
    """One visit: what led to it, what it brought in, and how each link is known."""

    booking: UUID
    status: str
    booked_at: datetime
    starts_at: datetime
    counts: bool
    revenue_minor: int | None
    currency: str | None
    touches: list[TouchShown]
    payments: list[KnownBy]
    identity: list[KnownBy]


class VisitShown(Shown):
    """A paid visit."""

    booking: UUID
    paid_at: datetime
    revenue_minor: int
    currency: str
    is_first_visit: bool
    touches: int


Days = Annotated[int, Query(ge=1, le=3660, description="How many days, counted back from `until`.")]
Until = Annotated[date | None, Query(ge=date(1990, 1, 1), le=date(2100, 1, 1), description="The last day; today.")]
ModelQuery = Annotated[ModelName | None, Query(description="The business's own without.")]


async def _overview(
    request: Request, who: Who, days: int, until: date | None, model: str | None, location: UUID | None
) -> insights.Overview:
    async with database(request).business(who.business_id) as tx:
        last = until or await insights.today_of(tx)
        period = insights.ending(last, days)
        if period.before().first.year < 1990:
            raise Refused("the period begins too early", code="period")
        chosen = Model(model or who.business.settings.default_model)
        return await insights.overview(tx, period, chosen, location_id=location)


@router.get("/dashboard", summary="Key figures of a period")
async def get_dashboard_data(
    request: Request,
    days: Days = 90,
    until: Until = None,
    model: ModelQuery = None,
    location: UUID | None = None,
    who: Who = needs(Permission.SEE_FIGURES),
) -> Dashboard:
    """The figures of Today, beside the period before."""
    o = await _overview(request, who, days, until, model, location)
    return Dashboard(
        period=PeriodShown(first=o.period.first, last=o.period.last), model=o.model.value, currency=o.currency,
        figures=_figures(o.figures), before=_figures(o.before), computed_at=o.computed_at, spend_as_of=o.spend_as_of,
        settling_days=o.settling_days, left_out_currencies=list(o.foreign_currencies),
    )  # fmt: skip


def _figures(f: insights.Figures) -> FiguresShown:
    return FiguresShown(
        revenue_minor=f.revenue_minor, known_minor=f.known_minor, paid_channels_minor=f.paid_minor,
        taken_minor=f.taken_minor, tips_minor=f.tips_minor, spend_minor=f.spend_minor, visits=f.visits,
        first_visits=f.first_visits, bookings=f.bookings, cancelled=f.cancelled, no_shows=f.no_shows, clicks=f.clicks,
        impressions=f.impressions, roas=f.roas, matched=f.matched,
    )  # fmt: skip


@router.get("/campaigns", summary="Campaigns in every model")
async def get_campaign_performance(
    request: Request,
    days: Days = 90,
    until: Until = None,
    model: ModelQuery = None,
    location: UUID | None = None,
    who: Who = needs(Permission.SEE_FIGURES),
) -> Campaigns:
    """Spend, clicks, visits and revenue per campaign. Per model the revenue sums to that of all paid visits."""
    o = await _overview(request, who, days, until, model, location)
    return Campaigns(
        period=PeriodShown(first=o.period.first, last=o.period.last), model=o.model.value, currency=o.currency,
        campaigns=[_campaign(c) for c in o.campaigns],
    )  # fmt: skip


def _campaign(c: insights.Campaign) -> CampaignShown:
    return CampaignShown(
        channel=c.channel, campaign=c.name, is_paid=c.is_paid, spend_minor=c.spend_minor, clicks=c.clicks,
        impressions=c.impressions, visits=c.visits, first_visits=c.first_visits,
        revenue_minor={m.value: v for m, v in zip(MODELS, c.minor, strict=True)},
        credited_visits={m.value: v for m, v in zip(MODELS, c.credited, strict=True)},
        roas={m.value: c.roas(m) for m in MODELS},
        likely={m.value: (r.low, r.high) if r else None for m, r in zip(MODELS, c.likely, strict=True)},
    )  # fmt: skip


@router.get("/visits", summary="The visits paid last")
async def list_visits(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    who: Who = needs(Permission.SEE_FIGURES),
) -> list[VisitShown]:
    """Newest first; each has a journey."""
    async with database(request).business(who.business_id) as tx:
        return [
            VisitShown(
                booking=c.booking_id, paid_at=c.settled_at, revenue_minor=c.revenue_minor, currency=c.currency,
                is_first_visit=c.is_first_visit, touches=c.touch_count,
            )
            for c in await attribution.latest(tx, limit=limit)
        ]  # fmt: skip


@router.get("/journeys/{booking}", summary="One visit's journey")
async def get_journey(
    request: Request, booking: UUID, who: Who = needs(Permission.SEE_CLIENTS, Permission.SEE_MONEY)
) -> Journey:
    """The touches in order with what each model gives them, and how every link is known."""
    async with database(request).business(who.business_id) as tx:
        return await _journey(tx, booking)


async def _journey(tx: Tx, booking_id: UUID) -> Journey:
    booked = await bookings.booking(tx, booking_id)
    counted = (await attribution.conversions(tx, [booking_id])).get(booking_id)
    credits = (await attribution.credits(tx, [booking_id])).get(booking_id, [])
    touches = await journeys.touches_by_id(tx, [c.touch_id for c in credits])
    settled = await matching.settlements(tx, [booking_id])
    links = await attribution.identity_links(tx, booked.client_id) if booked.client_id else []
    return Journey(
        booking=booking_id, status=booked.status, booked_at=booked.booked_at, starts_at=booked.starts_at,
        counts=counted is not None, revenue_minor=counted.revenue_minor if counted else None,
        currency=counted.currency if counted else None,
        touches=[_touch(c, touches.get(c.touch_id)) for c in credits],
        payments=[
            KnownBy(
                id=s.id, says=matching.explain(s), rule=s.rule, evidence=s.evidence, since=s.created_at,
                is_undone=s.undone_at is not None,
            )
            for s in settled
        ],
        identity=[
            KnownBy(
                id=k.id, says=attribution.explain(k), rule=k.rule, evidence=k.evidence, since=k.created_at,
                is_undone=k.undone_at is not None,
            )
            for k in links
        ],
    )  # fmt: skip


def _touch(credit: attribution.Credit, touch: journeys.Touch | None) -> TouchShown:
    return TouchShown(
        id=credit.touch_id, at=credit.touched_at, kind=touch.kind if touch else "", channel=credit.channel,
        campaign=credit.campaign, why=touch.why if touch else None,
        minor={m.value: v for m, v in zip(MODELS, credit.minor, strict=True)},
    )  # fmt: skip


@router.post("/identity/{link}/undo", status_code=204, summary="Undo an identity link")
async def undo_identity_link(request: Request, link: UUID, who: Who = needs(Permission.UNDO_LINKS)) -> None:
    """The visitor is no longer taken for the client, and the credits that followed from it are gone."""
    async with database(request).business(who.business_id) as tx:
        await attribution.undo_identity(tx, link, user_id=who.user_id)


@router.post("/settlements/{settlement}/undo", status_code=204, summary="Undo a payment's link to a visit")
async def undo_settlement(request: Request, settlement: UUID, who: Who = needs(Permission.UNDO_LINKS)) -> None:
    """The payment no longer counts for the visit; figures follow within seconds."""
    async with database(request).business(who.business_id) as tx:
        await matching.undo(tx, settlement, user_id=who.user_id)
