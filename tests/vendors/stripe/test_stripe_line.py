"""The whole line: an account connected, imported, heard of, followed, and lost, over a real database and real HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.house import a_business, engine_over, run
from tests.simulators import serving
from tests.vendors.stripe import payloads, worlds
from tests.vendors.stripe.worlds import ACCOUNT, NOW

from bookingbridge.canonical.errors import Refused
from bookingbridge.infra.clock import FixedClock
from bookingbridge.sync import connecting, credentials, overview, running, subscribing
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.inbound import Door
from bookingbridge.vendors.stripe.simulator import create_app


async def sync(engine: Engine, business: UUID, connection: UUID, *, full: bool) -> str:
    """A run, carried out; how it ended."""
    async with engine.db.business(business) as tx:
        run_id = await running.ask(tx, connection, is_full=full, asked_by="test")
    await running.carry_out(engine, business, run_id)
    async with engine.db.business(business) as tx:
        return (await overview.run_of(tx, run_id)).state


async def rows(engine: Engine, business: UUID, sql: str) -> list[tuple[Any, ...]]:
    async with engine.db.business(business) as tx:
        return [tuple(row) for row in await tx.all(sql)]


def test_an_account_is_imported_heard_of_followed_and_lost(database_url: str) -> None:
    clock = FixedClock(NOW)
    made = create_app(now=clock.now, base_url="http://stripe.test", config={})

    async def story() -> None:
        app = Starlette(routes=[Mount("/stripe", app=made)])
        with serving(app) as base, httpx2.Client(base_url=f"{base}/stripe", trust_env=False) as control:
            assert control.post("/_sim/world", json=worlds.small()).status_code == 200
            key = control.post("/_sim/keys", json={"account": ACCOUNT}).json()["key"]
            async with engine_over(database_url, simulators=base, clock=clock) as engine:
                shop = (await a_business(engine)).id
                connection = await connecting.connect_with_token(
                    engine, shop, vendor="stripe", environment="simulator", fields={"restricted_key": key}
                )
                tested = await connecting.test(engine, shop, connection)
                assert tested.account is not None, tested.why
                assert await sync(engine, shop, connection, full=True) == "done"
                await _all_is_there(engine, shop)
                await _hears(engine, shop, connection)
                clock.move(timedelta(hours=1))
                await _follows(engine, shop, connection, control)
                control.post("/_sim/revoke", json={"key": key})
                assert await sync(engine, shop, connection, full=False) == "failed"
                assert (await overview.connection_of(engine, shop, connection)).state == "needs_reauth"

    run(story())


async def _all_is_there(engine: Engine, shop: UUID) -> None:
    within = [p for p in worlds.small()["payments"] if p["created"] >= worlds.at(-365)]
    paid = [p for p in within if p["outcome"] == "succeeded"]
    found = await rows(engine, shop, "SELECT status, count(*), sum(amount_minor + tip_minor) FROM payments "
                       "WHERE status <> 'pending' GROUP BY status ORDER BY status")  # fmt: skip
    failed = [p for p in within if p["outcome"] == "failed"]
    assert found == [
        ("completed", len(paid), sum(p["amount"] for p in paid)),
        ("failed", len(failed), sum(p["amount"] for p in failed)),
    ]
    nobody = "SELECT count(*) FROM payments WHERE client_id IS NULL AND status = 'completed'"
    assert await rows(engine, shop, nobody) == [(0,)]
    assert await rows(engine, shop, "SELECT status, count(*) FROM disputes GROUP BY status ORDER BY status") == [
        ("lost", 1), ("needs_response", 1),
    ]  # fmt: skip
    uneven = (
        "SELECT p.remote_id FROM payouts p JOIN payout_entries e ON e.business_id = p.business_id "
        "AND e.payout_id = p.id AND e.type <> 'payout' GROUP BY p.remote_id, p.amount_minor "
        "HAVING sum(e.net_minor) <> p.amount_minor"
    )
    assert await rows(engine, shop, uneven) == []
    assert (await rows(engine, shop, "SELECT count(*) FROM payouts"))[0][0] >= 12


async def _hears(engine: Engine, shop: UUID, connection: UUID) -> None:
    """The address is registered by ourselves; what Stripe signs is admitted, what a stranger sends is not."""
    await subscribing.ensure(engine, shop, connection)
    known = await connecting.the(engine, shop, connection)
    (secret,) = credentials.webhook_secrets(engine, known)
    body = payloads.event("charge.refunded", "charge", "ch_0149")
    good, guessed = payloads.delivery(body, secret=secret), payloads.delivery(body, secret="whsec_guessed")
    door = Door(engine)
    assert (await door.admit("stripe", connection, dict(good.headers), good.body)).dedupe_key == "evt_1"
    with pytest.raises(Refused):
        await door.admit("stripe", connection, dict(guessed.headers), guessed.body)


async def _follows(engine: Engine, shop: UUID, connection: UUID, control: httpx2.Client) -> None:
    control.post("/_sim/refunds", json={"charge": "ch_0100", "amount": 700})
    control.post("/_sim/disputes", json={"decide": "dp_0142", "status": "won"})
    assert await sync(engine, shop, connection, full=False) == "done"
    refunded = "SELECT refunded_minor FROM payments WHERE reference LIKE '%visit-0100%'"
    assert await rows(engine, shop, refunded) == [(1700,)]
    assert await rows(engine, shop, "SELECT count(*) FROM disputes WHERE status = 'won'") == [(1,)]
