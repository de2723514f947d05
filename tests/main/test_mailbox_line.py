"""From a mail in a mailbox to a booking in the database, through the whole engine."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx2
from tests.house import a_business, engine_over, run
from tests.sync.line import simulators

from bookingbridge.sync import connecting, overview, running
from bookingbridge.vendors.booksy.simulator import PASSWORD, USER


def test_mails_become_bookings_and_what_is_not_understood_is_shown(database_url: str) -> None:
    async def story(base: str) -> None:
        async with engine_over(database_url, simulators=base) as engine, httpx2.AsyncClient(trust_env=False) as sim:
            host = (await sim.get(f"{base}/booksy/_sim/mailbox")).json()["host"]

            async def mail(**body: str) -> None:
                assert (await sim.post(f"{base}/booksy/_sim/mails", json=body)).status_code == 200

            await mail(what="new", name="Mara Lind", starts="2026-12-24T15:00")
            raw = (
                "From: no-reply@booksy.com\r\nDate: Wed, 18 Nov 2026 12:00:00 +0000\r\nSubject: Appointment\r\n\r\nOdd"
            )
            await sim.post(f"{base}/booksy/_sim/mails/raw", json={"raw": raw})
            business = (await a_business(engine)).id
            connection = await connecting.connect_with_token(
                engine, business, vendor="booksy", environment="simulator",
                fields={"address": USER, "host": host, "password": PASSWORD},
            )  # fmt: skip
            await connecting.change_settings(engine, business, connection, {"time_zone": "America/Los_Angeles"})
            tested = await connecting.test(engine, business, connection)
            assert tested.account is not None, tested.why

            async def sync(*, full: bool) -> overview.Run:
                async with engine.db.business(business) as tx:
                    run_id = await running.ask(tx, connection, is_full=full, asked_by="test")
                await running.carry_out(engine, business, run_id)
                async with engine.db.business(business) as tx:
                    return await overview.run_of(tx, run_id)

            first = await sync(full=True)
            assert (first.state, first.progress["mail"]["seen"], first.progress["mail"]["problems"]) == ("done", 2, 1)
            await mail(what="moved", name="Mara Lind", starts="2026-12-26T10:00", was="2026-12-24T15:00")
            second = await sync(full=False)
            assert (second.state, second.progress["mail"]["seen"]) == ("done", 1)
            async with engine.db.business(business) as tx:
                found = await tx.all("SELECT status, starts_at, price_minor FROM bookings")
            assert found == [("confirmed", datetime(2026, 12, 26, 18, tzinfo=UTC), 6500)]

    with simulators() as base:
        run(story(base))
