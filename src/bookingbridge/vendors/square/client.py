"""A conversation with one Square merchant: who it is, everything page by page, and single things as they are now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from bookingbridge.canonical.commands import Command
from bookingbridge.canonical.errors import NotFound, Rejected, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Account, Given, Json, Page, RawRecord, Reach, Receipt
from bookingbridge.canonical.times import text
from bookingbridge.vendors.square import api
from bookingbridge.vendors.square.api import Api, in_path
from bookingbridge.vendors.square.fields import id_of
from bookingbridge.vendors.square.payouts import Payouts
from bookingbridge.vendors.square.permissions import NEEDED, without
from bookingbridge.vendors.square.prices import Prices
from bookingbridge.vendors.square.streams import SERVICE, Streams, history, offered, service_query
from bookingbridge.vendors.square.webhooks import DELETED, EVERY_SERVICE
from bookingbridge.vendors.square.writing import Writing


class SquareClient:
    """See canonical.ports.Client and Writer. The transport belongs to who gave it and is not closed here."""

    def __init__(self, given: Given) -> None:
        self._api = Api(given)
        self._now = given.now
        self._prices = Prices(self._api)
        self._writing = Writing(self._api, self._told)
        self._streams = Streams(self._api, self._prices, given)
        payouts = Payouts(self._api, given, history(given.settings))
        self._fetchers: Mapping[str, Callable[[str], Awaitable[list[RawRecord]]]] = {
            "location": self._location,
            "staff": self._staff,
            "service": self._service,
            "client": self._customer,
            "booking": self._booking,
            "payment": self._payment,
            "refund": self._refund,
            "payout": payouts.fetch,
            "payout_entry": payouts.fetch_entry,
        }

    async def check(self) -> Account:
        status = await self._api.search("/oauth2/token/status", "the token", {})
        scopes = status.get("scopes")
        granted = tuple(s for s in (scopes if isinstance(scopes, list) else ()) if isinstance(s, str))
        merchant_id = status.get("merchant_id")
        if not isinstance(merchant_id, str) or not merchant_id:
            raise Unreadable("Square does not say whose token this is", where="merchant_id")
        # Personal tokens of the host's own account come without a list: they may do everything.
        missing = tuple(name for name in NEEDED if granted and name not in granted)
        merchant = await self._optional(self._api.get(f"/v2/merchants/{in_path(merchant_id)}", "the business"))
        about = _object(merchant, "merchant")
        profile = await self._profile()
        return Account(
            remote_id=RemoteId(merchant_id),
            name=_word(about.get("business_name")) or merchant_id,
            granted=granted,
            missing=missing,
            time_zone=await self._main_zone(_word(about.get("main_location_id"))),
            currency=_word(about.get("currency")),
            notes=tuple(_notes(missing, profile)),
            without=without(granted, profile),
        )

    def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        return self._streams.pages(stream, cursor, reach)

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        fetcher = self._fetchers.get(kind)
        if fetcher is None:
            raise Rejected(f"Square has no {kind!r}")
        try:
            return await fetcher(remote_id)
        except NotFound:
            return []

    async def send(self, command: Command) -> Receipt:
        """See canonical.ports.Writer."""
        return await self._writing.send(command)

    async def find(self, command: Command) -> Receipt | None:
        """See canonical.ports.Writer."""
        return await self._writing.find(command)

    async def close(self) -> None:
        """Nothing is held open here."""

    async def _main_zone(self, main: str | None) -> str | None:
        listed = await self._optional(self._api.get("/v2/locations", "locations"))
        zones = {id_of(found): _word(found.get("timezone")) for found in api.objects(listed, "locations")}
        return zones.get(RemoteId(main or "")) or next((zone for zone in zones.values() if zone), None)

    async def _profile(self) -> Json:
        """The booking settings; {} where they may not be read."""
        asked = self._api.get("/v2/bookings/business-booking-profile", "booking settings")
        return _object(await self._optional(asked), "business_booking_profile")

    async def _optional(self, asked: Awaitable[Json]) -> Json:
        """What was asked for, or nothing where a permission for it is missing."""
        try:
            return await asked
        except (Rejected, NotFound):
            return {}

    async def _location(self, remote_id: str) -> list[RawRecord]:
        found = await self._one(f"/v2/locations/{in_path(remote_id)}", "locations", "location")
        return [RawRecord("location", id_of(found), found)]

    async def _staff(self, remote_id: str) -> list[RawRecord]:
        found = await self._one(f"/v2/team-members/{in_path(remote_id)}", "team members", "team_member")
        return [RawRecord("staff", id_of(found), found)]

    async def _service(self, remote_id: str) -> list[RawRecord]:
        if remote_id == EVERY_SERVICE:
            return await self._every_service()
        body = await self._api.get(
            f"/v2/catalog/object/{in_path(remote_id)}", "services", include_related_objects="true"
        )
        found = _object(body, "object")
        if found.get("type") == "ITEM":
            return await offered([found])
        item_id = _object(found, "item_variation_data").get("item_id")
        for related in api.objects(body, "related_objects"):
            if related.get("id") == item_id and _object(related, "item_data").get("product_type") == SERVICE:
                return [RawRecord("service", id_of(found), {"variation": found, "item": related})]
        return []

    async def _every_service(self) -> list[RawRecord]:
        async def ask(page: str | None) -> Json:
            return await self._api.search("/v2/catalog/search", "services", service_query(None, page))

        return [raw async for items, _, _ in api.pages(ask, "objects", None) for raw in await offered(items)]

    async def _customer(self, remote_id: str) -> list[RawRecord]:
        bare = remote_id.removesuffix(DELETED)
        try:
            found = await self._one(f"/v2/customers/{in_path(bare)}", "customers", "customer")
        except NotFound:
            if bare == remote_id:
                raise
            # The time makes this newer than what a lagging search may still show of the customer.
            gone = {"id": bare, "is_deleted": True, "updated_at": text(self._now())}
            return [RawRecord("client", RemoteId(bare), gone)]
        return [RawRecord("client", id_of(found), found)]

    async def _booking(self, remote_id: str) -> list[RawRecord]:
        bare = remote_id.partition(":")[0]
        return await self._told(await self._one(f"/v2/bookings/{in_path(bare)}", "bookings", "booking"))

    async def _told(self, found: Json) -> list[RawRecord]:
        """The booking, and its customer beside it: the search for customers may not show a new one for a minute."""
        (priced,) = await self._prices.beside([found])
        return [RawRecord("booking", id_of(found), priced), *await self._client_of(found)]

    async def _payment(self, remote_id: str) -> list[RawRecord]:
        found = await self._one(f"/v2/payments/{in_path(remote_id)}", "payments", "payment")
        return [RawRecord("payment", id_of(found), found), *await self._client_of(found)]

    async def _refund(self, remote_id: str) -> list[RawRecord]:
        """The refund, and its payment beside it, whose refunded amount has changed with it."""
        found = await self._one(f"/v2/refunds/{in_path(remote_id)}", "refunds", "refund")
        payment = _word(found.get("payment_id"))
        beside = await self.fetch("payment", RemoteId(payment)) if payment else []
        return [RawRecord("refund", id_of(found), found), *beside]

    async def _client_of(self, found: Json) -> list[RawRecord]:
        customer = _word(found.get("customer_id"))
        if customer is None:
            return []
        try:
            return await self.fetch("client", RemoteId(customer))
        except (Rejected, Unreadable):
            return []  # without CUSTOMERS_READ the booking is known all the same

    async def _one(self, path: str, what: str, name: str) -> Json:
        body = await self._api.get(path, what)
        found = body.get(name)
        if not isinstance(found, dict):
            raise Unreadable(f"Square's answer holds no {name}", where=name)
        return found


def _notes(missing: tuple[str, ...], profile: Json) -> list[str]:
    notes = []
    if "APPOINTMENTS_ALL_READ" in missing:
        notes.append("Square shows only bookings this app made; connect again and allow all bookings.")
    if profile.get("booking_enabled") is False:
        notes.append("Online booking is switched off in Square Appointments.")
    return notes


def _object(body: Json, name: str) -> Json:
    found: Any = body.get(name)
    if isinstance(found, list):
        found = found[0] if found else None  # the business comes as a list of one in Square's published example
    return found if isinstance(found, dict) else {}


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
