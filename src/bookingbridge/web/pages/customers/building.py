"""The list of clients and one client's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.money import Money
from bookingbridge.canonical.times import rfc3339
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import Conversion
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.bookings.api import Booking
from bookingbridge.domains.clients import api as clients
from bookingbridge.domains.clients.api import Client
from bookingbridge.domains.insights import api as insights
from bookingbridge.domains.insights.api import Cause
from bookingbridge.infra.db import Tx
from bookingbridge.web import format as fmt
from bookingbridge.web import visits
from bookingbridge.web.charts.base import csv_text
from bookingbridge.web.pages.customers.view import CustomerRow, CustomersView
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Action, Choice, Empty, Pager, Select, Tag

PAGE = 50
NEW_DAYS = 30
SHOW = (("", "Everybody"), ("new", "New in 30 days"))
SORT = (("", "Last visit"), ("name", "Name"))
_CAME = frozenset({"pending", "confirmed", "completed"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list was asked for. `after` is opaque: where the page before ended."""

    q: str
    show: str
    sort: str
    after: str

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        def one_of(name: str, choices: Sequence[tuple[str, str]]) -> str:
            said = query.get(name, "")
            return said if said in {value for value, _ in choices} else ""

        text = query.get("q", "").replace("\x00", "").strip()[:200]
        return cls(text, one_of("show", SHOW), one_of("sort", SORT), query.get("after", "")[:400])

    def query(self, **more: str) -> dict[str, str]:
        said = {"q": self.q, "show": self.show, "sort": self.sort, **more}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Known:
    """Clients of one page of the list, with what is known of their visits. `next_after` is empty at the end."""

    clients: Sequence[Client]
    last: Mapping[UUID, datetime]
    visits: Mapping[UUID, int]
    revenue: Mapping[UUID, Sequence[tuple[int, str]]]
    first: Mapping[UUID, Conversion]
    causes: Mapping[UUID, Cause]
    next_after: str
    now: datetime


async def known(tx: Tx, wanted: Wanted, *, limit: int = PAGE) -> Known:
    """The clients asked for, in order, and what brought each first."""
    found, next_after = await _found(tx, wanted, limit)
    ids = [c.id for c in found]
    own = await bookings.of_clients(tx, ids)
    paid = await attribution.conversions_of(tx, ids)
    last: dict[UUID, datetime] = {}
    counts: dict[UUID, int] = {}
    for b in own:
        if b.client_id and b.status in _CAME and b.starts_at <= tx.now:
            last[b.client_id] = b.starts_at
            counts[b.client_id] = counts.get(b.client_id, 0) + 1
    revenue: dict[UUID, list[tuple[int, str]]] = {}
    first: dict[UUID, Conversion] = {}
    for c in paid:
        assert c.client_id
        revenue.setdefault(c.client_id, []).append((c.revenue_minor, c.currency))
        first.setdefault(c.client_id, c)
    causes = await insights.causes(tx, [c.booking_id for c in first.values()], attribution.Model.FIRST)
    by_client = {client: causes[c.booking_id] for client, c in first.items() if c.booking_id in causes}
    return Known(found, last, counts, revenue, first, by_client, next_after, tx.now)


async def _found(tx: Tx, wanted: Wanted, limit: int) -> tuple[list[Client], str]:
    if wanted.q:
        # A search is narrowed, not paged: a better word finds better than a second page.
        found = await clients.search(tx, wanted.q, limit=limit)
        return (await _only_new(tx, found) if wanted.show == "new" else found), ""
    if wanted.show == "new":
        return await _new(tx, limit), ""
    if wanted.sort == "name":
        return await _by_name(tx, wanted.after, limit)
    return await _by_last_visit(tx, wanted.after, limit)


async def _by_name(tx: Tx, after: str, limit: int) -> tuple[list[Client], str]:
    name, _, id_ = after.rpartition("|")
    at = _uuid(id_)
    some = await clients.listed(tx, after=(name, at) if at else None, limit=limit + 1)
    page = some[:limit]
    return page, f"{page[-1].name}|{page[-1].id}" if len(some) > limit else ""


async def _by_last_visit(tx: Tx, after: str, limit: int) -> tuple[list[Client], str]:
    """Those who came, by their last visit; then, without a visit, nobody: the order by name has them."""
    when, _, id_ = after.rpartition("|")
    booking = _uuid(id_)
    before = (rfc3339(when), booking) if booking else None
    some = await bookings.last_visits(tx, before=before, limit=limit + 1)
    page = some[:limit]
    found = await clients.clients(tx, [v.client_id for v in page])
    ordered = [found[v.client_id] for v in page if v.client_id in found]
    more = f"{page[-1].starts_at.isoformat()}|{page[-1].booking_id}" if len(some) > limit else ""
    return ordered, more


