"""One visit's journey: what led to its booking, what came of it, how we know, and who gets how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.money import Money
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import MODELS, TITLES, Conversion, Credit, IdentityLink
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.bookings.api import Booking
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import Touch
from bookingbridge.domains.matching import api as matching
from bookingbridge.domains.matching.api import Settled
from bookingbridge.domains.payments import api as payments
from bookingbridge.domains.payments.api import Payment, Refund
from bookingbridge.infra.db import Tx
from bookingbridge.sync import overview as sync
from bookingbridge.sync.engine import Engine
from bookingbridge.web import format as fmt
from bookingbridge.web import proofs, publishing, trails, visits
from bookingbridge.web.charts.base import hue
from bookingbridge.web.pages.attribution import view as v
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Fact, Field, Form, Notice
from bookingbridge.web.ui.rows import Cause, EvidenceLink, TrailEntry
from bookingbridge.web.visits import Names

LOOK_BACK = timedelta(days=400)
"""How far before the window touches are still counted, to say that they get nothing."""


@dataclass(frozen=True, slots=True)
class Journey:
    """Everything known of one booking."""

    booking: Booking
    paid: Conversion | None
    touches: Sequence[Touch]
    credits: Sequence[Credit]
    links: Sequence[IdentityLink]
    settled: Sequence[Settled]
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    names: Names
    place: str
    source: tuple[str, str]
    window: timedelta
    now: datetime
    tz: ZoneInfo

    @property
    def opens_at(self) -> datetime:
        """Touches before this get nothing."""
        return self.booking.booked_at - self.window


async def read(engine: Engine, tx: Tx, who: Who, booking_id: UUID) -> Journey:
    """The journey. NotFound."""
    b = await bookings.booking(tx, booking_id)
    links = await attribution.identity_links(tx, b.client_id) if b.client_id else []
    window = timedelta(days=who.business.settings.window_days)
    touches = await journeys.touches_of(
        tx,
        visitors=[link.visitor for link in links if link.undone_at is None],
        client_ids=[b.client_id] if b.client_id else [],
        since=b.booked_at - window - LOOK_BACK,
        until=b.booked_at,
    )
    settled = await matching.settlements(tx, [b.id])
    own = await payments.payments(tx, [s.payment_id for s in settled if s.undone_at is None])
    place = next((p.name for p in await accounts.locations(tx) if p.id == b.location_id), "")
    return Journey(
        booking=b,
        paid=(await attribution.conversions(tx, [b.id])).get(b.id),
        touches=touches,
        credits=(await attribution.credits(tx, [b.id])).get(b.id, []),
        links=links,
        settled=settled,
        payments=list(own.values()),
        refunds=await payments.refunds_of(tx, own),
        names=await visits.names(tx, who, [b.client_id]),
        place=place,
        source=await _source(engine, tx, b),
        window=window,
        now=tx.now,
        tz=ZoneInfo(who.business.time_zone),
    )


async def _source(engine: Engine, tx: Tx, b: Booking) -> tuple[str, str]:
    """The connection it came by, in words, and the thing's own number there."""
    for connection_id, _, remote_id, _ in await sync.sources_of(tx, b.id):
        for h in await sync.health(engine, tx):
            if h.connection.id == connection_id:
                return h.connection.name if h.connection.vendor == "files" else h.title, remote_id
    return "", ""


def title(j: Journey) -> str:
    return f"{j.names.client(j.booking.client_id)}, {j.names.service(j.booking).lower()}"


def view(j: Journey, who: Who) -> v.JourneyView:
    outside = sum(t.occurred_at < j.opens_at for t in j.touches)
    back = f"/attribution/bookings/{j.booking.id}"
    return v.JourneyView(
        title=title(j),
        status=visits.status(j.booking, j.paid, j.now),
        facts=_facts(j, who),
        trail=_trail(j),
        credit=_credit(j),
        links=_links(j, who),
        back=back,
        unknown=_unknown(j),
        ask=_ask(j, who, back),
        outside=_outside(outside, j.window),
    )


def _outside(touches: int, window: timedelta) -> str:
    if not touches:
        return ""
    verb = "lies" if touches == 1 else "lie"
    return (
        f"{fmt.counted(touches, 'earlier touch', 'earlier touches')} {verb} more than {window.days} days before the "
        "booking and get no share."
    )


