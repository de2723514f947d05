"""A small shop whose every figure can be worked out by hand, and the installation that shows it.

Ana      booked after an ad click and a newsletter link (known by her e-mail), paid $60.00 and a tip, $10.00 given back.
Bo       booked after an ad click (known by the token in the booking), paid $40.00.
Cy       paid $30.00; nobody saw what brought him.
Di       did not come. Ed cancelled. Fi paid $25.00 for goods and has no booking.
The campaign "Spring ads" cost $5.00 on each of ten days, "Lookalike" $400.00 on one day and brought nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.simulators import serving_made
from tests.web.pages.installation import Installation, Visitor, until

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import (
    AdDay,
    Booking,
    BookingStatus,
    Campaign,
    Customer,
    Location,
    Payment,
    PaymentStatus,
    Record,
    Refund,
    Service,
    StaffMember,
    Touchpoint,
)
from bookingbridge.domains.accounts.api import SignedIn
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.clients import api as clients
from bookingbridge.domains.journeys.api import new_token
from bookingbridge.sync import files

DAY = timedelta(days=1)
TOKEN = new_token(b"0123456789")
PAID = 3
"""How many visits of the shop are paid."""


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def _id(text: str) -> RemoteId:
    return RemoteId(text)


def touch(
    key: str,
    at: datetime,
    person: str,
    *,
    source: str | None = None,
    medium: str | None = None,
    campaign: str | None = None,
    campaign_ref: str | None = None,
    url: str | None = None,
    email: str | None = None,
) -> Touchpoint:
    """A click."""
    return Touchpoint(
        _id(key), None, None, at, "click", person, None, email, None, None, source, medium, campaign, campaign_ref,
        None, None, url, None,
    )  # fmt: skip


def customer(key: str, name: str, at: datetime, email: str | None = None) -> Customer:
    return Customer(_id(key), None, None, name, email, None, at)


def booking(
    key: str, of: str, booked: datetime, starts: datetime, status: BookingStatus, price: int, note: str | None = None
) -> Booking:
    ends = starts + timedelta(minutes=30)
    return Booking(
        _id(key),
        None,
        None,
        status,
        starts,
        ends,
        booked,
        _id(of),
        _id("main"),
        _id("lee"),
        _id("cut"),
        usd(price),
        note,
    )


def payment(key: str, of: str, at: datetime, amount: int, *, tip: int = 0) -> Payment:
    done = PaymentStatus.COMPLETED
    return Payment(_id(key), None, None, done, usd(amount), usd(tip), usd(0), at, "card", _id(of), _id("main"), None)


def records(now: datetime) -> list[Record]:
    """The shop's whole history, up to `now`."""
    noon = now.replace(hour=20, minute=0, second=0, microsecond=0) - DAY  # before midnight in Los Angeles
    done = BookingStatus.COMPLETED
    campaigns: list[Record] = [
        Campaign(_id("cmp1"), None, None, "Spring ads", "google_ads", "enabled", "USD"),
        Campaign(_id("cmp2"), None, None, "Lookalike", "meta_ads", "active", "USD"),
    ]
    days = [((noon - n * DAY).date(), "cmp1", 5_000_000, 7) for n in range(1, 11)]
    days.append(((noon - 3 * DAY).date(), "cmp2", 400_000_000, 900))
    return [
        Location(_id("main"), None, None, "Pine Street", "America/Los_Angeles", None),
        StaffMember(_id("lee"), None, None, "Lee Quill"),
        Service(_id("cut"), None, None, "Haircut", usd(4000), 30),
        customer("ana", "Ana Lima", noon - 6 * DAY, "ana@example.com"),
        customer("bo", "Bo Marsh", noon - 5 * DAY),
        customer("cy", "Cy Noor", noon - 5 * DAY),
        customer("di", "Di Park", noon - 5 * DAY),
        customer("ed", "Ed Ruiz", noon - 5 * DAY),
        customer("fi", "Fi Stone", noon - 5 * DAY),
        *campaigns,
        *(
            AdDay(_id(f"{campaign}:{day}"), None, None, _id(campaign), day, micros, "USD", clicks, 1000, False)
            for day, campaign, micros, clicks in days
        ),
        touch(
            "t1", noon - 7 * DAY, "ana-phone", source="google", medium="cpc", campaign="spring", campaign_ref="cmp1",
            url="https://shop.example.com/?gclid=Cj0KabcdefghijklmnopqrstuvE4", email="ana@example.com",
        ),
        touch("t2", noon - 6 * DAY, "ana-phone", source="newsletter", medium="email", campaign="may-news"),
        touch(
            "t3", noon - 5 * DAY, TOKEN, source="google", medium="cpc", campaign="spring", campaign_ref="cmp1",
        ),
        booking("b1", "ana", noon - 6 * DAY + timedelta(hours=1), noon - 3 * DAY, done, 6000),
        booking("b2", "bo", noon - 5 * DAY + timedelta(hours=1), noon - 2 * DAY, done, 4000, f"Web ({TOKEN})"),
        booking("b3", "cy", noon - 4 * DAY, noon - DAY, done, 3000),
        booking("b4", "di", noon - 4 * DAY, noon - DAY, BookingStatus.NO_SHOW, 4000),
        booking("b5", "ed", noon - 4 * DAY, noon - DAY, BookingStatus.CANCELLED, 4000),
        payment("p1", "ana", noon - 3 * DAY + timedelta(minutes=40), 6000, tip=1200),
        payment("p2", "bo", noon - 2 * DAY + timedelta(minutes=40), 4000),
        payment("p3", "cy", noon - DAY + timedelta(minutes=40), 3000),
        payment("p4", "fi", noon - DAY, 2500),
        Refund(
            _id("r1"), None, None, _id("p1"), PaymentStatus.COMPLETED, usd(1000), noon - 3 * DAY + timedelta(hours=2)
        ),
    ]  # fmt: skip


