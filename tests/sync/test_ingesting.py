"""Records become rows: the newest wins in any order, what is unchanged writes nothing, and accounts never mix."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.house import a_business, engine_over, run
from tests.sync.line import shop, sim, simulators, small_world

from bookingbridge.canonical.errors import BridgeError
from bookingbridge.canonical.events import Batch
from bookingbridge.canonical.ids import ConnectionId, RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Json, RawRecord
from bookingbridge.canonical.records import Booking, BookingStatus, Customer, Record
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.clients import api as clients
from bookingbridge.infra import json
from bookingbridge.infra.db import Tx
from bookingbridge.infra.ids import new_id
from bookingbridge.main.demo import worlds
from bookingbridge.sync import overview, running
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.ingesting import Identified, Taken, take_in
from bookingbridge.sync.reading import Understood, take_raw
from bookingbridge.sync.store import connections

BEGIN = datetime(2026, 11, 2, 17, tzinfo=UTC)

Act = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with simulators() as address:
        yield address


def booking(
    remote_id: str, version: int | None = 1, *, changed: int = 0, customer: str | None = "C1", note: str = ""
) -> Booking:
    """A booking whose content tells its version and time of change."""
    told = f"{note}v{version} at {changed}"
    return Booking(
        RemoteId(remote_id), version, BEGIN + timedelta(minutes=changed), BookingStatus.CONFIRMED, BEGIN,
        BEGIN + timedelta(minutes=30), BEGIN - timedelta(days=1), RemoteId(customer) if customer else None, None, None,
        None, Money(4500, "USD"), told,
    )  # fmt: skip


def customer(remote_id: str, *, name: str = "Ada Prentice", changed: int = 0) -> Customer:
    return Customer(
        RemoteId(remote_id), None, BEGIN + timedelta(minutes=changed), name, f"{remote_id.lower()}@example.com",
        "+12065550123", BEGIN,
    )  # fmt: skip


class House:
    """A business with connections, into which records are taken."""

    def __init__(self, engine: Engine, business: UUID) -> None:
        self.engine = engine
        self.business = business

    async def connection(self) -> ConnectionId:
        """A new connection of an account of its own."""
        async with self.engine.db.business(self.business) as tx:
            made = ConnectionId(new_id(tx.now))
            await connections.add(tx, made, vendor="square", environment="simulator", name="S", auth="token")
        return made

    async def take(self, connection: ConnectionId, *records: Record) -> Taken:
        """The records are taken in, in one transaction."""
        async with self.engine.db.business(self.business) as tx:
            return await take_in(tx, connection, records, self.engine.ingesters, cause="test")

    async def take_raw(self, connection: ConnectionId, engine: Engine, raws: Sequence[RawRecord]) -> Understood:
        async with self.engine.db.business(self.business) as tx:
            vendor = engine.vendor("square")
            return await take_raw(tx, connection, vendor, raws, engine.ingesters, cause="test")

    async def bookings(self) -> list[bookings.Booking]:
        async with self.engine.db.business(self.business) as tx:
            return await bookings.latest(tx, limit=1_000)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query of the business finds."""
        async with self.engine.db.business(self.business) as tx:
            return await tx.all(sql)

    async def events(self) -> list[tuple[str, frozenset[UUID]]]:
        """What was announced, oldest first."""
        found = await self.rows("SELECT name, payload -> 'ids' FROM events ORDER BY id")
        return [(name, frozenset(UUID(i) for i in ids)) for name, ids in found]


@asynccontextmanager
async def house_over(database_url: str) -> AsyncIterator[House]:
    async with engine_over(database_url) as engine:
        yield House(engine, (await a_business(engine)).id)


