"""What every route of the connections asks first: the engine, and how the connection stands."""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request

from bookingbridge.domains.accounts.api import Who
from bookingbridge.sync import overview as sync
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Health, Run


def engine_of(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


async def health_of(request: Request, who: Who, connection: UUID) -> Health:
    """How the business's connection stands, or NotFound."""
    engine = engine_of(request)
    async with engine.db.business(who.business_id) as tx:
        return await sync.health_of(engine, tx, connection)


async def newest_run(request: Request, who: Who, connection: UUID) -> Run | None:
    """The run that was asked for last."""
    async with engine_of(request).db.business(who.business_id) as tx:
        return next(iter(await sync.runs_of(tx, connection_id=connection, limit=1)), None)
