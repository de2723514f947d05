"""One campaign: its facts, its course and the visits it has a share in."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from bookingbridge.canonical.errors import NotFound
from bookingbridge.canonical.money import Money, from_micros
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.ads import api as ads
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import TITLES, Conversion
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.insights import api as insights
from bookingbridge.domains.insights.api import Campaign
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.infra.db import Tx
from bookingbridge.web import figures, visits
from bookingbridge.web import format as fmt
from bookingbridge.web.asking import bucket_words, is_open, unit_of
from bookingbridge.web.charts.base import csv_text, hue
from bookingbridge.web.charts.stacked import Series, StackedBars
from bookingbridge.web.figures import Shown
from bookingbridge.web.knowing import HOW, NO_TOUCH
from bookingbridge.web.pages.attribution import view as v
from bookingbridge.web.pages.attribution.building import filters
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Fact
from bookingbridge.web.ui.rows import Cause

SHOWN_VISITS = 50
MOST_IN_FILE = 10_000
_OF_A_PLATFORM = "campaign:"


async def found(tx: Tx, s: Shown, channel: str, key: str) -> Campaign:
    """The campaign in this period; one that did nothing in it is there, empty. NotFound for one there is not."""
    for c in s.overview.campaigns:
        if c.channel == channel and c.key == key:
            return c
    if channel not in journeys.TITLES:
        raise NotFound("There is no such campaign.")
    nothing = (0,) * len(TITLES)
    return Campaign(
        channel, journeys.title(channel), journeys.is_paid(channel), key, await _name(tx, key), None, 0, 0, 0, 0, 0,
        nothing, tuple(map(float, nothing)), (None,) * len(TITLES),
    )  # fmt: skip


async def _name(tx: Tx, key: str) -> str:
    """What an ad platform calls it; of others the key is the name."""
    if not key.startswith(_OF_A_PLATFORM):
        return key
    names = {f"{_OF_A_PLATFORM}{c.id}": c.name for c in await ads.campaigns(tx)}
    if key not in names:
        raise NotFound("There is no such campaign.")
    return names[key]


async def view(tx: Tx, who: Who, s: Shown, c: Campaign) -> v.CampaignView:
    path = f"/attribution/campaigns/{c.channel}"
    rows, in_all = await _visits(tx, who, s, c)
    may_export = who.may(Permission.EXPORT)
    return v.CampaignView(
        name=figures.name_of(c),
        cause=Cause(c.channel_title, hue(c.channel)),
        filters=filters(s, path, (("key", c.key),)),
        facts=_facts(s, c),
        chart=await chart(tx, s, c),
        chart_csv=s.asked.address(f"{path}/course.csv", key=c.key) if may_export else "",
        visits=rows,
        visits_note=f"The {len(rows)} latest of {fmt.count(in_all)}" if in_all > len(rows) else "",
        visits_csv=s.asked.address(f"{path}/visits.csv", key=c.key) if may_export and rows else "",
        back=s.asked.address("/attribution"),
    )


def _facts(s: Shown, c: Campaign) -> tuple[Fact, ...]:
    row = next((r for r, o in zip(figures.campaign_rows(s), s.overview.campaigns, strict=True) if o is c), None)
    minor, visits_ = c.minor[s.at], c.credited[s.at]
    model = TITLES[s.overview.model]
    facts = [
        Fact("Revenue", s.exact(minor), f"by “{model}”"),
        Fact("Paid visits", figures.part_of_visits(visits_), f"{fmt.count(c.visits)} with a touch of it"),
        Fact("New clients", fmt.count(c.first_visits)),
    ]
    if c.spend_minor is not None and row is not None:
        range_ = insights.likely(minor / c.spend_minor, visits_, s.overview.spread) if c.spend_minor else None
        facts += [
            Fact("Spend", s.exact(c.spend_minor), "the last days are still settling" if c.settling_days else ""),
            Fact(
                "Return on ad spend",
                row.roas.text,
                f"likely {fmt.times(range_.low)} to {fmt.times(range_.high)}" if range_ else row.roas.note,
            ),
            Fact("Cost per new client", row.cost_per_new),
            Fact("Clicks", fmt.count(c.clicks), f"from {fmt.counted(c.impressions, 'view')}"),
        ]
    if row is not None and row.evidence != fmt.NOTHING:
        facts.append(Fact("How we know", row.evidence, row.sure if row.sure != fmt.NOTHING else ""))
    return tuple(facts)


async def chart(tx: Tx, s: Shown, c: Campaign) -> StackedBars | None:
    """Its revenue in the chosen model, piece by piece, with what it cost; None where there is neither."""
    p, currency = s.overview.period, s.overview.currency
    days = await attribution.campaign_days(
        tx, s.overview.model, p.first, p.last, channel=c.channel, key=c.key, location_id=s.asked.location_id
    )
    spent = await _spent(tx, s, c)
    if not days and not spent:
        return None
    pieces = p.buckets()
    revenue = tuple(
        sum(d.minor for d in days if piece.first <= d.day <= piece.last and d.currency == currency) for piece in pieces
    )
    micros = [sum(m for day, m in spent if piece.first <= day <= piece.last) for piece in pieces]
    return StackedBars(
        "campaign",
        f"Revenue and spend of {figures.name_of(c)}",
        tuple(bucket_words(piece, today=s.asked.today) for piece in pieces),
        (Series(figures.name_of(c), hue(c.channel), revenue),),
        currency,
        tuple(from_micros(m, currency).minor for m in micros) if spent else (),
        open_bucket=is_open(pieces[-1], s.asked.today),
        unit=unit_of(pieces),
    )


async def _spent(tx: Tx, s: Shown, c: Campaign) -> list[tuple[date, int]]:
    """(day, micros) in the business's currency; nothing for what is no ad platform's campaign."""
    if not c.key.startswith(_OF_A_PLATFORM) or s.asked.location_id is not None:
        return []
    p = s.overview.period
    days = await ads.campaign_days(tx, UUID(c.key.removeprefix(_OF_A_PLATFORM)), p.first, p.last)
    return [(d.day, d.spend_micros) for d in days if d.currency == s.overview.currency]


async def _visits(tx: Tx, who: Who, s: Shown, c: Campaign) -> tuple[tuple[v.CreditedVisit, ...], int]:
    some = await _credited(tx, s, c, SHOWN_VISITS)
    known = await bookings.bookings(tx, [conversion.booking_id for conversion, _ in some])
    names = await visits.names(tx, who, (conversion.client_id for conversion, _ in some))
    causes = await insights.causes(tx, known, s.overview.model, campaign=(c.channel, c.key))

    def row(conversion: Conversion, minor: int) -> v.CreditedVisit:
        booking = known[conversion.booking_id]
        cause = causes.get(booking.id)
        return v.CreditedVisit(
            names.client(conversion.client_id),
            names.what(booking),
            parts.moment(conversion.booked_at, now=s.now, tz=s.asked.zone),
            fmt.money(Money(conversion.revenue_minor, conversion.currency)),
            fmt.money(Money(minor, conversion.currency)),
            HOW[cause.rule] if cause else NO_TOUCH,
            f"/attribution/bookings/{booking.id}",
        )

    return tuple(row(conversion, minor) for conversion, minor in some if conversion.booking_id in known), c.visits


async def _credited(tx: Tx, s: Shown, c: Campaign, limit: int) -> list[tuple[Conversion, int]]:
    """The latest visits it has a share in, each with that share in the chosen model."""
    p = s.overview.period
    some = await attribution.visits(
        tx, p.first, p.last, limit=limit, campaign=(c.channel, c.key), location_id=s.asked.location_id
    )
    credits = await attribution.credits(tx, [conversion.booking_id for conversion in some])

    def share(conversion: Conversion) -> int:
        own = [k for k in credits.get(conversion.booking_id, ()) if (k.channel, k.campaign_key) == (c.channel, c.key)]
        return sum(k.minor[s.at] for k in own) if conversion.touch_count else conversion.revenue_minor

    return [(conversion, share(conversion)) for conversion in some]


async def visits_csv(tx: Tx, who: Who, s: Shown, c: Campaign) -> str:
    """Every visit it has a share in, up to MOST_IN_FILE."""
    some = await _credited(tx, s, c, MOST_IN_FILE)
    known = await bookings.bookings(tx, [conversion.booking_id for conversion, _ in some])
    names = await visits.names(tx, who, (conversion.client_id for conversion, _ in some))
    head = ["booking", "client", "service", "booked at", "paid on", "revenue", "share", "currency"]
    return csv_text(
        head,
        [
            [
                str(cv.booking_id), names.client(cv.client_id), names.what(known[cv.booking_id]),
                cv.booked_at.astimezone(s.asked.zone).isoformat(timespec="minutes"), cv.day.isoformat(),
                Money(cv.revenue_minor, cv.currency).decimal(), Money(minor, cv.currency).decimal(), cv.currency,
            ]
            for cv, minor in some
            if cv.booking_id in known
        ],
    )  # fmt: skip
