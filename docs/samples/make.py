"""Writes the sample exports beside this file: a quarter of an invented barbershop. Always the same, from one seed.

Run `python docs/samples/make.py`. Everybody in it is invented; e-mails are at example.com, phones are 555-01xx.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.parse import urlencode

HERE = Path(__file__).parent
FIRST_DAY, DAYS, BOOKINGS = date(2026, 8, 3), 90, 120
SITE = "https://northsidebarbers.example"
SERVICES = (
    ("Haircut", 30, 38),
    ("Skin fade", 45, 45),
    ("Beard trim", 20, 22),
    ("Cut & beard", 60, 58),
    ("Kids cut", 30, 28),
)
BARBERS = ("Marco", "Priya", "Dan")
FIRST_NAMES = (
    "Ana", "Ben", "Carlos", "Dmytro", "Elena", "Femi", "Grace", "Hugo", "Ines", "Jamal", "Kira", "Leo", "Mina", "Noah",
    "Olena", "Pavel", "Quinn", "Rosa", "Sam", "Tara", "Uma", "Victor", "Wendy", "Xavier", "Yusuf", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Bianchi", "Castro", "Dolan", "Eriksen", "Fontaine", "Greer", "Hollis", "Ivanenko", "Jansen", "Kowal",
    "Lindqvist", "Moreno", "Novak", "Okafor", "Petrov", "Quist", "Romero", "Silva", "Tanaka", "Ueda", "Varga", "Walsh",
    "Young", "Zielinski",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ad:
    """A campaign and what an ordinary day of it costs and brings."""

    number: str
    platform: str
    name: str
    a_day: float
    a_click: float

    @property
    def tag(self) -> str:
        return self.name.lower().replace(" ", "-")


FALL = Ad("6120045501", "Facebook", "Fall Fades", 4.2, 0.62)
NEIGHBOURS = Ad("6120045777", "Instagram", "New in the neighborhood", 2.6, 0.55)
NEAR_ME = Ad("20911837465", "Google", "Barber near me", 6.4, 1.9)
BRAND = Ad("20911830012", "Google", "Brand", 1.1, 0.35)
ADS = (FALL, NEIGHBOURS, NEAR_ME, BRAND)


@dataclass(slots=True)
class Client:
    """Somebody who comes; most leave an e-mail, some a phone, some neither."""

    name: str
    email: str
    phone: str
    visitor: str
    seen: datetime
    visits: int = 0


@dataclass(slots=True)
class Shop:
    """What the four files will say."""

    random: Random
    clients: list[Client] = field(default_factory=list)
    bookings: list[Sequence[object]] = field(default_factory=list)
    payments: list[Sequence[object]] = field(default_factory=list)
    touches: list[Sequence[object]] = field(default_factory=list)


def main() -> None:
    """All five sample files are written anew."""
    shop = Shop(Random(20260803))  # noqa: S311 - invented people need no secrecy
    for number, (starts, barber) in enumerate(slots(shop.random), start=1001):
        book(shop, number, starts, barber)
    strangers(shop)
    shop.bookings.sort(key=lambda row: str(row[1]))
    shop.payments.sort(key=lambda row: str(row[1]))
    shop.touches.sort(key=lambda row: str(row[0]))
    write("bookings.csv", "Booking ID,Start,End,Status,Client,Email,Phone,Service,Barber,Location,Price,Booked at,"
          "How did you hear about us?,Notes", shop.bookings)  # fmt: skip
    write("payments.csv", "Payment ID,Paid at,Amount,Tip,Refunded,Payment method,Status,Booking ID,Client,Email,Phone",
          shop.payments)  # fmt: skip
    write("touchpoints.csv", "Time,Event,Visitor ID,Email,Phone,Source,Medium,Campaign,Landing page,Referrer",
          shop.touches)  # fmt: skip
    write("ad_spend.csv", "Day,Platform,Campaign ID,Campaign,Amount spent (USD),Clicks,Impressions", spend(shop.random))
    (HERE / "calendar.ics").write_bytes(calendar(shop.random).encode())


def write(name: str, heading: str, rows: Iterable[Sequence[object]]) -> None:
    """The file is written as spreadsheets write it: CRLF, quotes where needed."""
    with (HERE / name).open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(heading.split(","))
        out.writerows(rows)


def book(shop: Shop, number: int, starts: datetime, barber: str) -> None:
    """One appointment, with what came before it and what was paid after it."""
    random = shop.random
    client = somebody(shop, starts)
    service, minutes, price = random.choices(SERVICES, (30, 34, 10, 18, 8))[0]
    booked = starts - timedelta(hours=random.randint(1, 3), minutes=random.randint(0, 59))
    if days := random.choice((0, 1, 1, 2, 3, 4, 6, 9)):
        booked = booked.replace(hour=random.randint(7, 22)) - timedelta(days=days)
    status = random.choices(("Completed", "Cancelled", "No-show"), (86, 8, 6))[0]
    heard = journey(shop, client, booked)
    shop.bookings.append((
        f"NB-{number}", stamp(starts), stamp(starts + timedelta(minutes=minutes)), status, client.name, client.email,
        client.phone, service, barber, "Northside", f"{price}.00", stamp(booked), heard,
        random.choice(("", "", "", "", "Prefers scissors", "Running late, called", "First visit, see photo")),
    ))  # fmt: skip
    if status == "Completed":
        pay(shop, f"NB-{number}", client, starts + timedelta(minutes=minutes + random.randint(1, 9)), price)


def somebody(shop: Shop, starts: datetime) -> Client:
    """A client who has been before, some weeks ago, or a new one."""
    random = shop.random
    due = [client for client in shop.clients if starts - client.seen > timedelta(days=12)]
    if due and random.random() < 0.5:
        client = random.choice(due)
        client.seen, client.visits = starts, client.visits + 1
        return client
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    number = len(shop.clients)
    leaves = random.choices(("email", "phone", "both", "nothing"), (48, 22, 16, 14))[0]
    email = f"{first}.{last}{number}@example.com".lower() if leaves in ("email", "both") else ""
    phone = f"(206) 555-01{number:02d}" if leaves in ("phone", "both") and number < 100 else ""
    client = Client(f"{first} {last}", email, phone, f"v{random.getrandbits(40):010x}", starts)
    shop.clients.append(client)
    return client


def slots(random: Random) -> list[tuple[datetime, str]]:
    """So many of the barbers' hours, in order, on days the shop is open (Tuesday to Saturday, 9 to 18)."""
    taken: set[tuple[datetime, str]] = set()
    while len(taken) < BOOKINGS:
        day = FIRST_DAY + timedelta(days=random.randrange(DAYS))
        hour = random.choices(range(9, 18), (2, 3, 4, 3, 3, 3, 5, 6, 5))[0]
        if day.weekday() not in (0, 6):
            taken.add((datetime(day.year, day.month, day.day, hour), random.choice(BARBERS)))  # noqa: DTZ001 - a wall clock
    return sorted(taken)


