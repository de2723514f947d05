"""One invented shop's history, the same for the same seed: who clicked what, booked, came, paid, and who did not.

Clients come new through a campaign, a search, a friend; many come again every few weeks, mostly without any click.
Some journeys have several touches; some bookings carry a token, some are known by e-mail or phone only, some not at
all. The generator knows causes that the product does not: it is the demo's world, not a test of accuracy.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bookingbridge.domains.journeys.api import new_token
from bookingbridge.main.demo import names

ZONE = ZoneInfo("America/Los_Angeles")
CURRENCY = "USD"
OPEN, CLOSE = 9, 19


@dataclass(slots=True)
class Person:
    """A client of the shop."""

    id: str
    name: str
    email: str | None
    phone: str | None
    since: datetime
    location: str
    every_days: float | None
    """How often they come; None for those who come once."""


@dataclass(slots=True)
class Visit:
    """A booking and what came of it. `status` is one of ACCEPTED, CANCELLED_BY_CUSTOMER, NO_SHOW."""

    id: str
    person: Person
    location: str
    staff: str
    service: str
    booked_at: datetime
    starts_at: datetime
    minutes: int
    price_minor: int
    status: str
    note: str | None
    paid_at: datetime | None = None
    tip_minor: int = 0
    refunded_minor: int = 0


@dataclass(slots=True)
class Click:
    """A touch on the shop's site. `visitor` is the browser's token."""

    id: str
    visitor: str
    at: datetime
    kind: str
    url: str
    referrer: str
    email: str | None = None
    phone: str | None = None


@dataclass(slots=True)
class AdDay:
    """What a campaign cost and did on a day."""

    campaign: str
    day: date
    spend_minor: int
    clicks: int
    impressions: int


@dataclass(slots=True)
class WalkIn:
    """A payment at the till that names nobody."""

    id: str
    at: datetime
    location: str
    amount_minor: int


@dataclass(slots=True)
class World:
    """The shop's history up to `now`, and some bookings ahead."""

    now: datetime
    people: list[Person] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    clicks: list[Click] = field(default_factory=list)
    ad_days: list[AdDay] = field(default_factory=list)
    walk_ins: list[WalkIn] = field(default_factory=list)


def make(now: datetime, *, days: int = 200, seed: int = 7) -> World:
    """A world that ends at `now` (aware) after `days` days."""
    return _Maker(now, days, seed).make()


SITE = "https://northside.example.com"


