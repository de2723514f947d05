"""The door to the figures: what Today, Attribution, the report and the API show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import Model
from bookingbridge.domains.insights.evidence import CERTAIN, RULES, Cause, Recognised, causes, recognised
from bookingbridge.domains.insights.reading import Reading
from bookingbridge.domains.insights.rules import Likely, Period, change, ending, likely
from bookingbridge.domains.insights.shapes import Campaign, Channel, Figures, Piece
from bookingbridge.infra import outbox
from bookingbridge.infra.db import Tx

__all__ = [
    "CERTAIN", "RULES", "Campaign", "Cause", "Channel", "Figures", "Likely", "Overview", "Period", "Piece",
    "Recognised", "causes", "change", "ending", "likely", "overview", "pulse", "recognised", "today_of",
    "without_visits",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the overview pages show of one period, beside the period before it."""

    period: Period
    model: Model
    currency: str
    zone: str
    figures: Figures
    before: Figures
    pieces: Sequence[Piece]
    campaigns: Sequence[Campaign]
    channels: Sequence[Channel]
    computed_at: datetime | None
    spend_as_of: datetime | None
    settling_days: int
    since: date | None = None
    """The first day with a paid visit: what lies before it compares with nothing."""
    spread: float = 1.0
    """How much visits differ in what they bring; see `likely`."""
    foreign_currencies: tuple[str, ...] = field(default=())
    """Currencies of money that is left out because it cannot be added to the business's own."""


async def today_of(tx: Tx) -> date:
    """The business's local day."""
    business = await accounts.business(tx)
    return tx.now.astimezone(ZoneInfo(business.time_zone)).date()


async def pulse(tx: Tx) -> str:
    """A text that is another whenever any figure may be: cheap to ask, so that pages and caches ask it first."""
    return f"{await outbox.pulse(tx)}-{await attribution.pulse(tx)}"


async def overview(tx: Tx, period: Period, model: Model, *, location_id: UUID | None = None) -> Overview:
    """The period's figures, pieces, campaigns and channels in one reading."""
    business = await accounts.business(tx)
    zone = ZoneInfo(business.time_zone)
    reading = Reading(tx, business.currency, zone, model, location_id)
    whole = Period(period.before().first, period.last)
    await reading.read(whole)
    figures, before = await reading.figures(period), await reading.figures(period.before())
    campaigns, foreign = await reading.campaigns(period)
    return Overview(
        period=period,
        model=model,
        currency=business.currency,
        zone=business.time_zone,
        figures=figures,
        before=before,
        pieces=[reading.piece(p) for p in period.buckets()],
        campaigns=campaigns,
        channels=_channels(campaigns),
        computed_at=reading.computed_at,
        spend_as_of=reading.spend_as_of,
        settling_days=sum(c.settling_days for c in campaigns),
        since=await attribution.since(tx),
        spread=reading.spread,
        foreign_currencies=foreign,
    )


async def without_visits(tx: Tx, period: Period, model: Model) -> tuple[list[Campaign], int | None]:
    """The campaigns that cost money in the period and brought no paid visit; what a visit brought on average.

    Reads nothing else: a fraction of `overview`.
    """
    business = await accounts.business(tx)
    reading = Reading(tx, business.currency, ZoneInfo(business.time_zone), model, None)
    silent = [c for c in (await reading.campaigns(period))[0] if c.visits == 0 and c.spend_minor]
    totals = await attribution.totals(tx, period.first, period.last)
    own = next((t for t in totals if t.currency == business.currency and t.visits), None)
    return silent, round(own.revenue_minor / own.visits) if own else None


def _channels(campaigns: Sequence[Campaign]) -> list[Channel]:
    grouped: dict[str, list[Campaign]] = {}
    for c in campaigns:
        grouped.setdefault(c.channel, []).append(c)
    return [
        Channel(
            channel=name,
            title=some[0].channel_title,
            is_paid=some[0].is_paid,
            spend_minor=sum(c.spend_minor or 0 for c in some) if any(c.spend_minor is not None for c in some) else None,
            visits=sum(c.visits for c in some),
            first_visits=sum(c.first_visits for c in some),
            minor=tuple(sum(values) for values in zip(*(c.minor for c in some), strict=True)),
            credited=tuple(sum(values) for values in zip(*(c.credited for c in some), strict=True)),
        )
        for name, some in grouped.items()
    ]
