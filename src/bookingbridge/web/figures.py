"""The figures that Today and Attribution show, read once for both and kept while nothing changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from bookingbridge.canonical.money import Money
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Who
from bookingbridge.domains.attribution.api import MODELS
from bookingbridge.domains.insights import api as insights
from bookingbridge.domains.insights.api import Campaign, Channel, Overview, Recognised
from bookingbridge.infra.db import Tx
from bookingbridge.web import caching
from bookingbridge.web import format as fmt
from bookingbridge.web.asking import Asked, asked
from bookingbridge.web.caching import Kept
from bookingbridge.web.charts.base import csv_text, hue
from bookingbridge.web.knowing import recognised_words
from bookingbridge.web.ui.parts import Notice
from bookingbridge.web.ui.rows import NO_COST, CampaignRow, CampaignTotals, Cause, Roas, roas, shared_top

WASTED_AFTER = 5
"""A campaign that spent so many average visits and brought none only costs money."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One reading of the figures for what a page was asked for."""

    asked: Asked
    overview: Overview
    recognised: Mapping[tuple[str, str], Recognised]
    pulse: str
    now: datetime

    def money(self, minor: int | None) -> str:
        """An amount in the business's currency: to the cent below ten thousand, whole from there on."""
        if minor is None:
            return fmt.NOTHING
        amount = Money(minor, self.overview.currency)
        return fmt.money(amount, whole=abs(amount.decimal()) >= 10_000)

    def exact(self, minor: int | None) -> str:
        """An amount to the cent: for tables, whose columns are to be added up."""
        return fmt.money(Money(minor, self.overview.currency)) if minor is not None else fmt.NOTHING

    @property
    def has_before(self) -> bool:
        """Whether the period before is known from its first day on, so that a comparison says something."""
        since = self.overview.since
        return since is not None and since <= self.overview.period.before().first

    @property
    def at(self) -> int:
        """Where the chosen model stands among MODELS."""
        return MODELS.index(self.overview.model)


_overviews: Kept[Overview] = Kept()
_recognised: Kept[Mapping[tuple[str, str], Recognised]] = Kept()


async def reading(request: Request, tx: Tx, who: Who) -> Asked:
    """What the request asks for, in this business."""
    today = await insights.today_of(tx)
    return asked(request.query_params, who.business, today, await accounts.locations(tx))


async def shown(request: Request, tx: Tx, who: Who) -> Shown:
    """The figures asked for, at most LONGEST_S old and never older than the last change."""
    wanted = await reading(request, tx, who)
    return await shown_for(tx, wanted)


async def shown_for(tx: Tx, wanted: Asked) -> Shown:
    """As `shown`, for what was read already."""
    pulse = await insights.pulse(tx)
    overview = await overview_for(tx, wanted, pulse)

    async def make() -> Mapping[tuple[str, str], Recognised]:
        return await insights.recognised(tx, wanted.period, wanted.model, location_id=wanted.location_id)

    recognised = await _recognised.get(tx.business_id, wanted.key, pulse, make)
    return Shown(wanted, overview, recognised, pulse, tx.now)


async def overview_for(tx: Tx, wanted: Asked, pulse: str) -> Overview:
    """The figures alone, without how they are known. `pulse` is that of the moment."""

    async def make() -> Overview:
        return await insights.overview(tx, wanted.period, wanted.model, location_id=wanted.location_id)

    return await _overviews.get(tx.business_id, wanted.key, pulse, make)


def forget(who: Who) -> None:
    """What this person has just done shows at once."""
    caching.forget(who.business_id)


def campaign_rows(s: Shown) -> tuple[CampaignRow, ...]:
    """Each campaign of the period, the unknown one last."""
    some = s.overview.campaigns
    top = shared_top(c.roas(s.overview.model) or 0.0 for c in some)
    return tuple(_row(s, f"c{i}", c, top) for i, c in enumerate(some))


def channel_rows(s: Shown) -> tuple[CampaignRow, ...]:
    """Each channel of the period, all its campaigns together, the unknown one last."""
    some = s.overview.channels
    returns = [c.minor[s.at] / c.spend_minor if c.spend_minor else 0.0 for c in some]
    return tuple(_channel_row(s, f"h{i}", c, shared_top(returns)) for i, c in enumerate(some))


def totals(s: Shown) -> CampaignTotals | None:
    """What all rows come to; None where there are none."""
    if not s.overview.campaigns:
        return None
    f = s.overview.figures
    return CampaignTotals(
        s.exact(f.spend_minor) if _knows_spend(s) else fmt.NOTHING,
        fmt.count(f.first_visits),
        fmt.count(f.visits),
        s.exact(f.revenue_minor),
    )


def _knows_spend(s: Shown) -> bool:
    return any(c.spend_minor is not None for c in s.overview.campaigns)


def name_of(c: Campaign) -> str:
    """The campaign's name; what a channel brought without naming one, by the channel."""
    return c.name or (f"{c.channel_title}, no campaign named" if c.is_paid else c.channel_title)


