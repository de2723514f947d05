"""Webhooks by the real door: stored before answered, then worked on by looking at the vendor."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.house import a_business, run
from tests.sync.line import Shop, shop, sim, simulators, small_world
from tests.sync.open_house import Hook, event, hook, inbox, open_house, post, signed

from bookingbridge.canonical.errors import NotFound
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.infra.clock import FixedClock
from bookingbridge.main.demo import worlds
from bookingbridge.main.demo.world import World
from bookingbridge.sync import connecting, inbound, overview
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.square.webhooks import SIGNATURE

MERCHANT = worlds.MERCHANT


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with simulators() as address:
        yield address


@pytest.fixture(scope="module")
def world() -> World:
    return small_world(days=4)


@pytest.fixture
def house(database_url: str) -> Iterator[str]:
    with open_house(database_url) as address:
        yield address


def _rows(world: World, count: int) -> list[dict[str, Any]]:
    """Some of the world's bookings as the simulator is given them."""
    found: list[dict[str, Any]] = worlds.square(world)["bookings"][-count:]
    assert len(found) == count
    return found


def _load(s: Shop, **rows: Any) -> None:
    """The simulated Square holds these too, and tells everybody who subscribed."""
    sim(s.square, "POST", "/_sim/world", {**rows, "is_announced": True})


async def _known(s: Shop) -> dict[str, bookings.Booking]:
    """Our bookings by Square's ids."""
    async with s.engine.db.business(s.business) as tx:
        return {b.remote_id: b for b in await bookings.latest(tx, limit=10_000) if b.remote_id}


async def _work(s: Shop) -> None:
    """The job of the inbox has run once."""
    await inbound.work_off(s.engine, s.business, s.connection)


def test_a_webhook_is_answered_only_when_it_is_stored(database_url: str, base: str, house: str, world: World) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h = hook(house, s)
            body = event("booking.created", "BKNOWHERE:1", merchant=MERCHANT)
            with psycopg.connect(database_url) as other:
                other.execute("LOCK TABLE inbound_events")
                with pytest.raises(httpx2.ReadTimeout):
                    httpx2.post(h.url, content=body, headers=signed(h.url, body), timeout=1.0, trust_env=False)
            answer = h.post(body)
            assert (answer.status_code, answer.json()) == (200, {"ok": True})
            (kept,) = await inbox(s)
            assert (kept.body, kept.state, kept.deliveries) == (body, "new", 2)
            assert kept.headers.keys() >= {"content-type", SIGNATURE}

    run(story())


