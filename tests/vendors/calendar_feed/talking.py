"""What tests of feeds share: a simulator that answers, a clock to move, and the engine's part in small."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from tests.simulators import serving_made

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Account, Given, Json, Page, RawRecord, Reach, Tokens
from bookingbridge.canonical.records import Block, Booking, BookingStatus
from bookingbridge.vendorkit.contract import Simulated
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.calendar_feed import VENDOR
from bookingbridge.vendors.calendar_feed.simulated_feeds import STARTER_ROLLING
from bookingbridge.vendors.calendar_feed.simulator import create_app

NOON = datetime(2026, 11, 18, 20, tzinfo=UTC)
PACIFIC = "America/Los_Angeles"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def on(self, **by: float) -> None:
        self.at += timedelta(**by)


async def _no_sleep(_: float) -> None:
    """Tests do not wait."""


@dataclass(slots=True)
class Peer:
    """A running simulator, and one connection to one of its feeds as the engine would hold it."""

    base_url: str
    clock: Clock
    secret: str = STARTER_ROLLING
    settings: dict[str, str] = field(default_factory=dict)
    time_zone: str | None = PACIFIC
    name: str = ""
    cursor: Json | None = None
    known: dict[tuple[str, RemoteId], Booking | Block] = field(default_factory=dict)
    last_seen: dict[tuple[str, RemoteId], datetime] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"{self.base_url}/share/{self.secret}.ics"

    def post(self, path: str, **order: Any) -> Any:
        """An order to the simulator; its answer."""
        answer = httpx2.post(f"{self.base_url}/_sim/{path}", json=order)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, uid: str, starts_at: datetime, **more: Any) -> None:
        """The event is in the feed, or moved."""
        self.post("events", feed=self.secret, uid=uid, starts_at=starts_at.isoformat(), **{"minutes": 45, **more})

    def cancel(self, uid: str, how: str = "vanish") -> None:
        self.post("events/cancel", feed=self.secret, uid=uid, how=how)

    def mood(self, mood: str) -> None:
        self.post("moods", feed=self.secret, mood=mood)

    def feed(self, *events: Json, **more: Any) -> None:
        """The simulator holds this one feed, and nothing of it was read."""
        held = {"secret": self.secret, "name": "Chair 1", "events": {e["uid"]: e for e in events}, **more}
        httpx2.request("DELETE", f"{self.base_url}/_sim/world")
        self.post("world", feeds=[held])
        self.cursor, self.known, self.last_seen = None, {}, {}

    def requests(self) -> list[Json]:
        found: list[Json] = httpx2.get(f"{self.base_url}/_sim/requests").json()["requests"]
        return found

    def check(self) -> Account:
        async def go() -> Account:
            async with self._http() as http:
                return await VENDOR.open(self._given(http)).check()

        return asyncio.run(go())

    def fetch(self, kind: str, remote_id: str) -> list[RawRecord]:
        async def go() -> list[RawRecord]:
            async with self._http() as http:
                return await VENDOR.open(self._given(http)).fetch(kind, RemoteId(remote_id))

        return asyncio.run(go())

    def poll(self, *, is_full: bool = False) -> list[Page]:
        """One run: its pages, each taken in when it came, as the engine does."""
        pages: list[Page] = []

        async def go() -> None:
            async with self._http() as http:
                reach = Reach(is_full or self.cursor is None, self.clock())
                async for page in VENDOR.open(self._given(http)).pages("events", self.cursor, reach):
                    self._take(page)
                    pages.append(page)

        asyncio.run(go())
        return pages

    def statuses(self) -> dict[str, str]:
        """The status of each booking we know, by id; blocks are "busy" or "free"."""
        return {
            r.remote_id: str(r.status) if isinstance(r, Booking) else "free" if r.is_cancelled else "busy"
            for r in self.known.values()
        }

    def bookings(self) -> dict[str, Booking]:
        return {r.remote_id: r for r in self.known.values() if isinstance(r, Booking)}

    def _take(self, page: Page) -> None:
        for raw in page.records:
            try:
                [record] = VENDOR.read(raw.kind, raw.payload)
            except Unreadable:
                continue
            assert isinstance(record, Booking | Block)
            ref = raw.kind, raw.remote_id
            self.last_seen[ref] = self.clock()
            if ref not in self.known or not _is_older(record, self.known[ref]):
                self.known[ref] = record
        if (swept := page.swept) is not None:
            assert swept.starts is not None
            for ref, record in self.known.items():
                inside = swept.starts[0] <= record.starts_at < swept.starts[1]
                if ref[0] == swept.kind and inside and self.last_seen[ref] < swept.since:
                    self.known[ref] = _cancelled(record)
        self.cursor = page.cursor

    def _http(self) -> Transport:
        return Transport(
            allowed_hosts=VENDOR.manifest.allowed_hosts, allow_loopback=True, now=self.clock, timeout=5.0,
            sleep=_no_sleep, jitter=lambda: 0.0,
        )  # fmt: skip

    def _given(self, http: Transport) -> Given:
        tokens = Tokens(self.address, extra={"name": self.name} if self.name else {})
        return Given(self.base_url, tokens, None, self.settings, self.clock, http, self.time_zone)


def _is_older(record: Booking | Block, known: Booking | Block) -> bool:
    if record.version is not None and known.version is not None and record.version != known.version:
        return record.version < known.version
    return bool(record.changed_at and known.changed_at and record.changed_at < known.changed_at)


def _cancelled(record: Booking | Block) -> Booking | Block:
    if isinstance(record, Booking):
        return replace(record, status=BookingStatus.CANCELLED)
    return replace(record, is_cancelled=True)


@contextmanager
def peer(**more: Any) -> Iterator[Peer]:
    """A fresh simulator with its starter feeds."""
    clock = Clock()
    with serving_made(lambda base: create_app(now=clock, base_url=base, config={})) as base_url:
        yield Peer(base_url, clock, **more)


@contextmanager
def simulated() -> Iterator[Simulated]:
    """For the contract: the simulator's rolling feed."""
    clock = Clock()
    with serving_made(lambda base: create_app(now=clock, base_url=base, config={})) as base_url:
        address = f"{base_url}/share/{STARTER_ROLLING}.ics"
        yield Simulated(base_url, Tokens(address), None, clock)


def event(uid: str, starts_at: datetime, minutes: int = 45, **more: Any) -> Json:
    """An event of the simulator's world."""
    return {"uid": uid, "starts_at": starts_at.isoformat(), "minutes": minutes, "title": f"Visit {uid}", **more}
