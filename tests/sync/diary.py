"""A small vendor: a diary that is read whole, signs in for minutes, registers webhooks, and does as a test tells it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from tests.house import a_business, engine_over

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Refused, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import (
    Ability,
    Account,
    Auth,
    AuthField,
    Client,
    Delivery,
    Given,
    Hint,
    Json,
    Manifest,
    Notice,
    Page,
    RawRecord,
    Reach,
    Stream,
    Subscription,
    Swept,
    Tokens,
    Vendor,
)
from bookingbridge.canonical.records import Block, Booking, BookingStatus, Customer, Record
from bookingbridge.infra.clock import Clock
from bookingbridge.sync import connecting, overview, running
from bookingbridge.sync.engine import Engine, Place

BEGIN = datetime(2026, 11, 2, 17, tzinfo=UTC)
FIELDS = {"address": "https://diary.example.com/feed", "secret": "open sesame"}

MANIFEST = Manifest(
    name="diary", title="Diary", tagline="A diary.", abilities=frozenset({Ability.BOOKINGS}), auth=(Auth.TOKEN,),
    scopes=(), app_fields=(),
    token_fields=(AuthField("address", "Address", "Your diary", is_secret=False), AuthField("secret", "Secret", "")),
    webhook_fields=(),
    streams=(Stream("clients", "client", "Clients"), Stream("bookings", "booking", "Bookings"),
             Stream("blocks", "block", "Blocks")),
    api_version="1", hosts={"production": "https://api.example.com"}, allowed_hosts=frozenset({"api.example.com"}),
    every=timedelta(minutes=30), docs="https://example.com/", limits="", cost="", host_field="address",
)  # fmt: skip


@dataclass(slots=True)
class Diary:
    """What is in the diary: rows by kind and id, `page` of them a page. `trouble` is raised by whoever asks."""

    now: Any
    rows: dict[str, dict[str, Json]] = field(default_factory=lambda: {"client": {}, "booking": {}, "block": {}})
    sweeps: bool = True
    slipping: set[str] = field(default_factory=set)
    """Rows that move while the diary is read, so that no page shows them; asked for by their id they are there."""
    starts: tuple[datetime, datetime] | None = None
    page: int = 10
    lives: timedelta = timedelta(hours=1)
    trouble: BridgeError | None = None
    signed_in: list[Mapping[str, str]] = field(default_factory=list)
    spoken_from: list[Place] = field(default_factory=list)
    refused_tokens: set[str] = field(default_factory=set)
    secret: str = FIELDS["secret"]
    registered: dict[str, str] = field(default_factory=dict)
    ensured: list[Subscription | None] = field(default_factory=list)
    refuses_webhooks: str = ""
    tested: int = 0

    def book(self, *names: str, at: int = 0, version: int | None = 1, **more: Any) -> None:
        """Bookings are in the diary, `at` hours from the beginning."""
        for name in names:
            starts = BEGIN + timedelta(hours=at)
            self.rows["booking"][name] = {
                "id": name, "starts_at": starts.isoformat(), "minutes": 30, "version": version, **more,
            }  # fmt: skip

    def vendor(self) -> Vendor:
        """The diary as the engine sees it."""
        return Vendor(
            MANIFEST, read=read, open=lambda given: _Client(self, given), oauth=None, webhooks=_Webhooks(),
            sign_in=self._sign_in, subscribing=_Subscribing(self),
        )  # fmt: skip

    async def _sign_in(self, http: Any, base_url: str, fields: Mapping[str, str], *, now: datetime) -> Tokens:
        self.signed_in.append(dict(fields))
        if self.trouble:
            raise self.trouble
        if fields["secret"] != self.secret:
            raise AuthExpired("the secret is not accepted")
        return Tokens(f"token {len(self.signed_in)}", expires_at=now + self.lives, extra={"given": "by the diary"})


@dataclass(slots=True)
class _Client:
    diary: Diary
    given: Given

    def _must_be_let_in(self) -> None:
        if self.diary.trouble:
            raise self.diary.trouble
        if self.given.tokens.access in self.diary.refused_tokens:
            raise AuthExpired("the token is not accepted")

    async def check(self) -> Account:
        self._must_be_let_in()
        return Account(RemoteId("D1"), "Corner Diary")

    async def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        kind = next(s.kind for s in MANIFEST.streams if s.name == stream)
        begun = self.diary.now()
        rows = [r for r in self.diary.rows[kind].values() if self._is_asked_for(r)]
        for start in range(0, max(len(rows), 1), self.diary.page):
            self._must_be_let_in()
            some = rows[start : start + self.diary.page]
            is_last = start + self.diary.page >= len(rows)
            swept = Swept(kind, begun, self.diary.starts) if is_last and self.diary.sweeps else None
            raws = tuple(RawRecord(kind, RemoteId(r["id"]), dict(r)) for r in some)
            yield Page(raws, {"at": start}, is_last=is_last, swept=swept)

    def _is_asked_for(self, row: Json) -> bool:
        if row["id"] in self.diary.slipping:
            return False
        if self.diary.starts is None or "starts_at" not in row:
            return True
        first, end = self.diary.starts
        return first <= datetime.fromisoformat(row["starts_at"]) < end

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        self._must_be_let_in()
        row = self.diary.rows[kind].get(remote_id)
        return [RawRecord(kind, remote_id, row)] if row else []

    async def close(self) -> None:
        pass


def read(kind: str, payload: Json) -> list[Record]:
    """The record in a row of the diary."""
    if payload.get("is_odd"):
        raise Unreadable("this row is odd")
    remote_id, version = RemoteId(payload["id"]), payload.get("version")
    changed = datetime.fromisoformat(payload["changed_at"]) if payload.get("changed_at") else None
    if kind == "client":
        return [Customer(remote_id, version, changed, payload["name"], None, None, None)]
    starts = datetime.fromisoformat(payload["starts_at"])
    ends = starts + timedelta(minutes=payload["minutes"])
    if kind == "block":
        return [Block(remote_id, version, changed, starts, ends, None, None, "Closed")]
    price = Money(payload["price"], "USD") if "price" in payload else None
    status = BookingStatus(payload.get("status", "confirmed"))
    customer = RemoteId(payload["client"]) if payload.get("client") else None
    return [Booking(remote_id, version, changed, status, starts, ends, BEGIN, customer, None, None, None, price)]


class _Webhooks:
    """Signed with the secret itself in a header; the body is {"id", "hints": [[kind, id]], "rows": [[kind, row]]}."""

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        if delivery.headers.get("x-secret") not in secrets:
            raise Refused("not signed by the diary")

    def read(self, delivery: Delivery) -> Notice:
        said = msgspec.json.decode(delivery.body)
        hints = tuple(Hint(kind, RemoteId(i)) for kind, i in said.get("hints", []))
        carried = tuple(RawRecord(kind, RemoteId(row["id"]), row) for kind, row in said.get("rows", []))
        return Notice(said["id"], "changed", None, hints, carried)

    def event_id(self, delivery: Delivery) -> str | None:
        return str(msgspec.json.decode(delivery.body)["id"])


@dataclass(slots=True)
class _Subscribing:
    diary: Diary

    async def ensure(self, given: Given, app: Mapping[str, str], url: str, known: Subscription | None) -> Subscription:
        self.diary.ensured.append(known)
        if self.diary.trouble:
            raise self.diary.trouble
        if self.diary.refuses_webhooks:
            raise Refused(self.diary.refuses_webhooks)
        remote_id = known.remote_id if known else f"W{len(self.diary.ensured)}"
        self.diary.registered[remote_id] = url
        secret = f"signs {remote_id}"
        return Subscription(remote_id, secret, self.diary.now() + timedelta(days=7), ("booking.changed",))

    async def remove(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        self.diary.registered.pop(known.remote_id, None)

    async def send_test(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        if self.diary.refuses_webhooks:
            raise Refused(self.diary.refuses_webhooks)
        self.diary.tested += 1


class _NoTransport:
    async def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Kept:
    """A business whose diary is connected; nothing is imported yet."""

    engine: Engine
    diary: Diary
    business: UUID
    connection: UUID

    async def sync(self, *, full: bool = False, asked_by: str = "test") -> overview.Run:
        """A run, carried out; how it ended."""
        async with self.engine.db.business(self.business) as tx:
            run_id = await running.ask(tx, self.connection, is_full=full, asked_by=asked_by)
        await running.carry_out(self.engine, self.business, run_id)
        async with self.engine.db.business(self.business) as tx:
            return await overview.run_of(tx, run_id)

    async def stands(self) -> overview.Connection:
        return await overview.connection_of(self.engine, self.business, self.connection)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query of the business finds."""
        async with self.engine.db.business(self.business) as tx:
            return await tx.all(sql)

    async def bookings(self) -> dict[str, str]:
        """The status of each booking by its id at the diary."""
        return dict(await self.rows("SELECT remote_id, status FROM bookings ORDER BY remote_id"))


