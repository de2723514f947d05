"""What is read of Square, stream by stream, and how each is asked for what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Rejected
from bookingbridge.canonical.ports import Given, Json, Page, RawRecord, Reach, Stream
from bookingbridge.vendors.square.api import Api, objects
from bookingbridge.vendors.square.fields import id_of
from bookingbridge.vendors.square.payouts import OVERLAP, Payouts
from bookingbridge.vendors.square.prices import Prices
from bookingbridge.vendors.square.sweeps import Part, Progress, Vanishing, begin, sweep

# Customers found by search lag "well under 30 seconds, occasionally one minute or longer", payments and refunds
# "several seconds" (Square API description, 2025-08-20); our overlaps are generous multiples of that.
STREAMS = (
    Stream("locations", "location", "Locations"),
    Stream("team", "staff", "Team members"),
    Stream("services", "service", "Services", overlap=timedelta(minutes=10)),
    Stream("customers", "client", "Customers", overlap=timedelta(minutes=15)),
    Stream("bookings", "booking", "Bookings", needs=("locations", "team", "services", "customers")),
    Stream("payments", "payment", "Payments", needs=("locations", "customers"), overlap=timedelta(minutes=15)),
    Stream("refunds", "refund", "Refunds", needs=("payments",), overlap=timedelta(minutes=15)),
    Stream("payouts", "payout", "Payouts", needs=("locations",), overlap=OVERLAP),
    Stream(
        "payout_entries", "payout_entry", "What is in the payouts", needs=("payouts", "payments", "refunds"),
        overlap=OVERLAP,
    ),
)  # fmt: skip
_OVERLAP = {stream.name: stream.overlap for stream in STREAMS}

# ListBookings shows 31 days unless told otherwise and knows no "changed since" (Bookings API, 2025-08-20), so windows
# of that length are swept: everything on a full run, the days around today on the others. Changes farther away come
# by webhook, or with the next full run.
WINDOW = timedelta(days=31)
FULL_AHEAD = timedelta(days=180)
AROUND_BACK, AROUND_AHEAD = timedelta(days=7), timedelta(days=60)

HISTORY_DAYS = 365
SERVICE = "APPOINTMENTS_SERVICE"


class Streams:
    """The streams of one merchant. See canonical.ports.Client.pages."""

    def __init__(self, api: Api, prices: Prices, given: Given) -> None:
        self._api = api
        self._prices = prices
        self._now = given.now
        self._history = history(given.settings)
        payouts = Payouts(api, given, self._history)
        self._all: Mapping[str, Callable[[Json | None, Reach], AsyncIterator[Page]]] = {
            "locations": self._locations,
            "team": self._team,
            "services": self._services,
            "customers": self._customers,
            "bookings": self._bookings,
            "payments": self._payments,
            "refunds": self._refunds,
            "payouts": payouts.payouts,
            "payout_entries": payouts.entries,
        }

    def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        reader = self._all.get(stream)
        if reader is None:
            raise Rejected(f"Square has no stream {stream!r}")
        return reader(cursor, reach)

    def _locations(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        async def ask(page: str | None) -> Json:
            return await self._api.get("/v2/locations", "locations")

        return sweep(begin(cursor, reach), [Part("", ask)], "locations", _plain("location"), self._now)

    def _team(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        async def ask(page: str | None) -> Json:
            return await self._api.search("/v2/team-members/search", "team members", _body(limit=200, cursor=page))

        return sweep(begin(cursor, reach), [Part("", ask)], "team_members", _plain("staff"), self._now)

    def _services(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        progress = begin(cursor, reach)
        since = progress.changed_since(_OVERLAP["services"])

        async def ask(page: str | None) -> Json:
            return await self._api.search("/v2/catalog/search", "services", service_query(since, page))

        return sweep(progress, [Part("", ask)], "objects", offered, self._now)

    def _customers(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        progress = begin(cursor, reach)
        since = progress.changed_since(_OVERLAP["customers"])
        query: Json = {"sort": {"field": "CREATED_AT", "order": "ASC"}}
        if since is not None:
            query["filter"] = {"updated_at": {"start_at": since}}

        async def ask(page: str | None) -> Json:
            body = _body(limit=100, cursor=page, query=query, count=True)
            return await self._api.search("/v2/customers/search", "customers", body)

        gone = Vanishing("client", _OVERLAP["customers"])
        return sweep(progress, [Part("", ask)], "customers", _plain("client"), self._now, gone)

    def _bookings(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        progress = begin(cursor, reach, begins=times.text(reach.now - self._history))
        parts = [self._window(start, end) for start, end in windows(progress)]
        return sweep(progress, parts, "bookings", self._with_prices, self._now)

    def _window(self, start: datetime, end: datetime) -> Part:
        async def ask(page: str | None) -> Json:
            return await self._api.get(
                "/v2/bookings", "bookings", limit=100, cursor=page,
                start_at_min=times.text(start), start_at_max=times.text(end),
            )  # fmt: skip

        return Part(times.text(start), ask)

    async def _with_prices(self, found: list[Json]) -> list[RawRecord]:
        enveloped = await self._prices.beside(found)
        return [
            RawRecord("booking", id_of(booking), envelope) for booking, envelope in zip(found, enveloped, strict=True)
        ]

    async def _payments(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        progress = begin(cursor, reach, begins=times.text(reach.now - self._history))
        # Without a location Square lists the main location's payments only (Payments API, 2025-08-20).
        locations = objects(await self._api.get("/v2/locations", "locations"), "locations")
        parts = [self._money("payments", progress, key) for key in sorted(id_of(found) for found in locations)]
        async for page in sweep(progress, parts, "payments", _plain("payment"), self._now):
            yield page

    def _refunds(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        progress = begin(cursor, reach, begins=times.text(reach.now - self._history))
        return sweep(progress, [self._money("refunds", progress, None)], "refunds", _plain("refund"), self._now)

    def _money(self, name: str, progress: Progress, location: str | None) -> Part:
        """Payments or refunds by creation on a full run, by change on the others.

        `begin_time` counts by creation and defaults to a year ago, also beside the other filter, so it is always given.
        """
        since = progress.changed_since(_OVERLAP[name])
        order = "CREATED_AT" if since is None else "UPDATED_AT"

        async def ask(page: str | None) -> Json:
            return await self._api.get(
                f"/v2/{name}", name, limit=100, cursor=page, location_id=location, sort_field=order, sort_order="ASC",
                begin_time=progress.begins, updated_at_begin_time=since,
            )  # fmt: skip

        return Part(location or "", ask)


def history(settings: Mapping[str, str]) -> timedelta:
    """How far back a full run reaches, by the setting `history_days`: 1 day to 10 years, a year where unset."""
    text = settings.get("history_days", "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else HISTORY_DAYS
    return timedelta(days=min(max(days, 1), 3650))


def windows(progress: Progress) -> list[tuple[datetime, datetime]]:
    """[start, end) windows of at most 31 days that cover the sweep."""
    started = times.rfc3339(progress.started or "")
    if progress.is_full:
        start, end = times.rfc3339(progress.begins or ""), started + FULL_AHEAD
    else:
        start, end = started - AROUND_BACK, started + AROUND_AHEAD
    found = []
    while start < end:
        found.append((start, min(start + WINDOW, end)))
        start += WINDOW
    return found


def service_query(since: str | None, page: str | None) -> Json:
    """A catalogue search for items, deleted ones too: past bookings still mean them."""
    return _body(object_types=["ITEM"], include_deleted_objects=True, limit=100, begin_time=since, cursor=page)


async def offered(items: list[Json]) -> list[RawRecord]:
    """One raw record per variation of each item that can be booked; what a shop sells over the counter is left out."""
    found = []
    for item in items:
        about = item.get("item_data")
        if not isinstance(about, dict) or about.get("product_type") != SERVICE:
            continue
        variations = about.get("variations")
        bare = {**item, "item_data": {k: v for k, v in about.items() if k != "variations"}}
        found += [
            RawRecord("service", id_of(variation), {"variation": variation, "item": bare})
            for variation in (variations if isinstance(variations, list) else [])
            if isinstance(variation, dict)
        ]
    return found


def _plain(kind: str) -> Callable[[list[Json]], Awaitable[list[RawRecord]]]:
    async def raw(found: list[Json]) -> list[RawRecord]:
        return [RawRecord(kind, id_of(entry), entry) for entry in found]

    return raw


def _body(**fields: object) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