def _facts(j: Journey, who: Who) -> tuple[Fact, ...]:
    b = j.booking
    may_see = who.may(Permission.SEE_CLIENTS) and b.client_id is not None
    price = fmt.money(Money(b.price_minor, b.currency)) if b.price_minor is not None and b.currency else ""
    first = "first visit" if j.paid and j.paid.is_first_visit else ""
    facts = [
        Fact("Client", j.names.client(b.client_id), first, f"/customers/{b.client_id}" if may_see else ""),
        Fact("Service", j.names.what(b), price),
        Fact("When", fmt.moment(b.starts_at, j.tz, j.now)),
    ]
    if j.place:
        facts.append(Fact("Where", j.place))
    facts.append(Fact("Revenue", visits.paid_words(j.paid), "net of refunds, without tips" if j.paid else "not paid"))
    if j.source[0]:
        href = f"/sync?source={b.connection_id}" if who.may(Permission.SEE_CONNECTIONS) else ""
        facts.append(Fact("Source", j.source[0], f"booking {fmt.shorten(j.source[1], 24)}", href))
    return tuple(facts)


def _trail(j: Journey) -> tuple[TrailEntry, ...]:
    credited = {c.touch_id: c for c in j.credits}
    entries = [trails.booking(j.booking, j.paid, j.names, j.place, now=j.now, tz=j.tz)]
    for t in j.touches:
        if t.occurred_at < j.opens_at:
            continue
        gap = f"{fmt.span(j.booking.booked_at - t.occurred_at)} before the booking"
        credit = credited.get(t.id)
        # A path holds each session once; what repeats it is shown and said to be a part of it.
        note = "" if credit or not j.credits else "The same visit as the touch before it: one share for both."
        campaign = credit.campaign if credit else t.campaign or ""
        entries.append(trails.touch(t, campaign, now=j.now, tz=j.tz, gap=gap, note=note))
    entries += [trails.payment(p, now=j.now, tz=j.tz) for p in j.payments]
    entries += [trails.refund(r, now=j.now, tz=j.tz) for r in j.refunds]
    return trails.in_order(entries)


def _credit(j: Journey) -> v.CreditTable | None:
    if j.paid is None or not j.credits:
        return None
    currency = j.paid.currency

    def words(minor: int, share: float) -> str:
        return fmt.money(Money(minor, currency)) if minor or share else fmt.NOTHING

    rows = tuple(
        v.CreditRow(
            Cause(journeys.title(c.channel), hue(c.channel), c.campaign),
            parts.moment(c.touched_at, now=j.now, tz=j.tz),
            tuple(words(m, s) for m, s in zip(c.minor, c.share, strict=True)),
        )
        for c in j.credits
    )
    totals = tuple(fmt.money(Money(sum(c.minor[i] for c in j.credits), currency)) for i in range(len(MODELS)))
    return v.CreditTable(tuple(TITLES[m] for m in MODELS), rows, totals)


def _links(j: Journey, who: Who) -> tuple[EvidenceLink, ...]:
    seen = proofs.by_visitor(list(j.touches))
    name = j.names.client(j.booking.client_id)
    identity = [proofs.identity(link, name, seen, who, now=j.now, tz=j.tz) for link in j.links]
    settled = [proofs.settlement(s, who, now=j.now, tz=j.tz) for s in j.settled]
    return tuple(identity + settled)


def _unknown(j: Journey) -> Notice | None:
    if j.paid is not None:
        if j.credits:
            return None
        return Notice(
            "We do not know what brought this visit",
            "No click, call or answer leads to it. It counts as unknown and is not spread over other channels."
            + (" Ask them, and note the answer here." if j.booking.client_id else ""),
        )
    if j.booking.status in ("cancelled", "declined", "no_show"):
        return Notice("Nothing to share out", "Nothing was paid for this booking.")
    return Notice("Not paid yet", "Once a payment belongs to this visit, it is shared out among the touches below.")


def _ask(j: Journey, who: Who, back: str) -> Form | None:
    """For who may change how visits are known, unless the client said it already."""
    asked = any(t.kind == "asked" and (t.fields or {}).get("about") == str(j.booking.id) for t in j.touches)
    if j.booking.client_id is None or asked or not who.may(Permission.UNDO_LINKS):
        return None
    answers = publishing.answers_of(who.business)
    return Form(
        f"{back}/heard",
        (Field("answer", "Their answer", suggestions=answers, help="In their own words, or one of yours."),),
        "Note it",
        is_quiet=True,
    )
