"""Credentials: renewed early and once, sealed where they lie, and seen by nobody."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import structlog
from tests.house import KEY as HOUSE_KEY
from tests.house import a_business, engine_over, run
from tests.sync.consent import SESSION, allow, begin, connect
from tests.sync.line import KEY, Shop, shop, sim, simulators, small_world
from tests.sync.open_house import event, hook, open_house, signed

from bookingbridge.canonical.errors import AuthExpired, Rejected, Unreachable
from bookingbridge.canonical.ports import Tokens
from bookingbridge.infra import log
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.secrets import Vault
from bookingbridge.main.demo import worlds
from bookingbridge.sync import connecting, credentials
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.store.connections import Connection

TOKENS = "/oauth2/token"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with simulators() as address:
        yield address


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A connection that was signed in by consent, and a clock to let its tokens age."""

    engine: Engine
    business: UUID
    id: UUID
    clock: FixedClock
    square: str

    async def connection(self) -> Connection:
        return await connecting.the(self.engine, self.business, self.id)

    async def stored(self) -> Tokens:
        """The tokens as they lie in the row."""
        return credentials.open_tokens(self.engine, await self.connection())[0]

    async def fresh(self) -> Tokens:
        return await credentials.fresh_tokens(self.engine, await self.connection())

    def asked(self) -> int:
        """How often the vendor was asked for tokens since the last time."""
        requests = sim(self.square, "GET", "/_sim/requests")["requests"]
        sim(self.square, "DELETE", "/_sim/requests")
        return sum(r["path"] == TOKENS for r in requests)


@asynccontextmanager
async def signed_in(database_url: str, base: str) -> AsyncIterator[SignedIn]:
    clock = FixedClock(datetime.now(UTC))
    sim(base, "DELETE", "/square/_sim")
    sim(base, "POST", "/square/_sim/world", worlds.square(small_world(days=3)))
    async with engine_over(database_url, simulators=base, clock=clock) as engine:
        business = await a_business(engine)
        made = await connect(engine, business.id)
        s = SignedIn(engine, business.id, made, clock, f"{base}/square")
        s.asked()
        yield s


def _fault(s: SignedIn, fault: str, times: int | None = None) -> None:
    sim(s.square, "POST", "/_sim/faults", {"fault": fault, "match": {"path_prefix": TOKENS}, "times": times,
                                           "retry_after": 0})  # fmt: skip


def test_young_tokens_are_used_and_old_ones_renewed_before_they_end(database_url: str, base: str) -> None:
    async def story() -> None:
        async with signed_in(database_url, base) as s:
            first = await s.stored()
            s.clock.move(timedelta(days=5, hours=23))
            assert (await s.fresh(), s.asked()) == (first, 0)
            s.clock.move(timedelta(hours=2))  # a fifth of thirty days
            second = await s.fresh()
            assert second.access != first.access
            assert (await s.stored(), s.asked()) == (second, 1)
            assert (await s.connection()).token_expires_at == second.expires_at

    run(story())


def test_twenty_that_need_new_tokens_at_once_ask_the_vendor_once(database_url: str, base: str) -> None:
    async def story() -> None:
        async with signed_in(database_url, base) as s:
            s.clock.move(timedelta(days=10))
            connection = await s.connection()
            got = await asyncio.gather(*(credentials.fresh_tokens(s.engine, connection) for _ in range(20)))
            assert s.asked() == 1
            assert {t.access for t in got} == {(await s.stored()).access}

    run(story())


@pytest.mark.parametrize("fault", ["500", "garbage", "429", "reset"])
def test_a_renewal_that_fails_while_the_tokens_are_good_stops_nothing_and_is_tried_again_later(
    database_url: str, base: str, fault: str
) -> None:
    async def story() -> None:
        async with signed_in(database_url, base) as s:
            first = await s.stored()
            s.clock.move(timedelta(days=10))
            _fault(s, fault)
            assert await s.fresh() == first
            assert s.asked() > 0
            connection = await s.connection()
            await asyncio.gather(*(credentials.fresh_tokens(s.engine, connection) for _ in range(20)))
            assert s.asked() == 0  # nobody knocks again for half a minute
            sim(s.square, "DELETE", "/_sim/faults")
            assert await s.fresh() == first
            s.clock.move(credentials.COOL_DOWN)
            assert (await s.fresh()).access != first.access
            assert s.asked() == 1

    run(story())


