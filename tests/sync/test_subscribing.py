"""Webhooks that register themselves: after set-up, before they end, once; gone with the connection."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.house import KEY, run
from tests.sync.diary import Kept, kept_diary

from bookingbridge.canonical.errors import NotFound, Refused, Unreachable
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.secrets import Vault
from bookingbridge.main import upkeep, worker
from bookingbridge.sync import connecting, credentials, subscribing
from bookingbridge.sync.inbound import Door
from bookingbridge.sync.subscribing import Hearing


async def _hearing(k: Kept) -> Hearing:
    return subscribing.hearing(k.engine, await k.stands())


def test_set_up_registers_webhooks_whose_deliveries_are_admitted(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            assert not (await _hearing(k)).is_registered
            await connecting.start_import(k.engine, k.business, k.connection, asked_by="test")
            await worker.drain(k.engine)
            heard = await _hearing(k)
            assert (heard.is_registered, heard.why, heard.events) == (True, "", ("booking.changed",))
            assert heard.expires_at == k.engine.clock.now() + timedelta(days=7)
            assert k.diary.registered == {"W1": heard.url}
            await connecting.set_webhook_secret(k.engine, k.business, k.connection, "pasted by hand")
            door = Door(k.engine)
            for secret in ("signs W1", "pasted by hand"):
                await door.admit("diary", k.connection, {"x-secret": secret}, b'{"id": "E1"}')
            with pytest.raises(Refused):
                await door.admit("diary", k.connection, {"x-secret": "a stranger's"}, b'{"id": "E1"}')
            assert b"signs W1" not in bytes((await k.stands()).subscription or b"")

    run(story())


def test_a_registration_is_looked_after_daily_and_knows_what_was_there(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            await connecting.start_import(k.engine, k.business, k.connection, asked_by="test")
            await worker.drain(k.engine)
            await upkeep.tidy(k.engine)
            await worker.drain(k.engine)
            assert len(k.diary.ensured) == 1
            clock.move(timedelta(hours=25))
            await upkeep.tidy(k.engine)
            await worker.drain(k.engine)
            assert [known.remote_id if known else None for known in k.diary.ensured] == [None, "W1"]
            assert (await _hearing(k)).expires_at == clock.now() + timedelta(days=7)

    run(story())


def test_many_that_look_after_a_registration_at_once_ask_the_vendor_once(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            await asyncio.gather(*(subscribing.ensure(k.engine, k.business, k.connection) for _ in range(6)))
            assert len(k.diary.ensured) == 1

    run(story())


def test_a_refusal_is_kept_in_words_and_tried_again_another_day(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.refuses_webhooks = "this plan has no webhooks"
            await subscribing.ensure(k.engine, k.business, k.connection)
            heard = await _hearing(k)
            assert (heard.is_registered, heard.why) == (False, "this plan has no webhooks")
            assert heard.url.endswith(f"/webhooks/diary/{k.connection}")
            assert heard.checked_at == clock.now()
            with pytest.raises(Refused, match="this plan"):
                await subscribing.send_test(k.engine, k.business, k.connection)
            k.diary.refuses_webhooks = ""
            await subscribing.ensure(k.engine, k.business, k.connection)
            heard = await _hearing(k)
            assert (heard.is_registered, heard.why) == (True, "")
            # A later refusal leaves what is registered as it is.
            k.diary.refuses_webhooks = "not today"
            clock.move(timedelta(days=1))
            await subscribing.ensure(k.engine, k.business, k.connection)
            heard = await _hearing(k)
            assert (heard.is_registered, heard.why) == (True, "not today")

    run(story())


def test_a_vendor_that_is_away_is_asked_again_by_the_job(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            k.diary.trouble = Unreachable("nobody is at home")
            with pytest.raises(Unreachable):
                await subscribing.ensure(k.engine, k.business, k.connection)
            assert (await _hearing(k)).checked_at is None

    run(story())


def test_a_removed_connection_is_registered_no_more(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            await subscribing.ensure(k.engine, k.business, k.connection)
            await connecting.remove(k.engine, k.business, k.connection)
            assert k.diary.registered == {}
            assert await k.rows("SELECT subscription FROM connections") == [(None,)]
            await subscribing.ensure(k.engine, k.business, k.connection)
            assert len(k.diary.ensured) == 1
            with pytest.raises(NotFound):
                await subscribing.send_test(k.engine, k.business, k.connection)

    run(story())


def test_a_vendor_that_is_away_does_not_keep_a_connection_from_being_removed(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            await subscribing.ensure(k.engine, k.business, k.connection)
            clock.move(timedelta(hours=2))
            k.diary.trouble = Unreachable("nobody is at home")
            await connecting.remove(k.engine, k.business, k.connection)
            assert await k.rows("SELECT state FROM connections") == [("removed",)]

    run(story())


def test_a_test_is_asked_for_where_something_is_registered(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            with pytest.raises(Refused, match="not registered"):
                await subscribing.send_test(k.engine, k.business, k.connection)
            await subscribing.ensure(k.engine, k.business, k.connection)
            await subscribing.send_test(k.engine, k.business, k.connection)
            assert k.diary.tested == 1

    run(story())


def test_a_new_key_seals_the_registration_anew(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            await subscribing.ensure(k.engine, k.business, k.connection)
            new = "the key that comes after the first one"
            assert await credentials.reseal_all(replace(k.engine, vault=Vault((new, KEY)))) == 1
            only_new = replace(k.engine, vault=Vault((new,)))
            assert credentials.webhook_secrets(only_new, await k.stands()) == ["signs W1"]

    run(story())