def test_cookies_and_credentials_of_a_delivery_are_not_kept(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h = hook(house, s)
            body = event("booking.created", "BKNOWHERE:1", merchant=MERCHANT)
            headers = signed(h.url, body) | {
                "cookie": "canary=1", "authorization": "Bearer canary", "x-channel-token": "canary",
            }  # fmt: skip
            assert h.post(body, headers).status_code == 200
            (kept,) = await inbox(s)
            assert "canary" not in repr(kept)

    run(story())


def test_fifty_repetitions_in_any_order_are_one_row_each_and_change_nothing(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            await s.sync(full=True)
            h = hook(house, s)
            h.subscribe()
            before = await _known(s)
            sim(s.square, "POST", "/_sim/deliveries", {"duplicates": 49})
            _load(s, bookings=_rows(world, 4))
            h.settle()
            sim(s.square, "POST", "/_sim/deliveries", {"duplicates": 0})
            assert [k.deliveries for k in await inbox(s)] == [50] * 4
            await _work(s)
            assert {k.state for k in await inbox(s)} == {"done"}
            assert await _known(s) == before

    run(story())


def test_events_in_the_wrong_order_leave_things_as_they_are_now(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h = hook(house, s)
            h.subscribe()
            sim(s.square, "POST", "/_sim/deliveries", {"is_paused": True, "is_shuffled": True})
            rows = _rows(world, 3)
            states = ("ACCEPTED", "CANCELLED_BY_SELLER", "ACCEPTED", "NO_SHOW")
            for version, status in enumerate(states, 1):
                later = datetime.now(UTC).isoformat()
                _load(s, bookings=[r | {"version": version, "status": status, "updated_at": later} for r in rows])
                await _work(s)
            sim(s.square, "POST", "/_sim/deliveries", {"is_paused": False})
            h.settle()
            await _work(s)
            assert [k.state for k in await inbox(s)] == ["done"] * 12
            known = await _known(s)
            assert [known[r["id"]].status for r in rows] == ["no_show"] * 3

    run(story())


def test_a_webhook_that_comes_before_the_vendor_shows_the_thing_is_looked_for_again(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            early = _rows(world, 1)[0] | {"id": "BKEARLY"}
            hook(house, s).tell("booking.created", "BKEARLY:0", merchant=MERCHANT)
            await s.drain()
            (kept,) = await inbox(s)
            assert (kept.state, kept.attempts) == ("new", 1)
            assert kept.outcome == "booking BKEARLY:0 is not shown by the vendor yet"
            sim(s.square, "POST", "/_sim/world", {"bookings": [early]})
            deadline = time.monotonic() + 10
            while (await inbox(s))[0].state == "new":
                assert time.monotonic() < deadline
                await s.drain()
            assert (await inbox(s))[0].state == "done"
            assert "BKEARLY" in await _known(s)

    run(story())


def test_what_else_arrives_does_not_use_up_the_looks_for_a_thing_not_shown_yet(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with shop(database_url, base, world, clock=clock) as s:
            h = hook(house, s)
            h.tell("booking.created", "BKEARLY:0", merchant=MERCHANT)
            for row in _rows(world, inbound.LOOKS + 2):
                h.tell("booking.updated", f"{row['id']}:0", merchant=MERCHANT)
                await inbound.work_off(s.engine, s.business, s.connection)
            early, *others = await inbox(s)
            assert (early.state, early.attempts) == ("new", 1)
            assert {k.state for k in others} == {"done"}

    run(story())


def test_a_thing_that_is_never_shown_counts_as_gone_in_the_end(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with shop(database_url, base, world, clock=clock) as s:
            h = hook(house, s)
            h.tell("booking.created", "BKNEVER:0", merchant=MERCHANT)
            looks = list[int]()
            for _ in range(40):
                await inbound.work_off(s.engine, s.business, s.connection)
                looks.append((await inbox(s))[0].attempts)
                clock.move(timedelta(seconds=10))
            (kept,) = await inbox(s)
            assert (kept.state, kept.attempts) == ("done", inbound.LOOKS)
            assert kept.outcome == "booking BKNEVER:0 is gone at the vendor"
            # 0.5, 1.5, 4.5, 13.5 and 40.5 seconds lie between the looks, here in steps of ten.
            assert looks[:10] == [1, 2, 3, 4, 4, 5, 5, 5, 5, 5]
            seen = [r for r in sim(s.square, "GET", "/_sim/requests")["requests"] if "BKNEVER" in r["path"]]
            assert len(seen) == inbound.LOOKS

    run(story())


def test_what_cannot_be_read_is_kept_and_shown_and_holds_nothing_up(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h = hook(house, s)
            good, odd = _rows(world, 2)
            sim(s.square, "POST", "/_sim/world", {"bookings": [odd | {"status": "TELEPORTED", "version": 9}]})
            bodies = [
                b"not json", b"\xff\xfe\x00", b"[]", b'{"type": "booking.created"}', b"",
                event("booking.updated", f"{odd['id']}:9", merchant=MERCHANT),
                event("booking.updated", f"{good['id']}:0", merchant=MERCHANT),
                event("labor.timecard.created", "X", merchant=MERCHANT),
            ]  # fmt: skip
            assert [h.post(body).status_code for body in bodies] == [200] * len(bodies)
            await _work(s)
            kept = await inbox(s)
            assert [k.body for k in kept] == bodies
            assert [k.state for k in kept] == [*["unreadable"] * 6, "done", "ignored"]
            assert all(k.outcome for k in kept)
            async with s.engine.db.business(s.business) as tx:
                (problem,) = await overview.problems(tx, s.connection)
                assert (problem.kind, problem.remote_id) == ("booking", odd["id"])
                assert "TELEPORTED" in str(problem.payload)
                assert "TELEPORTED" in str(problem.problem)
            assert await s.state() == "new"

    run(story())


def test_what_is_not_the_vendors_or_not_for_us_is_refused_and_leaves_no_row(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h = hook(house, s)
            body = event("booking.created", "BK1:0", merchant=MERCHANT)
            genuine = signed(h.url, body)
            other = hook(house, s, connection=uuid4())
            too_large = b"x" * (1024 * 1024 + 1)
            tries: list[tuple[int, str, bytes, Mapping[str, str | bytes]]] = [
                (401, h.url, body, {}),
                (401, h.url, body, {SIGNATURE: ""}),
                (401, h.url, body, {SIGNATURE: b"\xe9"}),
                (401, h.url, body, {SIGNATURE: "=" * 44}),
                (401, h.url, body, signed(h.url, body, key="another key")),
                (401, h.url, body + b" ", genuine),
                (401, h.url, body.replace(b"created", b"deleted"), genuine),
                (401, h.url, b"\xff\xfe", genuine),
                # Signed for another connection's address, or without one.
                (401, h.url, body, signed(other.url, body)),
                (401, h.url, body, signed("", body)),
                (404, other.url, body, signed(other.url, body)),
                (404, h.url.replace("/square/", "/meta_ads/"), body, genuine),
                (404, h.url.replace("/square/", "/nobody/"), body, genuine),
                (404, h.url.rpartition("/")[0] + "/1", body, genuine),
                (404, h.url + "/more", body, genuine),
                # What stands behind the address is part of it.
                (401, h.url + "?more=1", body, genuine),
                (413, h.url, too_large, signed(h.url, too_large)),
            ]
            for expected, url, sent, headers in tries:
                answer = post(url, sent, headers)
                assert (answer.status_code, answer.headers["content-type"]) == (expected, "application/problem+json")
                assert answer.json()["status"] == expected
            chunks = iter([b"x" * 100_000] * 30)
            assert httpx2.post(h.url, content=chunks, headers=genuine, trust_env=False).status_code == 413
            assert httpx2.get(h.url, trust_env=False).status_code == 404
            assert httpx2.put(h.url, content=body, headers=genuine, trust_env=False).status_code == 405
            assert await inbox(s) == []
            assert h.post(body).status_code == 200

    run(story())


def test_no_headers_and_no_body_bring_the_door_down(database_url: str, base: str, house: str, world: World) -> None:
    names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20)
    values = st.binary(max_size=60).map(lambda raw: bytes(b for b in raw if b >= 32 and b != 127))
    known = st.sampled_from([SIGNATURE, "content-type", "content-encoding", "x-forwarded-for", "cookie", "range"])

    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h = hook(house, s)

            @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
            @given(st.lists(st.tuples(known | names, values), max_size=5), st.binary(max_size=300), st.booleans())
            def is_answered(headers: list[tuple[str, bytes]], body: bytes, is_signed: bool) -> None:
                sent = [(n.encode(), v.strip()) for n, v in headers if n.lower() not in ("content-length", "expect")]
                if is_signed:
                    sent = [(n, v) for n, v in sent if n.lower() != SIGNATURE.encode()]
                    sent += [(n.encode(), v.encode()) for n, v in signed(h.url, body).items() if n == SIGNATURE]
                answer = client.post(h.url, content=body, headers=sent)
                assert answer.status_code == (200 if is_signed else 401), answer.text

            with httpx2.Client(trust_env=False, timeout=30) as client:
                is_answered()
            while any(k.state == "new" for k in await inbox(s)):
                await _work(s)
            kept = await inbox(s)
            assert kept
            assert {k.state for k in kept} <= {"unreadable", "ignored"}

    run(story())


def test_a_signature_key_may_be_replaced_while_deliveries_come(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h = hook(house, s)
            body = event("booking.created", "BK1:0", merchant=MERCHANT)
            assert h.post(body).status_code == 200
            assert h.post(body, signed(h.url, body, key="second key")).status_code == 401
            await connecting.set_webhook_secret(s.engine, s.business, s.connection, "second key")
            assert h.post(body, signed(h.url, body, key="second key")).status_code == 200
            assert h.post(body).status_code == 200  # what was signed with the first is still on its way
            await connecting.set_webhook_secret(s.engine, s.business, s.connection, "third key")
            assert h.post(body, signed(h.url, body, key="third key")).status_code == 200

    run(story())


def test_an_event_of_another_account_is_ignored(database_url: str, base: str, house: str, world: World) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            before = await _known(s)
            h = hook(house, s)
            h.subscribe()  # an application's subscription tells of all its merchants
            elsewhere = {"id": "MELSEWHERE1", "business_name": "Elsewhere", "main_location_id": "LELSEWHERE1"}
            place = {"id": "LELSEWHERE1", "merchant_id": "MELSEWHERE1", "name": "E", "timezone": "America/New_York"}
            service = {"id": "VELSE", "merchant_id": "MELSEWHERE1", "name": "Cut", "price": 1, "duration_minutes": 5}
            booking = _rows(world, 1)[0] | {
                "id": "BKELSE", "merchant_id": "MELSEWHERE1", "location_id": "LELSEWHERE1", "service_id": "VELSE",
            }  # fmt: skip
            sim(s.square, "DELETE", "/_sim/requests")
            _load(s, merchants=[elsewhere], locations=[place], services=[service], bookings=[booking])
            h.settle()
            await _work(s)
            (kept,) = await inbox(s)
            assert (kept.state, kept.outcome) == ("ignored", "of another account")
            assert sim(s.square, "GET", "/_sim/requests")["requests"] == []
            assert await _known(s) == before

    run(story())


def test_revoked_access_asks_for_the_owner_and_an_old_notice_of_it_does_not(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world, is_personal=False) as s:
            h = hook(house, s)
            h.subscribe()
            sim(s.square, "POST", "/_sim/revoke", {"merchant_id": MERCHANT})
            h.settle()
            await _work(s)
            (kept,) = await inbox(s)
            assert (kept.state, kept.outcome) == ("done", "revoked")
            assert await s.state() == "needs_reauth"
            again = sim(s.square, "POST", "/_sim/tokens", {"merchant_id": MERCHANT})["access_token"]
            name = s.engine.vendor("square").manifest.token_fields[0].name
            await connecting.connect_with_token(
                s.engine, s.business, vendor="square", environment="simulator", fields={name: again},
                connection_id=s.connection,
            )  # fmt: skip
            assert (await connecting.test(s.engine, s.business, s.connection)).account is not None
            await inbound.replay(s.engine, s.business, kept.id)
            await _work(s)
            assert (await inbox(s))[0].state == "done"
            assert await s.state() == "new"

    run(story())


def test_webhooks_that_come_while_access_is_revoked_are_worked_on_when_it_is_given_again(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world, is_personal=False) as s:
            h = hook(house, s)
            h.subscribe()
            sim(s.square, "POST", "/_sim/revoke", {"merchant_id": MERCHANT})
            _load(s, bookings=[_rows(world, 1)[0] | {"id": "BKMEANWHILE"}])
            h.settle()
            await s.drain()
            assert await s.state() == "needs_reauth"
            assert "BKMEANWHILE" not in await _known(s)
            again = sim(s.square, "POST", "/_sim/tokens", {"merchant_id": MERCHANT})["access_token"]
            name = s.engine.vendor("square").manifest.token_fields[0].name
            await connecting.connect_with_token(
                s.engine, s.business, vendor="square", environment="simulator", fields={name: again},
                connection_id=s.connection,
            )  # fmt: skip
            await connecting.test(s.engine, s.business, s.connection)
            await s.drain()
            assert {k.state for k in await inbox(s)} == {"done"}
            assert "BKMEANWHILE" in await _known(s)

    run(story())


def test_any_stored_event_can_be_replayed_by_its_own_business_only(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h = hook(house, s)
            h.tell("booking.updated", f"{_rows(world, 1)[0]['id']}:0", merchant=MERCHANT)
            h.post(b"nonsense")
            h.tell("booking.updated", "BK1:0", merchant="MELSEWHERE1")
            await _work(s)
            states = ["done", "unreadable", "ignored"]
            first, before = await inbox(s), await _known(s)
            assert [k.state for k in first] == states
            for kept in first:
                await inbound.replay(s.engine, s.business, kept.id)
            assert [k.state for k in await inbox(s)] == ["new"] * 3
            await _work(s)
            assert [(k.state, k.body) for k in await inbox(s)] == [(k.state, k.body) for k in first]
            assert await _known(s) == before
            stranger = await a_business(s.engine, "Next Door")
            for event_id, business in ((first[0].id, stranger.id), (first[-1].id + 100, s.business)):
                with pytest.raises(NotFound):
                    await inbound.replay(s.engine, business, event_id)

    run(story())


def test_a_connection_that_rests_keeps_its_webhooks_for_later_and_a_removed_one_takes_none(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h = hook(house, s)
            await connecting.pause(s.engine, s.business, s.connection)
            assert h.tell("booking.updated", f"{_rows(world, 1)[0]['id']}:0", merchant=MERCHANT).status_code == 200
            await _work(s)
            assert [k.state for k in await inbox(s)] == ["new"]
            await connecting.resume(s.engine, s.business, s.connection, asked_by="test")
            await _work(s)
            assert [k.state for k in await inbox(s)] == ["done"]
            await connecting.remove(s.engine, s.business, s.connection)
            unknown = hook(house, s)  # this process has seen the connection less than half a minute ago
            with open_house(database_url) as another:
                url = hook(another, s).url
                body = event("booking.updated", "BK1:0", merchant=MERCHANT)
                assert post(url, body, signed(url, body)).status_code == 404
            assert unknown.url == h.url
            assert len(await inbox(s)) == 1

    run(story())


@pytest.mark.parametrize("fault", ["500", "timeout_after_effect", "garbage"])
def test_a_thing_the_vendor_does_not_answer_for_holds_no_other_up(
    database_url: str, base: str, house: str, world: World, fault: str
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            quick = _impatient(s)
            h = hook(house, s)
            rows = _rows(world, 3)
            sim(s.square, "POST", "/_sim/faults", {
                "fault": fault, "match": {"path_prefix": f"/v2/bookings/{rows[0]['id']}"}, "times": None,
            })  # fmt: skip
            for row in rows:
                h.tell("booking.updated", f"{row['id']}:0", merchant=MERCHANT)
            await inbound.work_off(quick.engine, s.business, s.connection)
            # What is no answer may come yet; an answer that says nothing is final, and can be replayed.
            first = "failed" if fault == "garbage" else "new"
            assert [k.state for k in await inbox(s)] == [first, "done", "done"]
            sim(s.square, "DELETE", "/_sim/faults")
            if first == "failed":
                await inbound.replay(s.engine, s.business, (await inbox(s))[0].id)
            await asyncio.sleep(0.6)
            await _work(s)
            assert [k.state for k in await inbox(s)] == ["done"] * 3

    run(story())


@pytest.mark.parametrize("fault", ["429", "500", "reset"])
def test_webhooks_outlast_a_vendor_in_trouble(
    database_url: str, base: str, house: str, world: World, fault: str
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h = hook(house, s)
            for row in _rows(world, 6):
                h.tell("booking.updated", f"{row['id']}:0", merchant=MERCHANT)
            sim(s.square, "POST", "/_sim/faults", {"fault": fault, "times": None, "retry_after": 0})
            for _ in range(inbound.TRIES + 1):
                await inbound.work_off(_impatient(s).engine, s.business, s.connection)
            waiting = await inbox(s)
            assert {k.state for k in waiting} == {"new"}
            assert {k.attempts for k in waiting} == {0}
            sim(s.square, "DELETE", "/_sim/faults")
            await _work(s)
            assert {k.state for k in await inbox(s)} == {"done"}

    run(story())


def _impatient(s: Shop) -> Shop:
    """The same shop with a transport that waits for no vendor longer than half a second, and tries once."""

    def transport(vendor: Any, environment: str, place: Any) -> Transport:
        return Transport(
            allowed_hosts=frozenset({"127.0.0.1"}), allow_loopback=True, now=s.engine.clock.now, timeout=0.5, tries=1
        )

    return dataclasses.replace(s, engine=dataclasses.replace(s.engine, transport=transport))


def test_a_burst_is_worked_off_in_batches_with_one_look_per_thing(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h = hook(house, s)
            ids = [r["id"] for r in _rows(world, 2)]
            with httpx2.Client(trust_env=False, timeout=30) as client:
                for number in range(inbound.BATCH + 50):
                    body = event("booking.updated", f"{ids[number % 2]}:0", merchant=MERCHANT)
                    assert client.post(h.url, content=body, headers=signed(h.url, body)).status_code == 200
            sim(s.square, "DELETE", "/_sim/requests")
            await _work(s)
            await _work(s)
            assert {k.state for k in await inbox(s)} == {"done"}
            asked = [r["path"] for r in sim(s.square, "GET", "/_sim/requests")["requests"]]
            assert sum(path == f"/v2/bookings/{ids[0]}" for path in asked) <= 3

    run(story())


def test_a_bell_that_was_found_ringing_wakes_for_what_is_committed_later(
    database_url: str, base: str, house: str, world: World
) -> None:
    async def story() -> None:
        async with shop(database_url, base, world) as s:
            h: Hook = hook(house, s)
            h.tell("booking.updated", f"{_rows(world, 1)[0]['id']}:0", merchant=MERCHANT)  # its bell waits
            late = inbound.Arrival(
                s.business, s.connection, "late", "", s.engine.clock.now(), {}, event("x.y", "1", merchant=MERCHANT)
            )
            async with await psycopg.AsyncConnection.connect(s.engine.db.url, autocommit=True) as conn:
                async with conn.transaction():
                    await inbound.keep(conn, [late])
                    bells = await conn.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'inbound'")
                    assert await bells.fetchall() == [(1,)]
                    job = asyncio.create_task(inbound.work_off(s.engine, s.business, s.connection))
                    await asyncio.sleep(1.0)
                    assert not job.done()
                await job
            assert [k.state for k in await inbox(s)] == ["done", "ignored"]

    run(story())
