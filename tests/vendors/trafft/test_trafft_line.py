"""Trafft through the whole engine: connected, imported, told of changes, and what vanished there is seen here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from tests.house import a_business, engine_over, run
from tests.simulators import serving
from tests.vendors.trafft.worlds import FIELDS

from bookingbridge.canonical.errors import AuthExpired, Refused
from bookingbridge.infra.clock import Clock, FixedClock
from bookingbridge.main.simulators import create_app
from bookingbridge.sync import connecting, inbound, overview, running
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.inbound import Door, keep
from bookingbridge.vendors.trafft.address import ADDRESS
from bookingbridge.vendors.trafft.sign_in import CLIENT_SECRET

TYPED = FIELDS | {ADDRESS: "https://northcut.admin.trafft.com/calendar"}
TOKEN = "verification-token"


@dataclass(frozen=True, slots=True)
class Salon:
    """A business with a connection to the simulated Trafft."""

    engine: Engine
    base: str
    business: UUID
    connection: UUID

    def tell(self, path: str, **body: Any) -> Any:
        answer = httpx2.post(f"{self.base}/_sim/{path}", json=body, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def sync(self) -> overview.Run:
        async with self.engine.db.business(self.business) as tx:
            run_id = await running.ask(tx, self.connection, is_full=False, asked_by="test")
        await running.carry_out(self.engine, self.business, run_id)
        async with self.engine.db.business(self.business) as tx:
            return await overview.run_of(tx, run_id)

    async def bookings(self) -> dict[str, str]:
        """Status by Trafft's id."""
        async with self.engine.db.business(self.business) as tx:
            rows = await tx.all(
                "SELECT l.remote_id, l.base->>'status' FROM external_links l "
                "WHERE l.connection_id = %s AND l.kind = 'booking'",
                (self.connection,),
            )
        return {str(row[0]): str(row[1]) for row in rows}


@asynccontextmanager
async def salon(
    database_url: str, fields: dict[str, str] = TYPED, *, clock: Clock | None = None
) -> AsyncIterator[Salon]:
    """A salon connected to a Trafft with the small business in it; nothing imported yet."""
    with serving(create_app("http://simulators.test")) as base:
        async with engine_over(database_url, simulators=base, clock=clock) as engine:
            business = await a_business(engine)
            made = await connecting.connect_with_token(
                engine, business.id, vendor="trafft", environment="simulator", fields=fields
            )
            tested = await connecting.test(engine, business.id, made)
            assert tested.account is not None, tested.why
            yield Salon(engine, f"{base}/trafft", business.id, made)


def test_a_salon_is_connected_imported_and_what_vanished_there_is_cancelled_here(database_url: str) -> None:
    async def story() -> None:
        async with salon(database_url) as there:
            connection = await overview.connection_of(there.engine, there.business, there.connection)
            assert connection.account_remote_id == "northcut.admin.trafft.com"
            done = await there.sync()
            assert done.state == "done"
            assert await there.bookings() == {"51": "confirmed", "52": "pending"}
            await there.sync()
            there.tell("remove", appointments=[42])
            await there.sync()
            assert await there.bookings() == {"51": "confirmed", "52": "cancelled"}

    run(story())


def test_a_webhook_brings_a_new_booking_without_a_run(database_url: str) -> None:
    async def story() -> None:
        async with salon(database_url) as there:
            await there.sync()
            await connecting.set_webhook_secret(there.engine, there.business, there.connection, TOKEN)
            starts = (datetime.now(UTC) + timedelta(days=30)).replace(minute=0, second=0, microsecond=0)
            made = there.tell("book", service=21, employee=11, customer=31, start=starts.isoformat())
            body = (
                b'{"appointmentStatus": "approved", "serviceName": "Cut", "customerEmail": "mara.quill@example.com",'
                b'"appointmentStartDateTime": "' + starts.isoformat().encode() + b'"}'
            )
            door = Door(there.engine)
            with pytest.raises(Refused):
                await door.admit("trafft", there.connection, {"authorization": "guess"}, body)
            arrival = await door.admit("trafft", there.connection, {"authorization": TOKEN}, body)
            assert "authorization" not in arrival.headers
            async with there.engine.db.business(there.business) as tx:
                await keep(tx.conn, [arrival])
            await inbound.work_off(there.engine, there.business, there.connection)
            assert (await there.bookings())[str(made["booking"])] == "confirmed"

    run(story())


def test_a_wrong_secret_connects_nothing(database_url: str) -> None:
    async def story() -> None:
        with pytest.raises(AuthExpired):
            async with salon(database_url, TYPED | {CLIENT_SECRET: "wrong"}):
                raise AssertionError("connected")

    run(story())


def test_a_token_withdrawn_early_is_replaced_by_the_next_one(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with salon(database_url, clock=clock) as there:
            there.tell("revoke", tokens=True)
            clock.move(timedelta(minutes=2))
            assert (await there.sync()).state == "done"
            there.tell("revoke", tokens=True, credentials=True)
            clock.move(timedelta(minutes=2))
            assert (await there.sync()).state == "failed"
            connection = await overview.connection_of(there.engine, there.business, there.connection)
            assert connection.state == "needs_reauth"

    run(story())
