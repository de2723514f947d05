"""The house for tests: an engine over a real database, simulated vendors over real HTTP, and a worker that drains."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.infra.clock import Clock
from bookingbridge.main import wiring
from bookingbridge.main.settings import Settings
from bookingbridge.sync.engine import Engine

T = TypeVar("T")

KEY = "a key of the tests that is long enough"


def run(act: Coroutine[Any, Any, T]) -> T:
    """The result of the coroutine."""
    return asyncio.run(act)


@asynccontextmanager
async def engine_over(
    database_url: str, *, simulators: str | None = None, clock: Clock | None = None
) -> AsyncIterator[Engine]:
    """An engine over the database; vendors are reached at `simulators` where that is given."""
    settings = Settings.model_validate(
        {"database_url": database_url, "secret_key": KEY, "hash_salt": "salt", "simulators_url": simulators}
    )
    async with wiring.database(database_url, clock) as db:
        yield wiring.engine(settings, db)


async def a_business(engine: Engine, name: str = "Corner Barbers") -> accounts.Business:
    """A business in Los Angeles that takes US dollars."""
    return await accounts.found_business(
        engine.db, accounts.NewBusiness(name, "America/Los_Angeles", "USD", "US", ("Main",))
    )
