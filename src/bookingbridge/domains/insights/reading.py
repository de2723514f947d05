"""Two periods' days, read once and summed as the overview needs them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.money import from_micros
from bookingbridge.canonical.times import day_bounds
from bookingbridge.domains.ads import api as ads
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import MODELS, Model
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.insights import rules
from bookingbridge.domains.insights.rules import Period
from bookingbridge.domains.insights.shapes import Campaign, Figures, Piece
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.payments import api as payments
from bookingbridge.infra.db import Tx


class _OfDay(Protocol):
    @property
    def day(self) -> date: ...


D = TypeVar("D", bound=_OfDay)


def _by_day(rows: Sequence[D]) -> list[D]:
    return sorted(rows, key=lambda d: d.day)


def _within(rows: Sequence[D], p: Period) -> Sequence[D]:
    """Those of the rows, sorted by day, that lie in the period."""
    return rows[bisect_left(rows, p.first, key=lambda d: d.day) : bisect_right(rows, p.last, key=lambda d: d.day)]


class Reading:
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
        self._channel_days = _by_day(
            await attribution.channel_days(self._tx, self._model, whole.first, whole.last, **at)
        )
        self._spend_days = _by_day(await ads.spend_days(self._tx, whole.first, whole.last))
        self._booking_days = _by_day(await bookings.days(self._tx, start, end, zone=self._zone.key, **at))
        self._taken_days = _by_day(await payments.days(self._tx, start, end, zone=self._zone.key, **at))

    def _spend(self, p: Period) -> int:
        """Rounded once per sum. Of one location there is no spend: platforms do not say where it went."""
        if self._location is not None:
            return 0
        micros = sum(d.spend_micros for d in _within(self._spend_days, p) if d.currency == self._currency)
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
        held = _within(self._booking_days, p)
        taken = [d for d in _within(self._taken_days, p) if d.currency == self._currency]
        spend = await self._spend_in(p)
        for s in spend:
            self.spend_as_of = max(filter(None, (self.spend_as_of, s.as_of)))
        return Figures(
            revenue_minor=own.revenue_minor if own else 0,
            known_minor=own.known_minor if own else 0,
            paid_minor=sum(
                d.minor
                for d in _within(self._channel_days, p)
                if d.currency == self._currency and journeys.is_paid(d.channel)
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
        for d in _within(self._channel_days, p):
            if d.currency == self._currency:
                revenue[d.channel] = revenue.get(d.channel, 0) + d.minor
        held = _within(self._booking_days, p)
        return Piece(
            period=p,
            revenue_minor=revenue,
            spend_minor=self._spend(p),
            bookings=sum(d.total for d in held),
            no_shows=sum(d.no_shows for d in held),
            taken_minor=sum(d.net_minor for d in _within(self._taken_days, p) if d.currency == self._currency),
            is_settling=any(d.is_settling for d in _within(self._spend_days, p)),
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