def test_tokens_that_ended_and_are_not_renewed_say_what_is_to_be_done(database_url: str, base: str) -> None:
    async def story() -> None:
        async with signed_in(database_url, base) as s:
            s.clock.move(timedelta(days=31))
            _fault(s, "500")
            with pytest.raises(Unreachable):
                await s.fresh()
            sim(s.square, "DELETE", "/_sim/faults")
            sim(s.square, "POST", "/_sim/revoke", {"merchant_id": worlds.MERCHANT})
            with pytest.raises(AuthExpired):
                await s.fresh()
            tested = await connecting.test(s.engine, s.business, s.id)
            assert tested.account is None
            assert (await s.connection()).state == "needs_reauth"

    run(story())


def test_an_answer_that_was_lost_is_asked_for_again(database_url: str, base: str) -> None:
    async def story() -> None:
        async with signed_in(database_url, base) as s:
            first = await s.stored()
            s.clock.move(timedelta(days=10))
            _fault(s, "500_after_effect", times=1)
            assert (await s.fresh()).access != first.access
            assert s.asked() == 2

    run(story())


def test_every_altered_byte_keeps_a_secret_shut(database_url: str, base: str) -> None:
    async def story() -> None:
        async with signed_in(database_url, base) as s:
            connection = await s.connection()
            sealed = connection.tokens
            assert sealed
            for at in range(len(sealed)):
                altered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
                with pytest.raises(AuthExpired):
                    credentials.open_tokens(s.engine, dataclasses.replace(connection, tokens=altered))
            for cut in (b"", sealed[:3], sealed[:7], sealed[:20], sealed[:-1], sealed + b"\0"):
                with pytest.raises(AuthExpired):
                    credentials.open_tokens(s.engine, dataclasses.replace(connection, tokens=cut))

    run(story())


def test_a_secret_opens_only_on_the_connection_and_in_the_field_it_was_sealed_for(database_url: str, base: str) -> None:
    async def story() -> None:
        async with signed_in(database_url, base) as s:
            await connecting.set_webhook_secret(s.engine, s.business, s.id, KEY)
            mine = await s.connection()
            stranger = await a_business(s.engine, "Next Door")
            theirs = await connecting.the(s.engine, stranger.id, await connect(s.engine, stranger.id))
            sibling = dataclasses.replace(mine, id=theirs.id)
            for thief in (dataclasses.replace(theirs, tokens=mine.tokens), sibling,
                          dataclasses.replace(mine, tokens=mine.webhook_secrets)):  # fmt: skip
                with pytest.raises(AuthExpired):
                    credentials.open_tokens(s.engine, thief)
            with pytest.raises(Unreachable):
                credentials.webhook_secrets(s.engine, dataclasses.replace(mine, webhook_secrets=mine.tokens))
            assert credentials.webhook_secrets(s.engine, mine) == [KEY]

    run(story())


def test_a_connection_whose_secrets_do_not_open_asks_for_the_owner_and_not_the_vendor(
    database_url: str, base: str
) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=3)) as s:
            lost = _with_keys(s, "a key that never sealed anything")
            sim(s.square, "DELETE", "/_sim/requests")
            done = await lost.sync(full=True)
            assert done.state == "failed"
            assert await s.state() == "needs_reauth"
            assert sim(s.square, "GET", "/_sim/requests")["requests"] == []
            # Its webhooks are not lost: the vendor is told to come again.
            async with s.engine.db.business(s.business) as tx:
                await tx.run("UPDATE connections SET webhook_secrets = tokens")
            with open_house(database_url) as house:
                h = hook(house, s)
                assert h.tell("booking.created", "BK1:0", merchant=worlds.MERCHANT).status_code == 503
                await connecting.set_webhook_secret(s.engine, s.business, s.connection, KEY)
                assert h.tell("booking.created", "BK1:0", merchant=worlds.MERCHANT).status_code == 200

    run(story())


