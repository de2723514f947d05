"""The Today page put together from figures, connections and the latest visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Ability
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import Conversion
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.bookings.api import Booking
from bookingbridge.domains.insights import api as insights
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.infra.db import Tx
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Health
from bookingbridge.web import figures, revenue_chart, sources, visits
from bookingbridge.web import format as fmt
from bookingbridge.web.charts.base import csv_text
from bookingbridge.web.figures import Shown
from bookingbridge.web.pages.today.kpis import kpis
from bookingbridge.web.pages.today.needs import needs
from bookingbridge.web.pages.today.view import SourceMark, TodayView, VisitRow
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Action, Empty

VISITS = 10
MOST_IN_FILE = 10_000
SCRIPT_QUIET_DAYS = 3


async def view(engine: Engine, tx: Tx, who: Who, s: Shown, connected: Sequence[Health], seen: str) -> TodayView:
    """The whole page; `seen` goes into the address by which it asks again."""
    may_export = who.may(Permission.EXPORT)
    has_figures = bool(s.overview.campaigns) or any(any(p.revenue_minor.values()) for p in s.overview.pieces)
    rows = figures.campaign_rows(s)
    return TodayView(
        selects=s.asked.selects(),
        refresh_href=s.asked.address("/today", seen=seen),
        needs=await needs(engine, tx, who, s, connected),
        kpis=kpis(s, engine, connected),
        revenue=revenue_chart.of(s) if has_figures else None,
        revenue_csv=s.asked.address("/today/revenue.csv") if may_export and has_figures else "",
        campaigns=rows,
        campaign_totals=figures.totals(s),
        campaigns_csv=s.asked.address("/attribution/campaigns.csv") if may_export and rows else "",
        visits=await _visits(tx, who, s),
        visits_csv=s.asked.address("/today/visits.csv") if may_export and has_figures else "",
        sources=await _sources(tx, who, s, connected),
        start=None if has_figures else _start(who, engine, connected),
        notices=figures.notices(s),
    )


async def _visits(tx: Tx, who: Who, s: Shown) -> tuple[VisitRow, ...]:
    """The visits that were paid or began last."""
    paid = {c.booking_id: c for c in await attribution.latest(tx, limit=VISITS)}
    begun = {b.id: b for b in await bookings.started(tx, limit=VISITS)}
    paid |= await attribution.conversions(tx, [b for b in begun if b not in paid])
    found = begun | await bookings.bookings(tx, [b for b in paid if b not in begun])
    latest = sorted(found.values(), key=lambda b: _moved(b, paid.get(b.id)), reverse=True)[:VISITS]
    known = await insights.causes(tx, [b.id for b in latest], s.overview.model)
    names = await visits.names(tx, who, (b.client_id for b in latest))

    def row(b: Booking) -> VisitRow:
        conversion, cause = paid.get(b.id), known.get(b.id)
        return VisitRow(
            client=names.client(b.client_id),
            what=names.what(b),
            when=parts.moment(b.starts_at, now=s.now, tz=s.asked.zone),
            status=visits.status(b, conversion, s.now),
            paid=visits.paid_words(conversion),
            cause=visits.cause(cause) if conversion else visits.unpaid_cause(b),
            how=visits.how(cause, conversion),
            href=f"/attribution/bookings/{b.id}",
        )

    return tuple(row(b) for b in latest)


async def visits_csv(tx: Tx, who: Who, s: Shown) -> str:
    """Every paid visit of the period with its main cause, the newest first, up to MOST_IN_FILE."""
    p, tz = s.overview.period, s.asked.zone
    paid = await attribution.visits(tx, p.first, p.last, limit=MOST_IN_FILE, location_id=s.asked.location_id)
    ids = [c.booking_id for c in paid]
    known, booked = await insights.causes(tx, ids, s.overview.model), await bookings.bookings(tx, ids)
    names = await visits.names(tx, who, (c.client_id for c in paid))
    head = [
        "booking", "client", "service", "starts at", "paid on", "revenue", "currency", "new client", "channel",
        "campaign", "how we know",
    ]  # fmt: skip

    def row(c: Conversion) -> list[object]:
        b, cause = booked[c.booking_id], known.get(c.booking_id)
        shown = visits.cause(cause)
        return [
            str(b.id), names.client(c.client_id), names.what(b),
            b.starts_at.astimezone(tz).isoformat(timespec="minutes"), c.day.isoformat(),
            Money(c.revenue_minor, c.currency).decimal(), c.currency, "yes" if c.is_first_visit else "no",
            shown.channel, shown.campaign, visits.how(cause, c),
        ]  # fmt: skip

    return csv_text(head, [row(c) for c in paid if c.booking_id in booked])


def _moved(b: Booking, paid: Conversion | None) -> tuple[datetime, UUID]:
    return (max(b.starts_at, paid.settled_at) if paid else b.starts_at), b.id


async def _sources(tx: Tx, who: Who, s: Shown, connected: Sequence[Health]) -> tuple[SourceMark, ...]:
    """The strip: every connection, and the script when there is one."""
    may_look = who.may(Permission.SEE_CONNECTIONS)
    some = [
        SourceMark(
            sources.title(h), sources.mark(h, s.now), f"/connections/{h.connection.id}" if may_look else "/today"
        )
        for h in connected
    ]
    if await journeys.list_sites(tx):
        some.append(_script(await journeys.newest(tx), s))
    return tuple(some)


def _script(newest: datetime | None, s: Shown) -> SourceMark:
    if newest is None:
        return SourceMark("Website script", parts.Health("warn", "not seen yet"), "/settings/tracking")
    is_quiet = (s.now - newest).days >= SCRIPT_QUIET_DAYS
    words = f"silent for {fmt.span(s.now - newest)}" if is_quiet else fmt.age(newest, s.now)
    return SourceMark("Website script", parts.Health("warn" if is_quiet else "good", words), "/settings/tracking")


def _start(who: Who, engine: Engine, connected: Sequence[Health]) -> Empty:
    """What stands where no figure is yet."""
    if sources.telling(engine, connected, Ability.BOOKINGS):
        return Empty(
            "No paid visit in this period",
            "Bookings are read; the chart begins with the first payment that settles a visit.",
            "chart",
        )
    if any(h.running for h in connected):
        return Empty("Your bookings are being read", "Figures come up here while it goes on.", "chart")
    actions = (
        Action("Connect your booking system", "/connections/new", is_main=True),
        Action("What is left to set up", "/welcome"),
    )
    return Empty(
        "No paid visit yet",
        "Connect your booking system and the last year is here in a few minutes.",
        "chart",
        actions if who.may(Permission.MANAGE_CONNECTIONS) else (),
    )
