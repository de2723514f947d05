"""The whole way: an address is pasted, tested and imported, and what vanishes there is cancelled in our tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
from tests.house import a_business, engine_over, run
from tests.simulators import serving_made
from tests.vendors.calendar_feed.talking import NOON, event

from bookingbridge.infra.clock import FixedClock
from bookingbridge.sync import connecting, overview, running
from bookingbridge.sync.engine import Engine
from bookingbridge.vendors.calendar_feed import VENDOR
from bookingbridge.vendors.calendar_feed.simulator import create_app

DAY = timedelta(days=1)
SECRET = "a-secret-of-a-test"


def test_a_pasted_feed_is_imported_and_its_vanished_events_are_cancelled_once_they_surely_are(
    database_url: str,
) -> None:
    async def story(base: str, clock: FixedClock) -> None:
        order(base, "world", feeds=[_feed()])
        async with engine_over(database_url, clock=clock) as bare:
            engine = replace(
                bare, vendors={**bare.vendors, "calendar_feed": VENDOR},
                addresses={**bare.addresses, ("calendar_feed", "simulator"): base},
            )  # fmt: skip
            business = (await a_business(engine)).id
            pasted = {"feed_url": f"webcal{base.removeprefix('http')}/share/{SECRET}.ics", "name": "Chair 1"}
            made = await connecting.connect_with_token(
                engine, business, vendor="calendar_feed", environment="simulator", fields=pasted
            )
            tested = await connecting.test(engine, business, made)
            assert tested.account is not None, tested.why
            assert tested.account.name == "Chair 1"
            zone = {"time_zone": "America/Los_Angeles"}
            await connecting.change_settings(engine, business, made, zone)

            async def read(*, full: bool = False) -> overview.Run:
                clock.move(timedelta(minutes=30))
                async with engine.db.business(business) as tx:
                    run_id = await running.ask(tx, made, is_full=full, asked_by="test")
                await running.carry_out(engine, business, run_id)
                async with engine.db.business(business) as tx:
                    return await overview.run_of(tx, run_id)

            assert (await read(full=True)).progress["events"]["new"] == 5
            order(base, "events/cancel", feed=SECRET, uid="e2")
            ran = await read()
            assert (ran.state, ran.error, ran.progress["events"].get("gone")) == ("done", "", 1)
            assert await _statuses(engine, business) == ["cancelled", "confirmed", "confirmed", "confirmed"]
            order(base, "moods", feed=SECRET, mood="login")
            broken = await read()
            assert broken.state == "failed"
            assert "web page, perhaps a login" in broken.error
            assert await _statuses(engine, business) == ["cancelled", "confirmed", "confirmed", "confirmed"]
            order(base, "moods", feed=SECRET, mood="well")
            assert (await read()).state == "done"

    clock = FixedClock(datetime.now(UTC).replace(microsecond=0))
    with serving_made(lambda base: create_app(now=clock.now, base_url=base, config={})) as base_url:
        run(story(base_url, clock))


def _feed() -> dict[str, object]:
    noon = datetime.now(UTC).replace(hour=NOON.hour, minute=0, second=0, microsecond=0)
    events = [event(f"e{n}", noon + n * DAY, created=(noon - DAY).isoformat()) for n in range(1, 5)]
    closed = event("closed", noon.replace(hour=8) + 9 * DAY, 0)
    return {"secret": SECRET, "name": "Feed", "events": {e["uid"]: e for e in (*events, closed)}}


def order(base: str, path: str, **body: object) -> None:
    answer = httpx2.post(f"{base}/_sim/{path}", json=body)
    assert answer.status_code == 200, answer.text


async def _statuses(engine: Engine, business: UUID) -> list[str]:
    async with engine.db.business(business) as tx:
        return sorted(row[0] for row in await tx.all("SELECT status FROM bookings WHERE business_id = %s", (business,)))