async def _new(tx: Tx, limit: int) -> list[Client]:
    """Clients whose first paid visit was in the last NEW_DAYS days, the newest first."""
    today = await insights.today_of(tx)
    paid = await attribution.visits(tx, today - timedelta(days=NEW_DAYS - 1), today, limit=20 * limit)
    ids = dict.fromkeys(c.client_id for c in paid if c.is_first_visit and c.client_id)
    found = await clients.clients(tx, ids)
    return [found[i] for i in ids if i in found][:limit]


async def _only_new(tx: Tx, found: Sequence[Client]) -> list[Client]:
    fresh = {c.id for c in await _new(tx, 10 * PAGE)}
    return [c for c in found if c.id in fresh]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def view(tx: Tx, who: Who, wanted: Wanted, k: Known, href: str, csv: str) -> CustomersView:
    """`href` is the next page's address without its end."""
    in_all = await clients.count(tx)
    return CustomersView(
        q=wanted.q,
        selects=(
            Select("show", "Show", tuple(Choice(value, label, value == wanted.show) for value, label in SHOW)),
            Select("sort", "Sort by", tuple(Choice(value, label, value == wanted.sort) for value, label in SORT)),
        ),
        found=_found_words(wanted, k, in_all),
        rows=tuple(_row(who, k, c) for c in k.clients),
        pager=Pager("", "", href) if k.next_after else None,
        empty=None if k.clients else _empty(who, wanted, in_all),
        csv=csv if who.may(Permission.EXPORT) and k.clients else "",
    )


def _found_words(wanted: Wanted, k: Known, in_all: int) -> str:
    if wanted.q:
        more = " or more" if len(k.clients) == PAGE else ""
        return f"{fmt.counted(len(k.clients), 'customer')}{more} found"
    if wanted.show == "new":
        return f"{fmt.counted(len(k.clients), 'new customer')} in {NEW_DAYS} days"
    return f"{fmt.counted(in_all, 'customer')}{', by last visit' if not wanted.sort else ''}"


def _empty(who: Who, wanted: Wanted, in_all: int) -> Empty:
    if wanted.q:
        return Empty(
            f"Nobody fits “{fmt.shorten(wanted.q, 40)}”",
            "Names, e-mail addresses and phone numbers are searched, also parts of them.",
        )
    if in_all:
        return Empty("Nobody yet", "No client fits this choice; sort by name to see all.", "people")
    actions = (Action("Connect your booking system", "/connections/new", is_main=True),)
    return Empty(
        "No customer yet",
        "Customers come with your booking system, each with their visits and what first brought them.",
        "people",
        actions if who.may(Permission.MANAGE_CONNECTIONS) else (),
    )


def _row(who: Who, k: Known, c: Client) -> CustomerRow:
    tz = ZoneInfo(who.business.time_zone)
    first, last = k.first.get(c.id), k.last.get(c.id)
    is_new = first is not None and first.is_first_visit and k.now - first.settled_at < timedelta(days=NEW_DAYS)
    return CustomerRow(
        name=c.name or "Nameless client",
        href=f"/customers/{c.id}",
        contact=contact(c),
        visits=fmt.count(k.visits.get(c.id, 0)),
        revenue=fmt.money_total(k.revenue.get(c.id, ())) if who.may(Permission.SEE_MONEY) else fmt.NOTHING,
        last=parts.moment(last, now=k.now, tz=tz) if last else None,
        cause=visits.cause(k.causes.get(c.id)),
        tag=Tag("New", "info") if is_new else None,
    )


def contact(c: Client) -> str:
    """`ana@example.com · +1 206 555 0123`."""
    return " · ".join(filter(None, (c.email, c.phone))) or "no contact"


def as_csv(who: Who, k: Known) -> str:
    """The clients with their visits; amounts in major units, in the currency that brought in most."""
    tz = ZoneInfo(who.business.time_zone)
    may_see = who.may(Permission.SEE_MONEY)
    head = [
        "customer",
        "name",
        "email",
        "phone",
        "visits",
        "revenue",
        "currency",
        "last visit",
        "first brought by",
        "campaign",
    ]

    def revenue(c: Client) -> tuple[object, str]:
        sums: dict[str, int] = {}
        for minor, currency in k.revenue.get(c.id, ()):
            sums[currency] = sums.get(currency, 0) + minor
        if not sums or not may_see:
            return None, ""
        currency = max(sums, key=lambda name: sums[name])
        return Money(sums[currency], currency).decimal(), currency

    def row(c: Client) -> list[object]:
        last, cause = k.last.get(c.id), visits.cause(k.causes.get(c.id))
        when = last.astimezone(tz).isoformat(timespec="minutes") if last else ""
        return [
            str(c.id),
            c.name,
            c.email,
            c.phone,
            k.visits.get(c.id, 0),
            *revenue(c),
            when,
            cause.channel,
            cause.campaign,
        ]

    return csv_text(head, [row(c) for c in k.clients])


def came(b: Booking, now: datetime) -> bool:
    """Whether it counts as a visit."""
    return b.status in _CAME and b.starts_at <= now
