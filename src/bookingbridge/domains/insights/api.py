"""The door to the figures: what Today, Attribution, the report and the API show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.money import from_micros
from bookingbridge.canonical.times import day_bounds
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.ads import api as ads
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import MODELS, Model
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.insights import rules
from bookingbridge.domains.insights.evidence import CERTAIN, RULES, Cause, Recognised, causes, recognised
from bookingbridge.domains.insights.rules import Likely, Period, change, ending, likely
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.payments import api as payments
from bookingbridge.infra import outbox
from bookingbridge.infra.db import Tx

__all__ = [
    "CERTAIN", "RULES", "Campaign", "Cause", "Channel", "Figures", "Likely", "Overview", "Period", "Piece",
    "Recognised", "causes", "change", "ending", "likely", "overview", "pulse", "recognised", "today_of",
    "without_visits",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """One period's key figures. Money is minor units of the business's currency; `None` where there is nothing to say.

    revenue: paid visits net of refunds, without tips. known: the part with at least one touch. paid: the part that the
    chosen model gives to paid channels. taken: all completed payments, also those that belong to no visit yet.
    """

    revenue_minor: int
    known_minor: int
    paid_minor: int
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

    @property
    def roas(self) -> float | None:
        """Revenue of paid channels per unit of ad spend."""
        return rules.returned(self.paid_minor, self.spend_minor)

    @property
    def matched(self) -> float | None:
        """The part of revenue whose origin is known, 0 to 1."""
        return self.known_minor / self.revenue_minor if self.revenue_minor > 0 else None

    @property
    def no_show_rate(self) -> float | None:
        held = self.bookings - self.cancelled
        return self.no_shows / held if held > 0 else None

    @property
    def average_ticket_minor(self) -> int | None:
        return round(self.revenue_minor / self.visits) if self.visits else None


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a period for charts: revenue by channel in the chosen model, spend, and counts."""

    period: Period
    revenue_minor: dict[str, int]
    spend_minor: int
    bookings: int
    no_shows: int
    taken_minor: int
    is_settling: bool


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign (or a channel's uncampaigned rest) over a period, per model in the order of MODELS.

    `visits` are the visits with any touch of it; `credited` counts visits in fractions, by model.
    """

    channel: str
    channel_title: str
    is_paid: bool
    key: str
    name: str
    spend_minor: int | None
    clicks: int
    impressions: int
    settling_days: int
    visits: int
    first_visits: int
    minor: tuple[int, ...]
    credited: tuple[float, ...]
    likely: tuple[Likely | None, ...]

    def roas(self, model: Model) -> float | None:
        """Revenue per unit of spend in a model; None without spend."""
        return rules.returned(self.minor[MODELS.index(model)], self.spend_minor) if self.spend_minor else None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel's campaigns together."""

    channel: str
    title: str
    is_paid: bool
    spend_minor: int | None
    visits: int
    first_visits: int
    minor: tuple[int, ...]
    credited: tuple[float, ...]


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
    reading = _Reading(tx, business.currency, zone, model, location_id)
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
    reading = _Reading(tx, business.currency, ZoneInfo(business.time_zone), model, None)
    silent = [c for c in (await reading.campaigns(period))[0] if c.visits == 0 and c.spend_minor]
    totals = await attribution.totals(tx, period.first, period.last)
    own = next((t for t in totals if t.currency == business.currency and t.visits), None)
    return silent, round(own.revenue_minor / own.visits) if own else None


class _Reading:
    """The days of two periods, read once and summed as needed."""

    def __init__(self, tx: Tx, currency: str, zone: ZoneInfo, model: Model, location_id: UUID | None) -> None:
        self._tx = tx
        self._currency = currency
        self._zone = zone
        self._model = model
        self._location = location_id
        self.computed_at: datetime | None = None
        self.spend_as_of: datetime | None = None
        self.spread = 1.0
        self._spent: dict[Period, list[ads.Spend]] = {}

    async def read(self, whole: Period) -> None:
        start, end = day_bounds(whole.first, self._zone)[0], day_bounds(whole.last, self._zone)[1]
        at = {"location_id": self._location}
        self._channel_days = await attribution.channel_days(self._tx, self._model, whole.first, whole.last, **at)
        self._spend_days = await ads.spend_days(self._tx, whole.first, whole.last)
        self._booking_days = await bookings.days(self._tx, start, end, zone=self._zone.key, **at)
        self._taken_days = await payments.days(self._tx, start, end, zone=self._zone.key, **at)

    def _spend(self, p: Period) -> int:
        """Rounded once per sum. Of one location there is no spend: platforms do not say where it went."""
        if self._location is not None:
            return 0
        micros = sum(
            d.spend_micros for d in self._spend_days if p.first <= d.day <= p.last and d.currency == self._currency
        )
        return from_micros(micros, self._currency).minor

    async def _spend_in(self, p: Period) -> list[ads.Spend]:
        if p not in self._spent:
            self._spent[p] = await ads.spend(self._tx, p.first, p.last)
        return self._spent[p]

    async def figures(self, p: Period) -> Figures:
        totals = await attribution.totals(self._tx, p.first, p.last, location_id=self._location)
        own = next((t for t in totals if t.currency == self._currency), None)
        for t in totals:
            self.computed_at = max(filter(None, (self.computed_at, t.computed_at)))
        held = [d for d in self._booking_days if p.first <= d.day <= p.last]
        taken = [d for d in self._taken_days if p.first <= d.day <= p.last and d.currency == self._currency]
        spend = await self._spend_in(p)
        for s in spend:
            self.spend_as_of = max(filter(None, (self.spend_as_of, s.as_of)))
        return Figures(
            revenue_minor=own.revenue_minor if own else 0,
            known_minor=own.known_minor if own else 0,
            paid_minor=sum(
                d.minor
                for d in self._channel_days
                if p.first <= d.day <= p.last and d.currency == self._currency and journeys.is_paid(d.channel)
            ),
            taken_minor=sum(d.net_minor for d in taken),
            tips_minor=sum(d.tip_minor for d in taken),
            spend_minor=self._spend(p),
            visits=own.visits if own else 0,
            first_visits=own.first_visits if own else 0,
            bookings=sum(d.total for d in held),
            cancelled=sum(d.cancelled for d in held),
            no_shows=sum(d.no_shows for d in held),
            clicks=sum(s.clicks for s in spend),
            impressions=sum(s.impressions for s in spend),
        )

    def piece(self, p: Period) -> Piece:
        revenue: dict[str, int] = {}
        for d in self._channel_days:
            if p.first <= d.day <= p.last and d.currency == self._currency:
                revenue[d.channel] = revenue.get(d.channel, 0) + d.minor
        held = [d for d in self._booking_days if p.first <= d.day <= p.last]
        return Piece(
            period=p,
            revenue_minor=revenue,
            spend_minor=self._spend(p),
            bookings=sum(d.total for d in held),
            no_shows=sum(d.no_shows for d in held),
            taken_minor=sum(
                d.net_minor for d in self._taken_days if p.first <= d.day <= p.last and d.currency == self._currency
            ),
            is_settling=any(d.is_settling for d in self._spend_days if p.first <= d.day <= p.last),
        )

    async def campaigns(self, p: Period) -> tuple[list[Campaign], tuple[str, ...]]:
        """Campaigns by revenue in the chosen model, those that only cost money after them; and foreign currencies."""
        sums = await attribution.sums(self._tx, p.first, p.last, location_id=self._location)
        spend = {s.campaign_id: s for s in await self._spend_in(p)} if not self._location else {}
        known = {f"campaign:{c.id}": c for c in await ads.campaigns(self._tx)}
        self.spread = await attribution.spread(self._tx, p.first, p.last)
        rows: list[Campaign] = []
        for s in sums:
            if s.currency != self._currency:
                continue
            own = known.pop(s.campaign_key, None)
            rows.append(self._row(s, own, spend.get(own.id) if own else None, self.spread))
        for own in known.values():
            cost = spend.get(own.id)
            if cost is not None and (cost.spend_micros or cost.clicks):
                rows.append(self._row(None, own, cost, self.spread))
        at = MODELS.index(self._model)
        rows.sort(key=lambda c: (c.channel == "unknown", -c.minor[at], -(c.spend_minor or 0), c.name))
        foreign = {s.currency for s in sums} | {s.currency for s in spend.values()}
        return rows, tuple(sorted(foreign - {self._currency}))

    def _row(
        self, s: attribution.Sum | None, own: ads.Campaign | None, cost: ads.Spend | None, spread: float
    ) -> Campaign:
        channel = own.channel if own else s.channel if s else ""
        is_own_currency = cost is not None and cost.currency == self._currency
        spend_minor = from_micros(cost.spend_micros, self._currency).minor if cost and is_own_currency else None
        minor = s.minor if s else (0,) * len(MODELS)
        credited = s.share if s else (0.0,) * len(MODELS)
        return Campaign(
            channel=channel,
            channel_title=journeys.title(channel),
            is_paid=journeys.is_paid(channel),
            key=s.campaign_key if s else f"campaign:{own.id}" if own else "",
            name=own.name if own else s.campaign if s else "",
            spend_minor=spend_minor,
            clicks=cost.clicks if cost else 0,
            impressions=cost.impressions if cost else 0,
            settling_days=cost.settling_days if cost else 0,
            visits=s.visits if s else 0,
            first_visits=s.first_visits if s else 0,
            minor=minor,
            credited=credited,
            likely=tuple(
                rules.likely(rules.returned(m, spend_minor) if spend_minor else None, n, spread)
                for m, n in zip(minor, credited, strict=True)
            ),
        )


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
