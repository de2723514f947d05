"""A connection's life: signed in once where it was begun, each account once, and gone when it is removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from tests.house import a_business, engine_over, run
from tests.sync.consent import SESSION, allow, begin, connect
from tests.sync.line import KEY, Shop, sim, simulators, small_world

from bookingbridge.canonical.errors import AuthExpired, NotFound, Refused, Rejected
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.infra.clock import FixedClock
from bookingbridge.main.demo import worlds
from bookingbridge.main.demo.world import World
from bookingbridge.sync import connecting, credentials, inbound, overview, running
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.signing_in import STATE_LIVES
from bookingbridge.sync.store.connections import Connection

OTHER = "MELSEWHERE1"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with simulators() as address:
        yield address


@pytest.fixture(scope="module")
def world() -> World:
    return small_world(days=3)


@dataclass(frozen=True, slots=True)
class House:
    """An engine with a business, before a simulated Square of two merchants."""

    engine: Engine
    business: UUID
    clock: FixedClock
    base: str

    async def connections(self) -> list[Connection]:
        return await overview.connections_of(self.engine, self.business)

    async def imported(self, connection: UUID) -> overview.Run:
        """A first import, carried out."""
        run_id = await connecting.start_import(self.engine, self.business, connection, asked_by="test")
        await running.carry_out(self.engine, self.business, run_id)
        async with self.engine.db.business(self.business) as tx:
            return await overview.run_of(tx, run_id)

    async def test(self, connection: UUID) -> connecting.Tested:
        return await connecting.test(self.engine, self.business, connection)

    async def bookings(self) -> list[bookings.Booking]:
        async with self.engine.db.business(self.business) as tx:
            return await bookings.latest(tx, limit=1_000)

    def requests(self, path: str) -> list[dict[str, Any]]:
        """What Square was asked at that path."""
        return [r for r in sim(f"{self.base}/square", "GET", "/_sim/requests")["requests"] if r["path"] == path]


@asynccontextmanager
async def house_over(database_url: str, base: str, world: World) -> AsyncIterator[House]:
    clock = FixedClock(datetime.now(UTC))
    sim(base, "DELETE", "/square/_sim")
    sim(base, "POST", "/square/_sim/world", worlds.square(world))
    sim(base, "POST", "/square/_sim/world", {
        "merchants": [{"id": OTHER, "business_name": "Elsewhere Hair", "main_location_id": "LELSEWHERE1"}],
        "locations": [{"id": "LELSEWHERE1", "merchant_id": OTHER, "name": "E", "timezone": "America/New_York"}],
    })  # fmt: skip
    async with engine_over(database_url, simulators=base, clock=clock) as engine:
        yield House(engine, (await a_business(engine)).id, clock, base)


async def _finish(h: House, *, state: str, code: str, session: bytes = SESSION) -> None:
    await connecting.finish_oauth(h.engine, state=state, code=code, session_hash=session)


def test_a_sign_in_is_finished_where_it_was_begun_and_once(database_url: str, base: str, world: World) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            back = allow(await begin(h.engine, h.business))
            await _finish(h, state=back.state, code=back.code)
            (made,) = await h.connections()
            assert (made.vendor, made.auth, made.setup_step) == ("square", "oauth", 2)
            assert made.tokens
            assert b"EAAA" not in made.tokens
            with pytest.raises(Refused) as refused:
                await _finish(h, state=back.state, code=back.code)
            assert refused.value.code == "bad_state"
            assert len(await h.connections()) == 1

    run(story())


def test_of_many_that_finish_one_sign_in_at_once_one_does(database_url: str, base: str, world: World) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            back = allow(await begin(h.engine, h.business))
            ends = await asyncio.gather(
                *(_finish(h, state=back.state, code=back.code) for _ in range(8)), return_exceptions=True
            )
            assert [e for e in ends if e is None] == [None]
            assert {type(e) for e in ends if e is not None} == {Refused}
            assert len(h.requests("/oauth2/token")) == 1

    run(story())


def test_a_state_of_another_session_unknown_or_late_connects_nothing(
    database_url: str, base: str, world: World
) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            theirs = allow(await begin(h.engine, h.business, session=b"a stranger's session"))
            late = allow(await begin(h.engine, h.business))
            h.clock.move(STATE_LIVES + timedelta(seconds=1))
            for state, code in ((theirs.state, theirs.code), ("made up", theirs.code), ("", ""),
                                (late.state, late.code)):  # fmt: skip
                with pytest.raises(Refused) as refused:
                    await _finish(h, state=state, code=code)
                assert refused.value.code == "bad_state"
            assert await h.connections() == []
            assert h.requests("/oauth2/token") == []

    run(story())


def test_a_code_that_is_made_up_used_or_for_another_way_back_connects_nothing(
    database_url: str, base: str, world: World
) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            used = allow(await begin(h.engine, h.business))
            await _finish(h, state=used.state, code=used.code)
            url = await begin(h.engine, h.business)
            elsewhere = allow(url.replace("127.0.0.1%3A8000", "127.0.0.1%3A9999"))
            for code in (used.code, "sq0cgp-MADEUP", elsewhere.code):
                fresh = allow(await begin(h.engine, h.business))
                with pytest.raises(Rejected):
                    await _finish(h, state=fresh.state, code=code)
            assert len(await h.connections()) == 1

    run(story())


def test_a_code_of_one_vendor_is_never_shown_to_another(database_url: str, base: str, world: World) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            square = allow(await begin(h.engine, h.business))
            at_meta = await connecting.begin_oauth(
                h.engine, h.business, vendor="meta_ads", environment="simulator", session_hash=SESSION
            )
            assert "/meta_ads/" in at_meta
            # The vendor is the one the sign-in was begun with, whoever sends the browser back with which code.
            await _finish(h, state=square.state, code=square.code)
            (made,) = await h.connections()
            assert made.vendor == "square"
            with pytest.raises(NotFound):
                await connecting.begin_oauth(
                    h.engine, h.business, vendor="meta_ads", environment="simulator", session_hash=SESSION,
                    connection_id=made.id,
                )  # fmt: skip
            with pytest.raises(NotFound):
                await begin(h.engine, h.business, connection=uuid4())
            stranger = await a_business(h.engine, "Next Door")
            with pytest.raises(NotFound):
                await begin(h.engine, stranger.id, connection=made.id)

    run(story())


def test_what_was_begun_is_stored_without_what_would_finish_it(database_url: str, base: str, world: World) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            back = allow(await begin(h.engine, h.business))
            async with h.engine.db.realm("accounts") as tx:
                row = await tx.one("SELECT * FROM oauth_states")
            assert row
            told = b"|".join(v if isinstance(v, bytes) else str(v).encode() for v in row)
            assert back.state.encode() not in told

    run(story())


def test_an_account_is_connected_once(database_url: str, base: str, world: World) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            first = await connect(h.engine, h.business)
            assert (await h.test(first)).account is not None
            twin = await connect(h.engine, h.business)
            with pytest.raises(Refused) as refused:
                await h.test(twin)
            assert refused.value.code == "connected"
            with pytest.raises(Refused):
                await connecting.choose_account(h.engine, h.business, twin, worlds.MERCHANT)
            with pytest.raises(Refused):
                await connecting.start_import(h.engine, h.business, twin, asked_by="test")
            other = await connect(h.engine, h.business, merchant=OTHER)
            assert (await h.test(other)).account is not None
            # Another business may connect the same account.
            stranger = await a_business(h.engine, "Next Door")
            theirs = await connect(h.engine, stranger.id)
            assert (await connecting.test(h.engine, stranger.id, theirs)).account is not None

    run(story())


def test_of_two_that_connect_one_account_in_the_same_moment_one_is_refused(
    database_url: str, base: str, world: World
) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            twins = [await connect(h.engine, h.business) for _ in range(4)]
            ends = await asyncio.gather(*(h.test(twin) for twin in twins), return_exceptions=True)
            assert sum(isinstance(e, connecting.Tested) for e in ends) == 1
            assert {e.code for e in ends if isinstance(e, Refused)} == {"connected"}
            assert sum(c.account_remote_id == worlds.MERCHANT for c in await h.connections()) == 1

    run(story())


def test_signing_in_anew_keeps_the_connection_with_its_history(database_url: str, base: str, world: World) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            made = await connect(h.engine, h.business)
            await h.test(made)
            assert (await h.imported(made)).state == "done"
            known = {b.id for b in await h.bookings()}
            sim(h.base, "POST", "/square/_sim/revoke", {"merchant_id": worlds.MERCHANT})
            assert (await h.test(made)).account is None
            assert (await h.connections())[0].state == "needs_reauth"
            assert await connect(h.engine, h.business, connection=made) == made
            assert (await h.test(made)).account is not None
            assert (await h.connections())[0].state == "ok"
            done = await h.imported(made)
            assert (done.state, done.progress["bookings"]["new"]) == ("done", 0)
            assert {b.id for b in await h.bookings()} == known

    run(story())


def test_a_connection_does_not_become_another_accounts(database_url: str, base: str, world: World) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            made = await connect(h.engine, h.business)
            await h.test(made)
            (before,) = await h.connections()
            with pytest.raises(Refused) as refused:
                await connect(h.engine, h.business, merchant=OTHER, connection=made)
            assert refused.value.code == "other_account"
            token = sim(h.base, "POST", "/square/_sim/tokens", {"merchant_id": OTHER})["access_token"]
            name = h.engine.vendor("square").manifest.token_fields[0].name
            for access, error in ((token, Refused), ("EAAAunknown", AuthExpired)):
                with pytest.raises(error):
                    await connecting.connect_with_token(
                        h.engine, h.business, vendor="square", environment="simulator", fields={name: access},
                        connection_id=made,
                    )  # fmt: skip
            assert await h.connections() == [before]

    run(story())


def test_what_is_removed_is_revoked_at_the_vendor_and_wiped_here(database_url: str, base: str, world: World) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            made = await connect(h.engine, h.business)
            await h.test(made)
            await connecting.set_webhook_secret(h.engine, h.business, made, KEY)
            await h.imported(made)
            tokens, _ = credentials.open_tokens(h.engine, (await h.connections())[0])
            count = len(await h.bookings())
            await connecting.remove(h.engine, h.business, made)
            assert [r["status"] for r in h.requests("/oauth2/revoke")] == [200]
            asked = await _asked_with(h, tokens.access)
            assert asked == 401
            assert await h.connections() == []
            async with h.engine.db.business(h.business) as tx:
                secrets = await tx.all("SELECT tokens, webhook_secrets, state FROM connections")
                assert secrets == [(None, None, "removed")]
                assert await tx.all("SELECT * FROM due_work") == []
                with pytest.raises(NotFound):
                    await running.ask(tx, made, is_full=True, asked_by="test")
            with pytest.raises(NotFound):
                await h.test(made)
            door = inbound.Door(h.engine)
            with pytest.raises(NotFound):
                await door.admit("square", made, {}, b"")
            assert len(await h.bookings()) == count > 0

    run(story())


async def _asked_with(h: House, access: str) -> int:
    """The status that Square answers to this token."""
    headers = {"authorization": f"Bearer {access}"}
    return httpx2.get(f"{h.base}/square/v2/locations", headers=headers, trust_env=False).status_code


def test_removing_a_twin_that_was_refused_leaves_the_first_connection_its_access(
    database_url: str, base: str, world: World
) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            first = await connect(h.engine, h.business)
            await h.test(first)
            twin = await connect(h.engine, h.business)
            with pytest.raises(Refused):
                await h.test(twin)
            await connecting.remove(h.engine, h.business, twin)
            assert h.requests("/oauth2/revoke") == []
            assert (await h.test(first)).account is not None
            assert [c.id for c in await h.connections()] == [first]
            other = await connect(h.engine, h.business, merchant=OTHER)
            await h.test(other)
            await connecting.remove(h.engine, h.business, other)
            assert [r["status"] for r in h.requests("/oauth2/revoke")] == [200]
            assert (await h.test(first)).account is not None

    run(story())


@pytest.mark.parametrize("fault", ["500", "429", "reset"])
def test_what_the_vendor_does_not_revoke_is_wiped_here_all_the_same(
    database_url: str, base: str, world: World, fault: str
) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            made = await connect(h.engine, h.business)
            sim(h.base, "POST", "/square/_sim/faults", {
                "fault": fault, "match": {"path_prefix": "/oauth2/revoke"}, "times": None, "retry_after": 0,
            })  # fmt: skip
            await connecting.remove(h.engine, h.business, made)
            async with h.engine.db.business(h.business) as tx:
                assert await tx.all("SELECT tokens, state FROM connections") == [(None, "removed")]

    run(story())


def test_an_account_that_is_connected_again_after_it_was_removed_doubles_nothing(
    database_url: str, base: str, world: World
) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            first = await connect(h.engine, h.business)
            await h.test(first)
            await h.imported(first)
            known = {b.remote_id: b.id for b in await h.bookings()}
            await connecting.remove(h.engine, h.business, first)
            second = await connect(h.engine, h.business)
            assert second != first
            await h.test(second)
            assert (await h.imported(second)).state == "done"
            again = await h.bookings()
            assert {b.remote_id: b.id for b in again} == known
            assert {b.connection_id for b in again} == {second}

    run(story())


@pytest.mark.parametrize("state", ["paused", "removed"])
def test_a_run_under_way_stops_at_the_next_page_when_its_connection_is_paused_or_removed(
    database_url: str, base: str, world: World, state: str
) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            token = sim(h.base, "POST", "/square/_sim/tokens", {"merchant_id": worlds.MERCHANT})["access_token"]
            name = h.engine.vendor("square").manifest.token_fields[0].name
            made = await connecting.connect_with_token(
                h.engine, h.business, vendor="square", environment="simulator", fields={name: token}
            )
            await h.test(made)
            sim(h.base, "POST", "/square/_sim/faults", {
                "fault": "slow", "match": {"path_prefix": "/v2/customers"}, "times": 1, "seconds": 1.5,
            })  # fmt: skip
            under_way = asyncio.create_task(h.imported(made))
            for _ in range(200):
                if h.requests("/v2/customers/search"):
                    break
                await asyncio.sleep(0.05)
            await (connecting.pause if state == "paused" else connecting.remove)(h.engine, h.business, made)
            ended = await under_way
            assert (ended.state, ended.error) == ("failed", f"the connection is {state}")
            assert "customers" not in ended.progress
            assert await h.bookings() == []
            async with h.engine.db.business(h.business) as tx:
                assert await tx.all("SELECT state FROM connections") == [(state,)]

    run(story())


def test_what_was_paused_in_the_middle_of_its_import_is_read_to_the_end_when_it_goes_on(
    database_url: str, base: str, world: World
) -> None:
    async def story() -> None:
        async with house_over(database_url, base, world) as h:
            made = await connect(h.engine, h.business)
            await h.test(made)
            sim(h.base, "POST", "/square/_sim/faults", {"fault": "429", "match": {"path_prefix": "/v2/bookings"},
                                                        "times": None, "retry_after": 60})  # fmt: skip
            assert (await h.imported(made)).state == "waiting"
            await connecting.pause(h.engine, h.business, made)
            sim(h.base, "DELETE", "/square/_sim/faults")
            assert (await h.test(made)).account is not None
            assert (await h.connections())[0].state == "paused"
            s = Shop(h.engine, h.base, h.business, made)
            async with h.engine.db.business(h.business) as tx:
                waiting = (await overview.runs_of(tx))[0]
            await running.carry_out(h.engine, h.business, waiting.id)
            run_id = await connecting.resume(h.engine, h.business, made, asked_by="test")
            assert run_id != waiting.id
            await running.carry_out(h.engine, h.business, run_id)
            assert await s.state() == "ok"
            assert len(await h.bookings()) == len(world.visits)

    run(story())