def _with_keys(s: Shop, *keys: str) -> Shop:
    return dataclasses.replace(s, engine=dataclasses.replace(s.engine, vault=Vault(keys)))


def test_a_new_key_seals_everything_anew_and_the_old_one_may_go(database_url: str, base: str) -> None:
    async def story() -> None:
        new = "the key that comes after the first one"
        async with shop(database_url, base, small_world(days=3)) as s:
            both, only_new = _with_keys(s, new, HOUSE_KEY), _with_keys(s, new)
            before = await connecting.the(s.engine, s.business, s.connection)
            assert await credentials.reseal_all(both.engine) == 1
            assert await credentials.reseal_all(both.engine) == 0
            after = await connecting.the(s.engine, s.business, s.connection)
            assert credentials.open_tokens(only_new.engine, after) == credentials.open_tokens(s.engine, before)
            assert credentials.webhook_secrets(only_new.engine, after) == [KEY]
            with pytest.raises(AuthExpired):
                credentials.open_tokens(s.engine, after)
            assert (await only_new.sync(full=False)).state == "done"

    run(story())


def test_one_secret_that_does_not_open_does_not_keep_the_others_from_being_resealed(
    database_url: str, base: str
) -> None:
    async def story() -> None:
        new = "the key that comes after the first one"
        async with shop(database_url, base, small_world(days=3)) as s:
            async with s.engine.db.business(s.business) as tx:
                await tx.run("UPDATE connections SET tokens = webhook_secrets")
            assert await credentials.reseal_all(_with_keys(s, new, HOUSE_KEY).engine) == 1
            after = await connecting.the(s.engine, s.business, s.connection)
            assert credentials.webhook_secrets(_with_keys(s, new).engine, after) == [KEY]

    run(story())


@contextmanager
def _every_log_line() -> Iterator[io.StringIO]:
    """What the program writes to its log at the most talkative level, as it is configured in earnest."""
    root, said = logging.getLogger(), io.StringIO()
    handlers, level = list(root.handlers), root.level
    root.handlers.clear()
    with contextlib.redirect_stderr(said):
        log.configure(as_json=True, level="DEBUG")
    try:
        yield said
    finally:
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)


def test_no_secret_is_ever_written_to_the_log(database_url: str, base: str) -> None:
    async def story(said: io.StringIO) -> None:
        async with signed_in(database_url, base) as s:
            await connecting.set_webhook_secret(s.engine, s.business, s.id, KEY)
            first = await s.stored()
            s.clock.move(timedelta(days=10))
            _fault(s, "500")
            await s.fresh()
            sim(s.square, "DELETE", "/_sim/faults")
            s.clock.move(timedelta(minutes=1))
            second = await s.fresh()
            await connecting.test(s.engine, s.business, s.id)
            run_id = await connecting.start_import(s.engine, s.business, s.id, asked_by="test")
            back = allow(await begin(s.engine, s.business))
            with pytest.raises(Rejected):
                await connecting.finish_oauth(s.engine, state=back.state, code="canary-code", session_hash=SESSION)
            with open_house(database_url) as house:
                like = Shop(s.engine, base, s.business, s.id)
                h = hook(house, like)
                body = event("booking.created", "BK1:0", merchant=worlds.MERCHANT)
                headers = signed(h.url, body)
                assert h.post(body, headers).status_code == 200
                assert h.post(body, headers | {"authorization": "Bearer canary-header"}).status_code == 200
                assert h.post(body + b" ", headers).status_code == 401
                await like.drain()
            await connecting.remove(s.engine, s.business, s.id)
            logging.getLogger("elsewhere").info("tokens are %s %r", first, second)
            structlog.get_logger("elsewhere").info("renewed", tokens=first, access_token=second.access)
        lines = said.getvalue()
        assert "tokens renewed" in lines
        assert "tokens not renewed" in lines
        assert "vendor answered" in lines
        assert str(run_id)
        secrets = {
            first.access, first.refresh, second.access, second.refresh, KEY, HOUSE_KEY, back.state, back.code,
            "simulated-secret", "canary-code", "canary-header",
        }  # fmt: skip
        assert {s for s in secrets if s and s in lines} == set()

    with _every_log_line() as said:
        run(story(said))