class _Maker:
    def __init__(self, now: datetime, days: int, seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - an invented world, not a secret
        self._now = now
        self._days = days
        self._world = World(now)
        self._busy: set[tuple[str, datetime]] = set()
        self._serial = 0

    def make(self) -> World:
        today = self._now.astimezone(ZONE).date()
        first = today - timedelta(days=self._days)
        for person in self._regulars(first):
            self._come_again(person, self._at(first, self._rng.uniform(9, 18)))
        for offset in range(self._days + 1):
            self._live(first + timedelta(days=offset), offset / self._days)
        for number in range(1 + self._days // 6):
            self._walk_in(number)
        self._world.visits.sort(key=lambda v: v.booked_at)
        self._world.clicks.sort(key=lambda c: c.at)
        return self._world

    def _regulars(self, first: date) -> Iterator[Person]:
        """Those who were clients before the story begins."""
        for _ in range(130):
            since = self._at(first - timedelta(days=self._rng.randint(20, 700)), 12)
            person = self._person(since)
            person.every_days = self._rng.uniform(18, 46)
            yield person

    def _live(self, day: date, progress: float) -> None:
        """One day: every campaign's and every free channel's people."""
        weekday = (0.9, 0.85, 0.95, 1.1, 1.25, 1.2, 0.7)[day.weekday()]
        for key, remote, _, channel, source, medium, rate, cost, books in names.CAMPAIGNS:
            trend = 1 + 0.35 * progress if key in ("fade-promo", "reels") else 1 - 0.2 * progress
            clicks = self._poisson(rate * weekday * trend)
            impressions = round(clicks * self._rng.uniform(24, 60)) + self._rng.randint(20, 90)
            spend = sum(max(20, round(self._rng.gauss(cost, cost * 0.25))) for _ in range(clicks))
            self._world.ad_days.append(AdDay(remote, day, spend, clicks, impressions))
            for _ in range(clicks):
                if self._rng.random() < books * 1.35:
                    self._new_client(day, self._ad_url(key, remote, channel, source, medium), _REFERRER[channel])
        for key, source, medium, campaign, referrer, rate, books in names.FREE:
            for _ in range(self._poisson(rate * weekday)):
                if self._rng.random() < books:
                    query = f"?utm_source={source}&utm_medium={medium}&utm_campaign={campaign}" if source else ""
                    self._new_client(day, f"{SITE}/{'' if key != 'direct' else 'book'}{query}", referrer)

    def _ad_url(self, key: str, remote: str, channel: str, source: str, medium: str) -> str:
        click = "".join(self._rng.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789_-", k=42))
        own = f"gclid=Cj0K{click}" if channel == "google_ads" else f"fbclid=IwZX{click}"
        return f"{SITE}/?utm_source={source}&utm_medium={medium}&utm_campaign={key}&utm_id={remote}&{own}"

    def _new_client(self, day: date, url: str, referrer: str) -> None:
        """A person who comes by such a click, perhaps after others, and books."""
        clicked = self._at(day, self._rng.triangular(7, 23, 18))
        if clicked >= self._now:
            return
        person = self._person(clicked)
        visitor = new_token(self._rng.randbytes(10))
        knows_email, has_token = bool(person.email) and self._rng.random() < 0.75, self._rng.random() < 0.6
        steps = self._rng.choices((0, 1, 2), (0.62, 0.28, 0.10))[0]
        for back in range(steps):
            before = clicked - timedelta(days=self._rng.uniform(0.3, 9) * (back + 1))
            earlier, come_from = self._earlier()
            self._click(visitor, before, "visit", earlier, come_from)
        self._click(visitor, clicked, "click" if "utm_" in url else "visit", url, referrer)
        booked = clicked + timedelta(minutes=self._rng.triangular(2, 60 * 26, 8))
        if knows_email:
            self._click(
                visitor, booked - timedelta(minutes=1), "identify", f"{SITE}/book", "", person.email, person.phone
            )
        visit = self._book(person, booked, visitor if has_token else None)
        person.every_days = self._rng.uniform(20, 50) if self._rng.random() < 0.52 else None
        if visit is not None:
            self._come_again(person, visit.starts_at)

    def _earlier(self) -> tuple[str, str]:
        if self._rng.random() < 0.6:
            key, remote, _, channel, source, medium, *_ = self._rng.choice(names.CAMPAIGNS)
            return self._ad_url(key, remote, channel, source, medium), _REFERRER[channel]
        _, source, medium, campaign, referrer, *_ = self._rng.choice(names.FREE[:3])
        query = f"?utm_source={source}&utm_medium={medium}&utm_campaign={campaign}" if source else ""
        return f"{SITE}/{query}", referrer

    def _come_again(self, person: Person, last: datetime) -> None:
        """The visits of somebody who comes every few weeks, until the world ends and a little beyond."""
        at = last
        while person.every_days is not None:
            at += timedelta(days=max(6.0, self._rng.gauss(person.every_days, person.every_days * 0.22)))
            booked = at - timedelta(days=self._rng.triangular(0.1, 12, 2.5))
            if booked >= self._now:
                return
            if self._rng.random() < 0.28:
                query = "?utm_source=newsletter&utm_medium=email&utm_campaign=time-for-a-cut"
                visitor = new_token(self._rng.randbytes(10))
                self._click(visitor, booked - timedelta(minutes=9), "click", f"{SITE}/{query}", "", person.email)
            self._book(person, booked, None, wanted=at)
            if self._rng.random() < 0.04:
                return

    def _book(
        self, person: Person, booked: datetime, token: str | None, *, wanted: datetime | None = None
    ) -> Visit | None:
        start = wanted or booked + timedelta(hours=self._rng.triangular(2, 24 * 9, 30))
        key, _, minutes, price, _ = self._rng.choices(names.SERVICES, [s[4] for s in names.SERVICES])[0]
        found = self._slot(person.location, start)
        if found is None or booked >= self._now:
            return None
        staff, starts_at = found
        starts_at = max(starts_at, booked + timedelta(minutes=30))
        status = self._rng.choices(("ACCEPTED", "CANCELLED_BY_CUSTOMER", "NO_SHOW"), (0.90, 0.06, 0.04))[0]
        if starts_at > self._now and status == "NO_SHOW":
            status = "ACCEPTED"
        self._serial += 1
        note = f"Booked on the website ({token})" if token else None
        visit = Visit(
            f"bk{self._serial:06d}",
            person,
            person.location,
            staff,
            key,
            booked,
            starts_at,
            minutes,
            price,
            status,
            note,
        )
        self._settle(visit)
        self._world.visits.append(visit)
        return visit

    def _settle(self, visit: Visit) -> None:
        """Who came, paid; now and then something is given back."""
        ends = visit.starts_at + timedelta(minutes=visit.minutes)
        if visit.status != "ACCEPTED" or ends + timedelta(minutes=15) > self._now:
            return
        visit.paid_at = ends + timedelta(minutes=self._rng.uniform(1, 14))
        if self._rng.random() < 0.7:
            visit.tip_minor = round(visit.price_minor * self._rng.choice((0.10, 0.15, 0.18, 0.20, 0.25)))
        if self._rng.random() < 0.012:
            visit.refunded_minor = visit.price_minor if self._rng.random() < 0.5 else visit.price_minor // 2

    def _walk_in(self, number: int) -> None:
        at = self._now - timedelta(days=self._rng.uniform(0.2, max(self._days, 1)))
        local = at.astimezone(ZONE).replace(hour=self._rng.randint(OPEN, CLOSE - 1))
        amount = self._rng.choice((1200, 1800, 2200, 2800))
        if local < self._now:
            place = self._rng.choice(("northside", "harbor"))
            self._world.walk_ins.append(WalkIn(f"w{number:04d}", local.astimezone(UTC), place, amount))

    def _slot(self, location: str, wanted: datetime) -> tuple[str, datetime] | None:
        """A free half hour of somebody at the place, near the wanted time, within opening hours."""
        staff = [key for key, _, place in names.STAFF if place == location]
        local = wanted.astimezone(ZONE)
        hour = min(max(local.hour, OPEN), CLOSE - 1)
        base = local.replace(hour=hour, minute=30 * (local.minute // 30), second=0, microsecond=0)
        for step in range(24):
            at = base + timedelta(minutes=30 * step)
            if not OPEN <= at.hour < CLOSE:
                continue
            for who in self._rng.sample(staff, len(staff)):
                moment = at.astimezone(UTC)
                if (who, moment) not in self._busy:
                    self._busy |= {(who, moment), (who, moment + timedelta(minutes=30))}
                    return who, moment
        return None

    def _person(self, since: datetime) -> Person:
        number = len(self._world.people) + 1
        name = f"{self._rng.choice(names.FIRST)} {self._rng.choice(names.LAST)}"
        email = f"{name.lower().replace(' ', '.')}{number}@example.com" if self._rng.random() < 0.82 else None
        # 555-0100 to 555-0199 are kept for fiction in every area code; area codes make them many.
        phone = f"+1{201 + number // 100:03d}555{100 + number % 100:04d}" if self._rng.random() < 0.9 else None
        location = "northside" if self._rng.random() < 0.62 else "harbor"
        person = Person(f"cu{number:05d}", name, email, phone, since, location, None)
        self._world.people.append(person)
        return person

    def _click(
        self, visitor: str, at: datetime, kind: str, url: str, referrer: str,
        email: str | None = None, phone: str | None = None,
    ) -> None:  # fmt: skip
        self._world.clicks.append(
            Click(f"t{len(self._world.clicks) + 1:06d}", visitor, at, kind, url, referrer, email, phone)
        )

    def _at(self, day: date, hour: float) -> datetime:
        minutes = int(hour * 60)
        local = datetime.combine(day, time(min(minutes // 60, 23), minutes % 60), ZONE)
        return local.astimezone(UTC) + timedelta(seconds=self._rng.randint(0, 59))

    def _poisson(self, mean: float) -> int:
        limit, product, count = math.exp(-mean), self._rng.random(), 0
        while product > limit:
            product *= self._rng.random()
            count += 1
        return count


_REFERRER = {"google_ads": "https://www.google.com/", "meta_ads": "https://l.instagram.com/"}