@asynccontextmanager
async def diary_engine(database_url: str, clock: Clock) -> AsyncIterator[tuple[Engine, Diary]]:
    """An engine that knows the diary only, and no way to any other address than it says."""
    diary = Diary(now=clock.now)

    def transport(vendor: Vendor, environment: str, place: Place) -> _NoTransport:
        diary.spoken_from.append(place)
        return _NoTransport()

    async with engine_over(database_url, clock=clock) as engine:
        addresses = {("diary", "simulator"): "http://127.0.0.1:9"}
        vendors = {"diary": diary.vendor()}
        yield replace(engine, vendors=vendors, addresses=addresses, transport=transport), diary


@asynccontextmanager
async def kept_diary(database_url: str, clock: Clock) -> AsyncIterator[Kept]:
    """A connected diary."""
    async with diary_engine(database_url, clock) as (engine, diary):
        business = await a_business(engine)
        made = await connecting.connect_with_token(
            engine, business.id, vendor="diary", environment="simulator", fields=FIELDS
        )
        tested = await connecting.test(engine, business.id, made)
        assert tested.account is not None, tested.why
        yield Kept(engine, diary, business.id, made)


def a_client(diary: Diary, given: Given) -> Client:
    """The diary's client, as its type is checked."""
    return _Client(diary, given)
