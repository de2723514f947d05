"""The whole line: a simulated calendar connected, imported, told of changes, swept after 410, into the tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.house import a_business, engine_over, run
from tests.sync.line import sim, simulators
from tests.vendors.google_calendar.calendar_world import ACCESS, REFRESH, SALON, SCOPES, SHARED

from bookingbridge.canonical.ports import Auth, Json, Tokens
from bookingbridge.main import worker
from bookingbridge.sync import connecting, inbound, running, subscribing
from bookingbridge.sync.credentials import webhook_secrets
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.signing_in import sign_in

GUESTS = ("ada", "bea", "cy")


def event(name: str, days: int, **more: Any) -> Json:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    times = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": (start + timedelta(hours=1)).isoformat()}}
    return {"id": f"{name}01", "summary": name, "attendees": [{"email": f"{name}@example.com"}]} | times | more


@dataclass(frozen=True, slots=True)
class Line:
    """A business with a connection to the simulated Google Calendar."""

    engine: Engine
    base: str
    business: UUID
    connection: UUID

    def change(self, *events: Json) -> None:
        calendars = [{"id": SALON, "summary": "Salon", "is_primary": True, "events": list(events)}]
        sim(self.base, "POST", "/google_calendar/_sim/world", {"calendars": calendars})

    async def sync(self, *, full: bool = False) -> None:
        async with self.engine.db.business(self.business) as tx:
            run_id = await running.ask(tx, self.connection, is_full=full, asked_by="test")
        await running.carry_out(self.engine, self.business, run_id)
        await worker.drain(self.engine)

    async def bookings(self) -> dict[str, str]:
        async with self.engine.db.business(self.business) as tx:
            rows = await tx.all(
                "SELECT c.email, b.status FROM bookings b JOIN clients c ON c.id = b.client_id"
                " AND c.business_id = b.business_id"
            )
        return {str(row[0]).partition("@")[0]: str(row[1]) for row in rows}


@asynccontextmanager
async def line(database_url: str, base: str) -> AsyncIterator[Line]:
    sim(base, "DELETE", "/google_calendar/_sim")
    more = {"calendars": [{"id": SHARED, "role": "reader"}], "tokens": [{"access": ACCESS, "refresh": REFRESH}]}
    sim(base, "POST", "/google_calendar/_sim/world", more)
    async with engine_over(database_url, simulators=base) as engine:
        business = await a_business(engine)
        tokens = Tokens(ACCESS, REFRESH, datetime.now(UTC) + timedelta(hours=1), SCOPES)
        made = await sign_in(
            engine, business.id, vendor="google_calendar", environment="simulator", auth=Auth.OAUTH, tokens=tokens,
            connection_id=None,
        )  # fmt: skip
        there = Line(engine, base, business.id, made)
        there.change(*(event(name, 3 + i) for i, name in enumerate(GUESTS)))
        await connecting.choose_account(engine, business.id, made, SALON)
        yield there


def test_a_calendar_is_imported_followed_and_swept_when_its_token_ran_out(database_url: str) -> None:
    async def story(base: str) -> None:
        async with line(database_url, base) as there:
            await there.sync(full=True)
            assert await there.bookings() == dict.fromkeys(GUESTS, "confirmed")
            there.change({"id": "ada01", "status": "cancelled"}, event("dee", 9))
            await there.sync()
            assert await there.bookings() == {
                "ada": "cancelled", "bea": "confirmed", "cy": "confirmed", "dee": "confirmed",
            }  # fmt: skip
            # While nobody looks, one is deleted so that nothing of it is told, and the token runs out.
            sim(base, "POST", "/google_calendar/_sim/world", {"rules": {"tells_deleted": False}})
            there.change({"id": "bea01", "status": "cancelled"})
            sim(base, "POST", "/google_calendar/_sim/expire", {})
            await there.sync()
            assert (await there.bookings())["bea"] == "cancelled"
            assert (await there.bookings())["cy"] == "confirmed"

    with simulators() as base:
        run(story(base))


def test_a_notice_that_the_product_asked_for_itself_brings_the_change(database_url: str) -> None:
    async def story(base: str) -> None:
        async with line(database_url, base) as there:
            await there.sync(full=True)
            sim(base, "POST", "/google_calendar/_sim/deliveries", {"is_paused": True})
            await subscribing.ensure(there.engine, there.business, there.connection)
            (channel,) = sim(base, "GET", "/google_calendar/_sim/channels")["channels"]
            assert channel["address"] == there.engine.webhook_url("google_calendar", there.connection)
            there.change(event("eve", 5))
            headers = await _secret_headers(there, channel["id"])
            door = inbound.Door(there.engine)
            arrival = await door.admit("google_calendar", there.connection, headers, b"")
            async with there.engine.db.business(there.business) as tx:
                await inbound.keep(tx.conn, [arrival])
            await inbound.work_off(there.engine, there.business, there.connection)
            assert (await there.bookings())["eve"] == "confirmed"

    with simulators() as base:
        run(story(base))


async def _secret_headers(there: Line, channel: str) -> dict[str, str]:
    """What Google sends with a notice; the token is known to the connection only."""
    found = await connecting.the(there.engine, there.business, there.connection)
    (secret,) = webhook_secrets(there.engine, found)
    return {
        "x-goog-channel-id": channel, "x-goog-channel-token": secret, "x-goog-resource-state": "exists",
        "x-goog-message-number": "2",
    }  # fmt: skip
