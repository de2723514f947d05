"""A shop connected to a simulated Square, for tests of the whole line from wire to credit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
from tests.house import a_business, engine_over
from tests.simulators import serving

from bookingbridge.infra.clock import Clock
from bookingbridge.main import worker
from bookingbridge.main.demo import worlds
from bookingbridge.main.demo.world import World, make
from bookingbridge.main.simulators import create_app
from bookingbridge.sync import connecting, overview, running
from bookingbridge.sync.engine import Engine

KEY = "signature key of a test"


@contextmanager
def simulators() -> Iterator[str]:
    """All simulated vendors, empty; their common address."""
    # Only paths are used of the address the simulators are told, so it need not be the real one.
    with serving(create_app("http://simulators.test")) as base:
        yield base


def small_world(*, days: int = 20) -> World:
    """A few weeks of an invented shop."""
    return make(datetime.now(UTC), days=days, seed=3)


def sim(base: str, method: str, path: str, body: Any = None) -> Any:
    """A simulator's answer at its own controls or as any client."""
    answer = httpx2.request(method, f"{base}{path}", json=body, timeout=60, trust_env=False)
    assert answer.status_code < 400, answer.text
    return answer.json() if answer.content else None


@dataclass(frozen=True, slots=True)
class Shop:
    """A business with a connection to the simulated Square."""

    engine: Engine
    base: str
    business: UUID
    connection: UUID

    @property
    def square(self) -> str:
        return f"{self.base}/square"

    async def sync(self, *, full: bool) -> overview.Run:
        """A run, carried out; how it ended."""
        async with self.engine.db.business(self.business) as tx:
            run_id = await running.ask(tx, self.connection, is_full=full, asked_by="test")
        await running.carry_out(self.engine, self.business, run_id)
        async with self.engine.db.business(self.business) as tx:
            return await overview.run_of(tx, run_id)

    async def state(self) -> str:
        """How the connection stands."""
        return (await overview.connection_of(self.engine, self.business, self.connection)).state

    async def drain(self) -> None:
        """Every job that is due has run."""
        await worker.drain(self.engine)


@asynccontextmanager
async def shop(
    database_url: str, base: str, world: World | None = None, *, clock: Clock | None = None, is_personal: bool = True
) -> AsyncIterator[Shop]:
    """A shop connected with a pasted token, its simulated Square filled with `world`; nothing imported yet.

    A token that is not the application's own (`is_personal`) can be taken back by the merchant.
    """
    sim(base, "DELETE", "/square/_sim")
    sim(base, "POST", "/square/_sim/world", worlds.square(world or small_world()))
    token = sim(base, "POST", "/square/_sim/tokens", {"merchant_id": worlds.MERCHANT, "is_personal": is_personal})
    async with engine_over(database_url, simulators=base, clock=clock) as engine:
        business = await a_business(engine)
        name = engine.vendor("square").manifest.token_fields[0].name
        made = await connecting.connect_with_token(
            engine, business.id, vendor="square", environment="simulator", fields={name: token["access_token"]}
        )
        tested = await connecting.test(engine, business.id, made)
        assert tested.account is not None, tested.why
        await connecting.set_webhook_secret(engine, business.id, made, KEY)
        yield Shop(engine, base, business.id, made)
