"""Payouts and their entries, location by location. Entries are listed by payout only (Payouts API, 2025-08-20)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import NotFound
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Given, Json, Page, RawRecord, Reach
from bookingbridge.vendors.square import api
from bookingbridge.vendors.square.answers import NotPermitted
from bookingbridge.vendors.square.api import Api, in_path, objects
from bookingbridge.vendors.square.fields import id_of
from bookingbridge.vendors.square.sweeps import Part, begin, sweep

PAYOUTS = "/v2/payouts"

OVERLAP = timedelta(days=14)
"""Payouts are listed by creation and change for some days after: sent, then paid or failed."""

_WITH_ENTRIES = 10
"""Payouts a page where the entries of each are asked for, so that a page stays one of some hundred records."""


class Payouts:
    """The payouts of one merchant."""

    def __init__(self, api: Api, given: Given, history: timedelta) -> None:
        self._api = api
        self._now = given.now
        self._history = history

    def payouts(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        return self._pages(cursor, reach, 100, _plain)

    def entries(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        return self._pages(cursor, reach, _WITH_ENTRIES, self._entries_of)

    async def fetch(self, payout: str) -> list[RawRecord]:
        """The payout, and what is in it beside."""
        found = (await self._api.get(f"{PAYOUTS}/{in_path(payout)}", "payouts")).get("payout")
        asked = [found] if isinstance(found, dict) else []
        return [*await _plain(asked), *await self._entries_of(asked)]

    async def fetch_entry(self, remote_id: str) -> list[RawRecord]:
        payout, _, _ = remote_id.partition(":")
        return [raw for raw in await self._entries(payout) if raw.remote_id == remote_id]

    async def _pages(
        self, cursor: Json | None, reach: Reach, limit: int, raw: Callable[[list[Json]], Awaitable[list[RawRecord]]]
    ) -> AsyncIterator[Page]:
        """Nothing where payouts may not be seen: everything, once that is allowed."""
        progress = begin(cursor, reach, begins=times.text(reach.now - self._history))
        since = progress.changed_since(OVERLAP) or progress.begins
        locations = objects(await self._api.get("/v2/locations", "locations"), "locations")
        parts = [self._part(key, since, progress.started, limit) for key in sorted(id_of(one) for one in locations)]
        try:
            async for page in sweep(progress, parts, "payouts", raw, self._now):
                yield page
        except NotPermitted:
            yield Page((), {}, is_last=True)

    def _part(self, location: str, since: str | None, until: str | None, limit: int) -> Part:
        # Without a location Square lists the main location's payouts only, without a time those of a year.
        async def ask(page: str | None) -> Json:
            return await self._api.get(
                PAYOUTS, "payouts", limit=limit, cursor=page, location_id=location, sort_order="ASC",
                begin_time=since, end_time=until,
            )  # fmt: skip

        return Part(location, ask)

    async def _entries_of(self, payouts: list[Json]) -> list[RawRecord]:
        found: list[RawRecord] = []
        for payout in payouts:
            if payout.get("type") != "SIMPLE":  # has none of its own; it is one in a later payout
                try:
                    found += await self._entries(id_of(payout))
                except NotFound:
                    continue
        return found

    async def _entries(self, payout: str) -> list[RawRecord]:
        path = f"{PAYOUTS}/{in_path(payout)}/payout-entries"

        async def ask(page: str | None) -> Json:
            return await self._api.get(path, "payouts", limit=100, cursor=page, sort_order="ASC")

        listed = [entry async for some, _, _ in api.pages(ask, "payout_entries", None) for entry in some]
        return [RawRecord("payout_entry", RemoteId(f"{payout}:{id_of(entry)}"), entry) for entry in listed]


async def _plain(found: list[Json]) -> list[RawRecord]:
    return [RawRecord("payout", id_of(payout), payout) for payout in found]