@dataclass
class Shop:
    """The installation, its owner at a browser, and ways to make things happen."""

    there: Installation
    owner: SignedIn
    visitor: Visitor
    now: datetime
    business_id: UUID

    def another(self) -> Shop:
        """Somebody else's business in the same installation, without any history."""
        owner = self.there.owner()
        return Shop(self.there, owner, self.there.client(owner), self.now, self.there.who(owner).business_id)

    def take(self, *some: Record) -> None:
        """More of the shop's own records arrive."""
        act = files.import_records(self.there.engine, self.business_id, some, source="the till", asked_by="the tests")
        self.there.do(act)

    def booking_of(self, name: str) -> UUID:
        """The first booking of the client of that name."""

        async def found() -> UUID:
            async with self.there.engine.db.business(self.business_id) as tx:
                client = (await clients.search(tx, name))[0]
                return (await bookings.of_clients(tx, [client.id]))[0].id

        return self.there.do(found())

    def client_of(self, name: str) -> UUID:
        async def found() -> UUID:
            async with self.there.engine.db.business(self.business_id) as tx:
                return (await clients.search(tx, name))[0].id

        return self.there.do(found())

    def computed(self) -> list[tuple[int, int]]:
        """(revenue, touches) of every visit that counts."""

        async def found() -> list[tuple[int, int]]:
            async with self.there.engine.db.business(self.business_id) as tx:
                return sorted((c.revenue_minor, c.touch_count) for c in await attribution.latest(tx, limit=100))

        return self.there.do(found())


EXPECTED = [(3000, 0), (4000, 1), (5000, 2)]


@contextmanager
def shop(database_url: str) -> Iterator[Shop]:
    """The shop's history was taken in and everything that follows from it was computed. No vendor is connected."""
    made: list[Installation] = []

    def here(url: str) -> Installation:
        made.append(Installation(database_url, url, "http://127.0.0.1:9"))
        return made[0]

    with serving_made(here):
        (there,) = made
        owner = there.owner()
        found = Shop(there, owner, there.client(owner), datetime.now(UTC), there.who(owner).business_id)
        found.take(*records(found.now))
        until(lambda: found.computed() == EXPECTED)
        yield found