@pytest.fixture
def lasting(database_url: str) -> Iterator[tuple[Act, House]]:
    """A house and a way to act in it, again and again in one event loop."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        house: House = runner.run(stack.enter_async_context(house_over(database_url)))
        yield runner.run, house
        runner.run(stack.aclose())


MANY = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def _arrivals(draw: st.DrawFn) -> list[list[tuple[str, int]]]:
    """Versions of a few things in any order and any batches, some of them again and again."""
    things = st.tuples(st.sampled_from(["A", "B", "C"]), st.integers(0, 6))
    told = draw(st.lists(things, min_size=1, max_size=14))
    cuts = sorted(draw(st.lists(st.integers(0, len(told)), max_size=4)))
    edges = [0, *cuts, len(told)]
    return [told[a:b] for a, b in pairwise(edges)]


def test_the_newest_version_wins_in_any_order_and_any_batches(lasting: tuple[Act, House]) -> None:
    act, house = lasting

    @MANY
    @given(_arrivals())
    def ends_newest(batches: list[list[tuple[str, int]]]) -> None:
        connection = act(house.connection())
        for batch in batches:
            act(house.take(connection, *(booking(f"{connection}{name}", version) for name, version in batch)))
        newest: dict[str, int] = {}
        for name, version in (told for batch in batches for told in batch):
            newest[f"{connection}{name}"] = max(version, newest.get(f"{connection}{name}", 0))
        known = {b.remote_id: b.note for b in act(house.bookings()) if b.connection_id == connection}
        assert known == {name: f"v{version} at 0" for name, version in newest.items()}
        links = act(house.rows(
            "SELECT remote_id, remote_version, base, content_hash IS NOT NULL FROM external_links "
            f"WHERE connection_id = '{connection}' AND kind = 'booking'"
        ))  # fmt: skip
        assert {row[0]: row[1] for row in links} == newest
        for remote_id, version, base, is_known in links:
            assert is_known
            assert base == msgspec.json.decode(json.dumps(booking(remote_id, version)))

    ends_newest()


def test_where_there_is_no_version_the_latest_change_wins_in_any_order(lasting: tuple[Act, House]) -> None:
    act, house = lasting

    @MANY
    @given(_arrivals(), st.sampled_from([None, 7]))
    def ends_newest(batches: list[list[tuple[str, int]]], version: int | None) -> None:
        connection = act(house.connection())
        for batch in batches:
            act(house.take(connection, *(booking(f"{connection}{n}", version, changed=at) for n, at in batch)))
        newest: dict[str, int] = {}
        for name, at in (told for batch in batches for told in batch):
            newest[f"{connection}{name}"] = max(at, newest.get(f"{connection}{name}", 0))
        known = {b.remote_id: b.note for b in act(house.bookings()) if b.connection_id == connection}
        assert known == {name: f"v{version} at {at}" for name, at in newest.items()}

    ends_newest()


def test_what_is_unchanged_writes_no_row_and_tells_nobody(database_url: str) -> None:
    async def story() -> None:
        async with house_over(database_url) as house:
            connection = await house.connection()
            records = [booking("B1"), booking("B2"), customer("C1")]
            assert await house.take(connection, *records) == Taken(new=3)
            tables = ("bookings", "clients", "external_links", "events")
            before = [await house.rows(f"SELECT ctid, xmin::text, * FROM {t} ORDER BY 1") for t in tables]
            assert await house.take(connection, *records) == Taken(same=3)
            assert await house.take(connection, booking("B1", 0, note="old ")) == Taken(stale=1)
            assert [await house.rows(f"SELECT ctid, xmin::text, * FROM {t} ORDER BY 1") for t in tables] == before

    run(story())


def test_events_name_exactly_what_is_new_or_changed(database_url: str) -> None:
    async def story() -> None:
        async with house_over(database_url) as house:
            connection = await house.connection()
            await house.take(connection, booking("B1"), booking("B2"), customer("C1"))
            ids = {b.remote_id: b.id for b in await house.bookings()}
            (client,) = {b.client_id for b in await house.bookings()}
            assert client
            first = [("clients_recorded", frozenset({client})), ("bookings_recorded", frozenset(ids.values()))]
            assert sorted(await house.events()) == sorted(first)
            assert await house.take(connection, booking("B1"), booking("B2", 2), customer("C1")) == Taken(
                changed=1, same=2
            )
            assert (await house.events())[2:] == [("bookings_recorded", frozenset({ids["B2"]}))]

    run(story())


def test_a_thing_said_twice_in_one_batch_counts_once_in_its_newest_form(database_url: str) -> None:
    async def story() -> None:
        async with house_over(database_url) as house:
            connection = await house.connection()
            taken = await house.take(connection, booking("B1", 2), booking("B1", 3), booking("B1", 1))
            assert taken == Taken(new=1)
            (found,) = await house.bookings()
            assert found.note == "v3 at 0"

    run(story())


def test_a_thing_that_was_only_mentioned_keeps_its_id_when_it_comes(database_url: str) -> None:
    async def story() -> None:
        async with house_over(database_url) as house:
            connection = await house.connection()
            await house.take(connection, booking("B1", customer="C9"))
            (found,) = await house.bookings()
            link = "SELECT record_id, content_hash FROM external_links WHERE kind = 'client'"
            assert await house.rows(link) == [(found.client_id, None)]
            assert await house.take(connection, booking("B2", customer="C9")) == Taken(new=1)
            assert await house.take(connection, customer("C9", name="Noor Haddad")) == Taken(new=1)
            assert {b.client_id for b in await house.bookings()} == {found.client_id}
            async with house.engine.db.business(house.business) as tx:
                assert found.client_id
                assert (await clients.client(tx, found.client_id)).name == "Noor Haddad"

    run(story())


def test_the_same_ids_of_two_accounts_are_two_things(database_url: str) -> None:
    async def story() -> None:
        async with house_over(database_url) as house:
            one, two = await house.connection(), await house.connection()
            await house.take(one, booking("B1", note="one "), customer("C1", name="Ada Prentice"))
            await house.take(two, booking("B1", note="two "), customer("C1", name="Bo Lindqvist"))
            await house.take(one, booking("B1", 2, note="one "))
            found = {b.connection_id: b for b in await house.bookings()}
            assert {c: b.note for c, b in found.items()} == {one: "one v2 at 0", two: "two v1 at 0"}
            assert len({b.id for b in found.values()} | {b.client_id for b in found.values()}) == 4
            other = House(house.engine, (await a_business(house.engine, "Next Door")).id)
            assert await other.bookings() == []
            assert await other.rows("SELECT * FROM external_links") == []

    run(story())


def test_two_that_take_in_the_same_things_at_once_agree_on_their_ids(database_url: str) -> None:
    async def story() -> None:
        async with house_over(database_url) as house:
            connection = await house.connection()
            told = [[booking(f"B{n % 30}", n, customer=f"C{n % 7}") for n in range(k, k + 60)] for k in range(4)]
            await asyncio.gather(*(house.take(connection, *some) for some in told))
            found = await house.bookings()
            assert len(found) == 30
            assert len({b.client_id for b in found}) == 7
            newest = {f"B{n % 30}": n for n in range(63)}
            assert {b.remote_id: b.note for b in found} == {i: f"v{n} at 0" for i, n in newest.items()}

    run(story())


class _Lost(psycopg.OperationalError):
    """The database went away in the middle of a page."""


def test_a_page_is_there_with_its_cursor_or_not_at_all(database_url: str, base: str) -> None:
    async def story() -> None:
        world = small_world(days=6)
        async with shop(database_url, base, world) as s:
            real = s.engine.ingesters["booking"]

            async def write_then_fail(tx: Tx, batch: Sequence[Identified[Any]]) -> Sequence[Batch]:
                await real(tx, batch)
                raise _Lost

            broken = dataclasses.replace(s.engine, ingesters={**s.engine.ingesters, "booking": write_then_fail})
            async with s.engine.db.business(s.business) as tx:
                run_id = await running.ask(tx, s.connection, is_full=True, asked_by="test")
            with pytest.raises(_Lost):
                await running.carry_out(broken, s.business, run_id)
            async with s.engine.db.business(s.business) as tx:
                assert await bookings.latest(tx) == []
                kinds = {row[0] for row in await tx.all("SELECT DISTINCT kind FROM raw_records")}
                assert kinds == {"location", "staff", "service", "client"}
                cursors = dict(await tx.all("SELECT stream, is_complete FROM cursors"))
                # Windows of time without a booking were read before; they are pages too.
                assert cursors.pop("bookings", False) is False
                assert cursors == dict.fromkeys(("locations", "team", "services", "customers"), True)
                assert (await overview.run_of(tx, run_id)).state == "running"
            await running.carry_out(s.engine, s.business, run_id)
            async with s.engine.db.business(s.business) as tx:
                done = await overview.run_of(tx, run_id)
                assert (done.state, done.attempts) == ("done", 2)
                assert done.progress["bookings"]["new"] == len(world.visits)
                assert len(await bookings.latest(tx, limit=1_000)) == len(world.visits)

    run(story())


def test_a_record_that_cannot_be_stored_is_kept_and_shown_and_stops_no_other(database_url: str, base: str) -> None:
    async def story() -> None:
        world = small_world(days=6)
        async with shop(database_url, base, world) as s:
            loaded = worlds.square(world)
            too_much = loaded["payments"][3] | {"amount": 10**25}
            odd = loaded["customers"][2] | {"given_name": "Zero\x00Sign"}
            sim(s.square, "POST", "/_sim/world", {"payments": [too_much], "customers": [odd]})
            done = await s.sync(full=True)
            assert (done.state, done.progress["payments"]["problems"]) == ("done", 1)
            assert done.progress["payments"]["new"] == len(loaded["payments"]) - 1
            assert done.progress["customers"]["new"] == len(loaded["customers"])
            async with s.engine.db.business(s.business) as tx:
                (problem,) = await overview.problems(tx, s.connection)
                assert (problem.kind, problem.remote_id) == ("payment", too_much["id"])
                (kept,) = await overview.raws_of(tx, s.connection, "client", odd["id"])
                assert "Zero\ufffdSign" in str(kept.payload)
                record = await overview.record_of(tx, s.connection, "client", odd["id"])
                assert record
                assert (await clients.client(tx, record)).name.startswith("ZeroSign")

    run(story())


@pytest.mark.parametrize("mistake", [KeyError("x"), ValueError("x"), TypeError("x"), OverflowError("x")])
def test_a_reader_that_fails_fails_for_its_payload_only(database_url: str, mistake: Exception) -> None:
    async def story() -> None:
        async with house_over(database_url) as house:
            connection = await house.connection()

            def read(kind: str, payload: Json) -> list[Record]:
                if payload["id"] == "C3":
                    raise mistake
                return [customer(payload["id"])]

            square = dataclasses.replace(house.engine.vendor("square"), read=read)
            engine = dataclasses.replace(house.engine, vendors={"square": square})
            raws = [RawRecord("client", RemoteId(f"C{n}"), {"id": f"C{n}"}) for n in range(8)]
            understood = await house.take_raw(connection, engine, raws)
            assert understood.taken == Taken(new=7)
            assert [(kind, remote_id) for kind, remote_id, _ in understood.problems] == [("client", "C3")]

    run(story())


def test_a_failure_that_is_nobodys_fault_is_not_blamed_on_records(database_url: str) -> None:
    async def story() -> None:
        async with house_over(database_url) as house:
            connection = await house.connection()
            tries = 0

            async def shut(tx: Tx, batch: Sequence[Identified[Any]]) -> Sequence[Batch]:
                nonlocal tries
                tries += 1
                raise _Lost

            square = dataclasses.replace(house.engine.vendor("square"), read=lambda _, p: [customer(p["id"])])
            engine = dataclasses.replace(house.engine, vendors={"square": square}, ingesters={"client": shut})
            raws = [RawRecord("client", RemoteId(f"C{n}"), {"id": f"C{n}"}) for n in range(8)]
            with pytest.raises(_Lost):
                await house.take_raw(connection, engine, raws)
            assert tries == 1
            assert await house.rows("SELECT * FROM raw_records") == []
            assert not isinstance(_Lost(), BridgeError)

    run(story())
