"""The whole line: an account connected, imported, heard of, compared, and lost, over a real database and real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.house import a_business, engine_over, run
from tests.simulators import serving
from tests.vendors.acuity import worlds
from tests.vendors.acuity.worlds import ACCOUNT, KEY, NOW

from bookingbridge.canonical.errors import Refused
from bookingbridge.infra.clock import FixedClock
from bookingbridge.sync import connecting, overview, running, subscribing
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.inbound import Door
from bookingbridge.vendorkit import signatures
from bookingbridge.vendors.acuity.simulator import create_app
from bookingbridge.vendors.acuity.webhooks import SIGNATURE


@dataclass(frozen=True, slots=True)
class Line:
    """A business with a connection to the simulated Acuity."""

    engine: Engine
    clock: FixedClock
    acuity: httpx2.Client
    business: UUID
    connection: UUID

    async def sync(self, *, full: bool) -> str:
        """A run, carried out; how it ended."""
        async with self.engine.db.business(self.business) as tx:
            run_id = await running.ask(tx, self.connection, is_full=full, asked_by="test")
        await running.carry_out(self.engine, self.business, run_id)
        async with self.engine.db.business(self.business) as tx:
            return (await overview.run_of(tx, run_id)).state

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.engine.db.business(self.business) as tx:
            return list(await tx.all(sql))

    async def counted(self, sql: str) -> dict[str, int]:
        return {str(name): count for name, count in await self.rows(sql)}


@asynccontextmanager
async def line(database_url: str) -> AsyncIterator[Line]:
    world = worlds.small()
    world["appointments"] = [a for a in world["appointments"] if worlds.at(-10) <= a["datetime"] <= worlds.at(20)]
    clock = FixedClock(NOW)
    made = create_app(now=lambda: NOW, base_url="http://acuity.test", config={})
    with serving(Starlette(routes=[Mount("/acuity", app=made)])) as base, httpx2.Client(base_url=base) as control:
        assert control.post("/acuity/_sim/world", json=world).status_code == 200
        async with engine_over(database_url, simulators=base, clock=clock) as engine:
            business = await a_business(engine)
            connection = await connecting.connect_with_token(
                engine, business.id, vendor="acuity", environment="simulator",
                fields={"api_key": KEY, "user_id": str(ACCOUNT)},
            )  # fmt: skip
            await connecting.change_settings(engine, business.id, connection, {"history_days": "10"})
            tested = await connecting.test(engine, business.id, connection)
            assert tested.account is not None, tested.why
            yield Line(engine, clock, control, business.id, connection)


def test_an_account_is_imported_heard_of_compared_and_lost(database_url: str) -> None:
    async def story() -> None:
        async with line(database_url) as shop:
            assert await shop.sync(full=True) == "done"
            expected = {"confirmed": 12, "cancelled": 1}
            statuses = "SELECT status, count(*) FROM bookings GROUP BY status"
            assert await shop.counted(statuses) == expected
            paid = "SELECT status, sum(amount_minor) FROM payments GROUP BY status"
            assert await shop.counted(paid) == {"completed": 4 * 6500}
            unknown = "SELECT id, starts_at FROM bookings WHERE client_id IS NULL OR service_id IS NULL"
            assert await shop.rows(unknown) == []
            await _hears(shop)
            await _notices_what_vanished(shop, statuses, expected)
            shop.acuity.post("/acuity/_sim/revoke", json={})
            assert await shop.sync(full=False) == "failed"
            stands = await overview.connection_of(shop.engine, shop.business, shop.connection)
            assert stands.state == "needs_reauth"

    run(story())


async def _hears(shop: Line) -> None:
    """What Acuity signs is admitted, each time anew; what a stranger sends is not."""
    await subscribing.ensure(shop.engine, shop.business, shop.connection)
    there = shop.acuity.get("/acuity/api/v1/webhooks", auth=(str(ACCOUNT), KEY)).json()
    assert [hook["event"] for hook in there] == ["appointment.changed"]
    body, door = b"action=changed&id=54121&calendarID=2201&appointmentTypeID=3201", Door(shop.engine)
    headers = {SIGNATURE: signatures.sign_base64(KEY, body)}
    first, second = [await door.admit("acuity", shop.connection, headers, body) for _ in range(2)]
    assert first.dedupe_key != second.dedupe_key
    for strange in ({}, {SIGNATURE: signatures.sign_base64("guessed", body)}):
        with pytest.raises(Refused):
            await door.admit("acuity", shop.connection, strange, body)


async def _notices_what_vanished(shop: Line, statuses: str, before: dict[str, int]) -> None:
    shop.clock.move(timedelta(hours=1))
    shop.acuity.post("/acuity/_sim/world", json={"gone": [54121]})
    assert await shop.sync(full=False) == "done"
    after = {**before, "confirmed": before["confirmed"] - 1, "cancelled": before["cancelled"] + 1}
    assert await shop.counted(statuses) == after
