"""One client's page: who they are at every source, what happened, and how we know that it is one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.errors import BridgeError
from bookingbridge.canonical.times import rfc3339
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import Conversion, Credit, IdentityLink
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.bookings.api import Booking
from bookingbridge.domains.clients import api as clients
from bookingbridge.domains.clients.api import Client
from bookingbridge.domains.insights import api as insights
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import Touch
from bookingbridge.domains.payments import api as payments
from bookingbridge.domains.payments.api import Payment, Refund
from bookingbridge.infra.db import Tx
from bookingbridge.sync import overview as sync
from bookingbridge.sync.engine import Engine
from bookingbridge.web import format as fmt
from bookingbridge.web import proofs, trails, visits
from bookingbridge.web.pages.customers.building import came
from bookingbridge.web.pages.customers.view import CustomerView
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Fact, Notice, Tag
from bookingbridge.web.ui.rows import EvidenceLink
from bookingbridge.web.visits import Names

LOOK_BACK = timedelta(days=3650)
PAGE = 60


@dataclass(frozen=True, slots=True)
class Person:
    """Everything known of one person, who may be a client of several sources."""

    client: Client
    others: Sequence[Client]
    bookings: Sequence[Booking]
    paid: Mapping[UUID, Conversion]
    credits: Mapping[UUID, Sequence[Credit]]
    touches: Sequence[Touch]
    links: Sequence[IdentityLink]
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    first_cause: insights.Cause | None
    names: Names
    places: Mapping[UUID, str]
    sources: Mapping[UUID, str]
    now: datetime
    tz: ZoneInfo


async def read(engine: Engine, tx: Tx, who: Who, client_id: UUID) -> Person:
    """The person behind this client. NotFound."""
    client = await clients.client(tx, client_id)
    same = await clients.by_keys(tx, filter(None, [client.email_key]), filter(None, [client.phone_key]))
    others = [c for c in same if c.id != client.id]
    ids = [client.id, *(c.id for c in others)]
    links = [link for i in ids for link in await attribution.identity_links(tx, i)]
    own = await bookings.of_clients(tx, ids)
    paid = {c.booking_id: c for c in await attribution.conversions_of(tx, ids)}
    taken = await payments.of_clients(tx, ids) if who.may(Permission.SEE_MONEY) else []
    first = min(paid.values(), key=lambda c: (c.booked_at, c.booking_id), default=None)
    causes = await insights.causes(tx, [first.booking_id], attribution.Model.FIRST) if first else {}
    return Person(
        client=client,
        others=others,
        bookings=own,
        paid=paid,
        credits=await attribution.credits(tx, paid),
        touches=await journeys.touches_of(
            tx,
            visitors=[link.visitor for link in links if link.undone_at is None],
            client_ids=ids,
            since=tx.now - LOOK_BACK,
            until=tx.now,
        ),
        links=links,
        payments=taken,
        refunds=await payments.refunds_of(tx, [p.id for p in taken]),
        first_cause=causes.get(first.booking_id) if first else None,
        names=await visits.names(tx, who, ids),
        places={p.id: p.name for p in await accounts.locations(tx)},
        sources=await _sources(engine, tx, ids),
        now=tx.now,
        tz=ZoneInfo(who.business.time_zone),
    )


async def _sources(engine: Engine, tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    """By client: which connections know them."""
    titles = {
        h.connection.id: h.connection.name if h.connection.vendor == "files" else h.title
        for h in await sync.health(engine, tx)
    }
    found: dict[UUID, str] = {}
    for i in ids:
        known = [titles.get(c, "a removed source") for c, *_ in await sync.sources_of(tx, i)]
        found[i] = ", ".join(dict.fromkeys(known))
    return found


def name(p: Person) -> str:
    return p.client.name or "Nameless client"


def view(p: Person, who: Who, before: str) -> CustomerView:
    """The page; `before` (RFC 3339) shows an earlier part of the timeline."""
    back = f"/customers/{p.client.id}"
    entries = sorted(_entries(p), key=lambda e: e[0], reverse=True)
    if until := _moment(before):
        entries = [e for e in entries if e[0] < until]
    shown = entries[:PAGE]
    earlier = shown[-1][0].isoformat().replace("+00:00", "Z") if len(entries) > PAGE else ""
    return CustomerView(
        name=name(p),
        facts=_facts(p, who),
        contact=_contact(p),
        trail=tuple(entry for _, entry in shown),
        earlier=f"{back}?before={earlier}" if earlier else "",
        links=_links(p, who),
        back=back,
        notices=(Notice("Deleted at its source", "It is kept here with what was paid.", "warn"),)
        if p.client.is_deleted
        else (),
    )


def _moment(text: str) -> datetime | None:
    try:
        return rfc3339(text) if text else None
    except BridgeError:
        return None


def _entries(p: Person) -> list[trails.Entry]:
    campaigns = {c.touch_id: c.campaign for some in p.credits.values() for c in some}
    entries = [trails.touch(t, campaigns.get(t.id, t.campaign or ""), now=p.now, tz=p.tz) for t in p.touches]
    for b in p.bookings:
        place = p.places.get(b.location_id, "") if b.location_id else ""
        entries.append(trails.booking(b, p.paid.get(b.id), p.names, place, now=p.now, tz=p.tz))
    entries += [trails.payment(paid, now=p.now, tz=p.tz) for paid in p.payments]
    entries += [trails.refund(r, now=p.now, tz=p.tz) for r in p.refunds]
    return entries


def _facts(p: Person, who: Who) -> tuple[Fact, ...]:
    held = [b for b in p.bookings if came(b, p.now)]
    ahead = [b for b in p.bookings if b.starts_at > p.now and b.status in ("pending", "confirmed")]
    missed = sum(b.status == "no_show" for b in p.bookings)
    cause = visits.cause(p.first_cause)
    first = f"first on {fmt.day(held[0].starts_at.astimezone(p.tz).date())}" if held else ""
    facts = [Fact("Visits", fmt.count(len(held)), first)]
    if ahead:
        facts.append(Fact("Next", fmt.moment(ahead[0].starts_at, p.tz, p.now), p.names.what(ahead[0])))
    if who.may(Permission.SEE_MONEY):
        revenue = fmt.money_total((c.revenue_minor, c.currency) for c in p.paid.values())
        facts.append(Fact("Revenue", revenue, "net of refunds, without tips" if p.paid else ""))
    facts.append(Fact("First brought by", cause.channel, cause.campaign))
    facts.append(Fact("No-shows", fmt.count(missed) if missed else "none"))
    return tuple(facts)


def _contact(p: Person) -> tuple[Fact, ...]:
    facts = []
    for c in (p.client, *p.others):
        source = p.sources.get(c.id, "")
        facts += [Fact("E-mail", c.email, source)] if c.email else []
        facts += [Fact("Phone", c.phone, source)] if c.phone else []
    known = tuple({(f.label, f.value): f for f in facts}.values())
    return known or (Fact("Reach", "Neither e-mail nor phone is known"),)


def _links(p: Person, who: Who) -> tuple[EvidenceLink, ...]:
    seen = proofs.by_visitor(list(p.touches))
    found = [proofs.identity(link, name(p), seen, who, now=p.now, tz=p.tz) for link in p.links]
    return tuple(found + [_same(p, other) for other in p.others])


def _same(p: Person, other: Client) -> EvidenceLink:
    """Two sources' clients with one e-mail or phone: nothing is merged, so there is nothing to undo."""
    is_email = p.client.email_key is not None and p.client.email_key == other.email_key
    what = f"e-mail address, {p.client.email}" if is_email else f"phone number, {p.client.phone}"
    source = p.sources.get(other.id, "")
    return EvidenceLink(
        id=str(other.id),
        claim=f"{other.name or 'A client'}{f' of {source}' if source else ''} is the same person",
        rule="Same e-mail address" if is_email else "Same phone number",
        evidence=(f"Both have the {what}.",),
        made=parts.stamp(other.since or p.now, now=p.now, tz=p.tz),
        sure=Tag("Likely", "info"),
        can_undo=False,
    )
