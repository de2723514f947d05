"""Short-lived tokens for pasted credentials: asked for at once, renewed early and once; the owner's own address."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.house import a_business, engine_over, run
from tests.simulators import serving
from tests.sync.diary import FIELDS, diary_engine, kept_diary
from tests.vendorkit.toy import Toy

from bookingbridge.canonical.errors import AuthExpired, Refused, Unreachable
from bookingbridge.canonical.ports import Budget
from bookingbridge.infra.clock import FixedClock, SystemClock
from bookingbridge.main import wiring
from bookingbridge.sync import connecting, credentials, overview
from bookingbridge.sync.engine import Place


def test_pasted_credentials_are_asked_for_tokens_and_kept_beside_them(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            tokens, _ = credentials.open_tokens(k.engine, await k.stands())
            assert tokens.access == "token 1"
            assert tokens.extra == FIELDS | {"given": "by the diary"}
            assert k.diary.signed_in == [FIELDS]
            assert (await k.stands()).token_expires_at == tokens.expires_at
            assert {p.host for p in k.diary.spoken_from} == {"diary.example.com"}
            assert k.diary.spoken_from[-1] == Place(None, "diary.example.com")

    run(story())


def test_credentials_that_are_not_accepted_connect_nothing(database_url: str) -> None:
    async def story() -> None:
        async with diary_engine(database_url, SystemClock()) as (engine, diary):
            business = await a_business(engine)
            with pytest.raises(AuthExpired):
                await connecting.connect_with_token(
                    engine, business.id, vendor="diary", environment="simulator", fields=FIELDS | {"secret": "x"}
                )
            assert len(diary.signed_in) == 1
            assert await overview.connections_of(engine, business.id) == []

    run(story())


def test_short_lived_tokens_are_renewed_before_they_end_once_for_all_who_ask(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            connection = await k.stands()
            clock.move(timedelta(minutes=45))
            assert (await credentials.fresh_tokens(k.engine, connection)).access == "token 1"
            clock.move(timedelta(minutes=4))  # in the last fifth of an hour
            got = await asyncio.gather(*(credentials.fresh_tokens(k.engine, connection) for _ in range(20)))
            assert {t.access for t in got} == {"token 2"}
            assert k.diary.signed_in == [FIELDS] * 2
            assert {tuple(sorted(t.extra)) for t in got} == {("address", "given", "secret")}

    run(story())


@pytest.mark.parametrize("minutes", [1, 5, 20])
def test_tokens_that_live_for_minutes_are_not_renewed_each_time(database_url: str, minutes: int) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with diary_engine(database_url, clock) as (engine, diary):
            diary.lives = timedelta(minutes=minutes)
            business = await a_business(engine)
            made = await connecting.connect_with_token(
                engine, business.id, vendor="diary", environment="simulator", fields=FIELDS
            )
            connection = await overview.connection_of(engine, business.id, made)
            clock.move(diary.lives / 2)
            assert (await credentials.fresh_tokens(engine, connection)).access == "token 1"
            clock.move(diary.lives * 0.35)
            assert (await credentials.fresh_tokens(engine, connection)).access == "token 2"

    run(story())


def test_a_renewal_that_fails_is_put_up_with_while_the_tokens_are_good(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.trouble = Unreachable("the diary is away")
            clock.move(timedelta(minutes=49))
            connection = await k.stands()
            assert (await credentials.fresh_tokens(k.engine, connection)).access == "token 1"
            assert (await credentials.fresh_tokens(k.engine, connection)).access == "token 1"
            assert len(k.diary.signed_in) == 2
            clock.move(timedelta(minutes=11))
            with pytest.raises(Unreachable):
                await credentials.fresh_tokens(k.engine, connection)

    run(story())


def test_credentials_that_were_withdrawn_ask_for_the_owner(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.secret = "another"
            clock.move(timedelta(hours=2))
            assert (await k.sync()).state == "failed"
            assert (await k.stands()).state == "needs_reauth"
            k.diary.secret = FIELDS["secret"]
            assert (await k.sync()).state == "done"
            assert (await k.stands()).state == "ok"

    run(story())


def test_a_token_that_the_vendor_drops_before_its_end_is_replaced_in_the_same_run(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book("B1", "B2")
            k.diary.refused_tokens.add("token 1")
            clock.move(timedelta(minutes=5))
            ran = await k.sync()
            assert (ran.state, ran.progress["bookings"]["new"]) == ("done", 2)
            assert len(k.diary.signed_in) == 2
            k.diary.refused_tokens |= {"token 2", "token 3"}
            clock.move(timedelta(minutes=5))
            assert (await k.sync()).state == "failed"
            assert (await k.stands()).state == "needs_reauth"

    run(story())


@pytest.mark.parametrize(
    ("pasted", "host"),
    [
        ("https://Salon.Example.com/feed.ics?key=1", "salon.example.com"), ("salon.example.com", "salon.example.com"),
        ("webcal://salon.example.com./x", "salon.example.com"), ("salon.example.com:8443/x", "salon.example.com"),
    ],
)  # fmt: skip
def test_the_host_of_a_pasted_address_is_what_may_be_reached(database_url: str, pasted: str, host: str) -> None:
    async def story() -> None:
        async with diary_engine(database_url, SystemClock()) as (engine, _):
            assert credentials.own_host(engine.vendor("diary"), {"address": pasted}) == host

    run(story())


@pytest.mark.parametrize("pasted", ["https://", "https://me:pw@salon.example.com/", "https://[broken/", "//"])
def test_what_is_no_address_connects_nothing(database_url: str, pasted: str) -> None:
    async def story() -> None:
        async with diary_engine(database_url, SystemClock()) as (engine, diary):
            business = await a_business(engine)
            with pytest.raises(Refused, match="Address"):
                await connecting.connect_with_token(
                    engine, business.id, vendor="diary", environment="simulator", fields=FIELDS | {"address": pasted}
                )
            assert diary.signed_in == []

    run(story())


@pytest.mark.parametrize(
    ("environment", "host", "url"),
    [
        ("production", "localhost", "https://localhost/"), ("production", "10.0.0.5", "https://10.0.0.5/"),
        ("production", "169.254.169.254", "https://169.254.169.254/latest"),
        ("production", "salon.example.com", "http://salon.example.com/"),
        ("production", "salon.example.com", "https://salon.example.com:8443/"),
        ("production", "salon.example.com", "https://other.example.com/"),
        ("simulator", "salon.example.com", "https://salon.example.com/"),
    ],
)  # fmt: skip
def test_an_own_address_leads_to_the_public_internet_over_tls_only(
    database_url: str, environment: str, host: str, url: str
) -> None:
    async def story() -> None:
        clock = SystemClock()
        async with diary_engine(database_url, clock) as (engine, _):
            vendor = engine.vendor("diary")
            async with wiring.transport(vendor, environment, Place(host=host), clock) as http:
                with pytest.raises(Refused):
                    await http.send("GET", url)

    run(story())


def test_the_transports_of_an_engine_keep_a_vendors_budget_together(database_url: str) -> None:
    async def story() -> None:
        toy = Toy()
        with serving(toy.app()) as url:
            async with engine_over(database_url) as engine:
                square = engine.vendor("square")
                thrifty = replace(square, manifest=replace(square.manifest, budget=Budget(10.0, 5)))
                begun = time.monotonic()
                for _ in range(4):
                    async with engine.transport(thrifty, "simulator", Place("M1")) as http:
                        await http.send("GET", f"{url}/numbers")
                assert time.monotonic() - begun >= 0.3
                assert len(toy.requests) == 4

    run(story())