def _row(s: Shown, key: str, c: Campaign, top: float) -> CampaignRow:
    evidence, sure = recognised_words(c.channel, s.recognised.get((c.channel, c.key)))
    return CampaignRow(
        name=name_of(c),
        cause=Cause(c.channel_title, hue(c.channel)),
        href=campaign_href(s.asked, c.channel, c.key),
        spend=s.exact(c.spend_minor),
        new_clients=fmt.count(c.first_visits),
        cost_per_new=s.exact(round(c.spend_minor / c.first_visits))
        if c.spend_minor and c.first_visits
        else fmt.NOTHING,
        bookings=part_of_visits(c.credited[s.at]),
        revenue=s.exact(c.minor[s.at]),
        roas=_roas(s, key, c.minor[s.at], c.spend_minor, c.credited[s.at], top),
        evidence=evidence,
        sure=sure,
        is_settling=c.settling_days > 0,
    )


def _channel_row(s: Shown, key: str, c: Channel, top: float) -> CampaignRow:
    merged: dict[str, float] = {}
    for (channel, _), found in s.recognised.items():
        for rule, visits in found.by_rule.items() if channel == c.channel else ():
            merged[rule] = merged.get(rule, 0.0) + visits
    evidence, sure = recognised_words(c.channel, Recognised(merged) if merged else None)
    return CampaignRow(
        name=c.title,
        cause=Cause(c.title, hue(c.channel)),
        href="",
        spend=s.exact(c.spend_minor),
        new_clients=fmt.count(c.first_visits),
        cost_per_new=s.exact(round(c.spend_minor / c.first_visits))
        if c.spend_minor and c.first_visits
        else fmt.NOTHING,
        bookings=part_of_visits(c.credited[s.at]),
        revenue=s.exact(c.minor[s.at]),
        roas=_roas(s, key, c.minor[s.at], c.spend_minor, c.credited[s.at], top),
        evidence=evidence,
        sure=sure,
    )


def _per_new(s: Shown, c: Campaign | Channel) -> str:
    return s.exact(round(c.spend_minor / c.first_visits)) if c.spend_minor and c.first_visits else fmt.NOTHING


def part_of_visits(visits: float) -> str:
    """`182`, or `39.9` where several touches share visits."""
    rounded = round(visits, 1)
    return fmt.count(int(rounded)) if rounded == int(rounded) else f"{rounded:,.1f}"


def _roas(s: Shown, key: str, minor: int, spend_minor: int | None, visits: float, top: float) -> Roas:
    """The return with its likely range; bad also where a lot was spent and nothing came back."""
    if not spend_minor:
        return NO_COST
    middle = minor / spend_minor
    if range_ := insights.likely(middle, visits, s.overview.spread):
        return roas(key, range_.low, middle, range_.high, is_early=False, top=top)
    early = roas(key, middle, middle, middle, is_early=True, top=top)
    if visits == 0 and only_costs(s.overview, spend_minor):
        return Roas(early.text, early.bar, "bad", "no paid visit")
    return early


def only_costs(overview: Overview, spend_minor: int) -> bool:
    """Whether so much was spent that a visit should have come of it."""
    ticket = overview.figures.average_ticket_minor
    return ticket is not None and spend_minor >= WASTED_AFTER * ticket


def campaign_href(asked: Asked, channel: str, key: str) -> str:
    """The campaign's own page, for the same period and model."""
    return asked.address(f"/attribution/campaigns/{channel}", key=key)


def notices(s: Shown) -> tuple[Notice, ...]:
    """What a reader of these figures must know: what is missing and what may still move."""
    some: list[Notice] = []
    if foreign := s.overview.foreign_currencies:
        some.append(
            Notice(
                f"Amounts in {' and '.join(foreign)} are left out",
                f"Figures are in {s.overview.currency}; other currencies cannot be added to them.",
                "warn",
            )
        )
    if s.asked.location_id and s.overview.spend_as_of:
        some.append(
            Notice(
                "Ad spend is not known per location",
                "Ad platforms do not say for which location money was spent; choose all locations to see returns.",
            )
        )
    return tuple(some)


def settling_note(s: Shown) -> Notice | None:
    """Said where platforms may still correct days of the period."""
    if not s.overview.settling_days:
        return None
    return Notice(
        "The last days of ad spend are still settling",
        "Platforms correct clicks and cost afterwards, some for 28 days. The figures follow by themselves.",
    )


def rows_csv(s: Shown, rows: Sequence[Campaign] | Sequence[Channel]) -> str:
    """Campaigns or channels with every model's revenue, amounts in major units."""
    currency = s.overview.currency

    def major(minor: int | None) -> object:
        return None if minor is None else Money(minor, currency).decimal()

    head = [
        "channel", "campaign", f"spend {currency}", "visits with a touch of it", "of new clients",
        *(f"{m.value} revenue {currency}" for m in MODELS), *(f"{m.value} visits" for m in MODELS),
    ]  # fmt: skip
    return csv_text(
        head,
        [
            [
                r.channel_title if isinstance(r, Campaign) else r.title,
                name_of(r) if isinstance(r, Campaign) else "",
                major(r.spend_minor), r.visits, r.first_visits,
                *(major(m) for m in r.minor), *(round(v, 4) for v in r.credited),
            ]
            for r in rows
        ],
    )  # fmt: skip
