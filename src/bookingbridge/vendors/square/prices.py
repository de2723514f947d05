"""What a booking's services cost when it was booked.

A booking holds no price, but the version of each service variation it was made with (Bookings API, 2025-08-20). The
catalogue answers for past versions, so a later price list does not change what an old visit was worth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from bookingbridge.canonical.errors import NotFound, Rejected
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.square.api import Api, objects

_MOST = 1000  # object_ids of one BatchRetrieveCatalogObjects (Catalog API, 2025-08-20)

_Key = tuple[str, int | None]


class Prices:
    """Prices looked up so far; each (variation, version) is asked for once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[_Key, Json | None] = {}
        self._is_forbidden = False

    async def beside(self, bookings: Sequence[Json]) -> list[Json]:
        """The bookings in envelopes with the prices of their segments, in order."""
        keys = [[_key(segment) for segment in _segments(booking)] for booking in bookings]
        await self._look_up({key for some in keys for key in some if key is not None})
        return [
            {"booking": booking, "prices": [self._known.get(key) if key else None for key in some]}
            for booking, some in zip(bookings, keys, strict=True)
        ]

    async def _look_up(self, keys: Iterable[_Key]) -> None:
        missing = sorted({key[0] for key in keys if key not in self._known})
        if not missing or self._is_forbidden:
            return
        now: dict[str, Json] = {}
        for found in await self._retrieve(missing, None):
            now[str(found.get("id"))] = found
        older: dict[int, list[str]] = defaultdict(list)
        for key in keys:
            variation, version = key
            current = now.get(variation)
            if key in self._known:
                continue
            if version is None or (current is not None and current.get("version") == version):
                self._known[key] = _price(current)
            else:
                older[version].append(variation)
        for version, variations in () if self._is_forbidden else older.items():
            at_the_time = {str(f.get("id")): f for f in await self._retrieve(sorted(variations), version)}
            for variation in variations:
                self._known[variation, version] = _price(at_the_time.get(variation))

    async def _retrieve(self, ids: Sequence[str], version: int | None) -> list[Json]:
        found: list[Json] = []
        rest = iter(ids)
        while batch := list(islice(rest, _MOST)):
            body: Json = {"object_ids": batch, "include_deleted_objects": True}
            if version is not None:
                body["catalog_version"] = version
            try:
                found += objects(await self._api.search("/v2/catalog/batch-retrieve", "services", body), "objects")
            except (Rejected, NotFound):
                # Without ITEMS_READ, or where an old version is gone, a booking is still a booking.
                self._is_forbidden = self._is_forbidden or version is None
        return found


def _segments(booking: Json) -> list[Any]:
    found = booking.get("appointment_segments")
    return found if isinstance(found, list) else []


def _key(segment: Any) -> _Key | None:
    if not isinstance(segment, dict):
        return None
    variation, version = segment.get("service_variation_id"), segment.get("service_variation_version")
    if not isinstance(variation, str) or not variation:
        return None
    return variation, version if isinstance(version, int) and not isinstance(version, bool) else None


def _price(variation: Json | None) -> Json | None:
    about = (variation or {}).get("item_variation_data")
    if not isinstance(about, dict) or about.get("pricing_type") == "VARIABLE_PRICING":
        return None
    money = about.get("price_money")
    return money if isinstance(money, dict) else None