def pay(shop: Shop, booking: str, client: Client, at: datetime, price: int) -> None:
    """The visit is paid; mostly by card, seldom given back. Cash is not always rung up under the booking."""
    random = shop.random
    method = random.choices(("Card", "Cash", "Apple Pay"), (62, 22, 16))[0]
    tip = round(price * random.choice((0, 0.15, 0.18, 0.2, 0.2, 0.25))) if method != "Cash" else 0
    refunded = random.choices((0, price, price // 2), (96, 2, 2))[0]
    status = "Refunded" if refunded == price else "Partially refunded" if refunded else "Paid"
    named = booking if method != "Cash" or random.random() < 0.4 else ""
    shop.payments.append((
        f"PAY-{booking[3:]}", stamp(at), f"{price}.00", f"{tip}.00" if tip else "",
        f"{refunded}.00" if refunded else "", method, status, named, client.name, client.email, client.phone,
    ))  # fmt: skip


Step = tuple[float, str, str, str, Ad | None, str]
"""Days before the booking, event, source, medium, campaign, referrer."""

INSTAGRAM, SEARCH, ASSISTANT = "https://l.instagram.com/", "https://www.google.com/", "https://chatgpt.com/"
FALL_CLICK = ("Click", "facebook", "paid_social", FALL, "")
NEIGHBOURS_CLICK = ("Click", "instagram", "paid_social", NEIGHBOURS, "")
BRAND_CLICK = ("Click", "google", "cpc", BRAND, "")

NEW: tuple[tuple[int, str, tuple[Step, ...]], ...] = (
    (15, "Instagram", ((6, *FALL_CLICK), (0.2, "Visit", "", "", None, INSTAGRAM))),
    (10, "", ((9, *NEIGHBOURS_CLICK), (3, *FALL_CLICK), (0.1, *BRAND_CLICK))),
    (18, "Google", ((0.3, "Click", "google", "cpc", NEAR_ME, ""),)),
    (8, "Google", ((4, "Visit", "", "", None, SEARCH), (0.5, *BRAND_CLICK))),
    (8, "", ((2, "Visit", "", "", None, SEARCH),)),
    (9, "Google Maps", ((0.2, "Call", "google", "gbp", None, ""),)),
    (6, "Flyer", ((1, "QR code", "flyer", "print", None, ""),)),
    (8, "A friend", ()),
    (10, "", ((12, *NEIGHBOURS_CLICK), (1, "Visit", "", "", None, ASSISTANT))),
    (8, "", ()),
)
KNOWN: tuple[tuple[int, str, tuple[Step, ...]], ...] = (
    (35, "", ((0.4, "Click", "newsletter", "email", None, ""),)),
    (15, "", ((0.1, *BRAND_CLICK),)),
    (10, "", ((2, *FALL_CLICK), (0.2, "Click", "newsletter", "email", None, ""))),
    (40, "", ()),
)


def journey(shop: Shop, client: Client, booked: datetime) -> str:
    """The touches before a booking; the answer to how the client heard of the shop, where there is one."""
    random = shop.random
    paths = KNOWN if client.visits else NEW
    _, heard, steps = random.choices(paths, [path[0] for path in paths])[0]
    for place, step in enumerate(steps):
        at = booked - timedelta(days=step[0] * random.uniform(0.6, 1.4), minutes=random.randint(2, 50))
        # Only the last step meets the booking form or the phone, where people say who they are; some never do.
        says = place == len(steps) - 1 and random.random() < 0.85
        touch(shop, at, step, client.visitor, client.email if says and step[1] != "Call" else "",
              client.phone if says and (step[1] == "Call" or not client.email) else "")  # fmt: skip
    return heard if random.random() < 0.7 else ""


def touch(shop: Shop, at: datetime, step: Step, visitor: str, email: str, phone: str) -> None:
    """One contact, as the shop's site and telephone logged it."""
    _, event, source, medium, ad, referrer = step
    query = {"utm_source": source, "utm_medium": medium} if source and event != "Call" else {}
    if ad:
        query |= {"utm_campaign": ad.tag, "utm_id": ad.number}
    if ad and ad.platform == "Google":
        query["gclid"] = f"Cj0K{shop.random.getrandbits(72):018x}"
    page = "" if event == "Call" else f"{SITE}/book" + (f"?{urlencode(query)}" if query else "")
    shop.touches.append((
        stamp(at), event, "" if event == "Call" else visitor, email, phone, source, medium, ad.tag if ad else "", page,
        referrer,
    ))  # fmt: skip


def strangers(shop: Shop) -> None:
    """Clicks of people who never booked, or whom nobody can connect with a booking."""
    for _ in range(140):
        day = FIRST_DAY + timedelta(days=shop.random.randrange(DAYS))
        at = datetime(day.year, day.month, day.day, shop.random.randint(8, 22), shop.random.randint(0, 59))  # noqa: DTZ001
        _, _, steps = shop.random.choice([path for path in NEW if path[2]])
        touch(shop, at, steps[0], f"v{shop.random.getrandbits(40):010x}", "", "")


def spend(random: Random) -> list[Sequence[object]]:
    """What each campaign cost, day by day; one started late and one stops at weekends."""
    rows: list[Sequence[object]] = []
    for offset in range(DAYS):
        day = FIRST_DAY + timedelta(days=offset)
        for ad in ADS:
            if (ad is NEIGHBOURS and offset < 21) or (ad is NEAR_ME and day.weekday() == 6):
                continue
            cost = round(ad.a_day * random.uniform(0.6, 1.35), 2)
            clicks = max(0, round(cost / (ad.a_click * random.uniform(0.8, 1.3))))
            rows.append(
                (
                    day.isoformat(),
                    ad.platform,
                    ad.number,
                    ad.name,
                    f"{cost:.2f}",
                    clicks,
                    clicks * random.randint(18, 60),
                )
            )
    return rows


def calendar(random: Random) -> str:
    """The chair that keeps its own calendar: Sofia's appointments, as a phone exports them."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Northside Barbers//Sofia//EN", "X-WR-CALNAME:Sofia"]
    for number in range(24):
        day = FIRST_DAY + timedelta(days=number * 3 + random.randint(0, 2))
        starts = datetime(day.year, day.month, day.day, random.randint(10, 17), random.choice((0, 30)))  # noqa: DTZ001
        service, minutes, _ = random.choice(SERVICES)
        name = f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"
        made = starts - timedelta(days=random.randint(1, 9), hours=-5)  # in UTC
        lines += [
            "BEGIN:VEVENT", f"UID:sofia-{number:03d}@northsidebarbers.example",
            f"DTSTAMP:{made:%Y%m%dT%H%M%SZ}", f"CREATED:{made:%Y%m%dT%H%M%SZ}",
            f"DTSTART;TZID=America/Los_Angeles:{starts:%Y%m%dT%H%M%S}",
            f"DTEND;TZID=America/Los_Angeles:{starts + timedelta(minutes=minutes):%Y%m%dT%H%M%S}",
            f"SUMMARY:{service}", f"DESCRIPTION:Client: {name}\\nPhone: (360) 555-01{number:02d}",
            "LOCATION:Northside", f"STATUS:{'CANCELLED' if number in (5, 17) else 'CONFIRMED'}", "SEQUENCE:0",
            "END:VEVENT",
        ]  # fmt: skip
    lines += [
        "BEGIN:VEVENT", "UID:sofia-holiday@northsidebarbers.example", "DTSTAMP:20260801T190000Z",
        "DTSTART;VALUE=DATE:20260907", "DTEND;VALUE=DATE:20260908", "SUMMARY:Labor Day\\, closed", "TRANSP:TRANSPARENT",
        "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines)


def stamp(at: datetime) -> str:
    """A wall clock's time as booking tools print it."""
    return at.strftime("%Y-%m-%d %H:%M")


if __name__ == "__main__":
    main()
