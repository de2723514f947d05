"""What every route of the connections asks first: the engine, and how the connection stands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request

from bookingbridge.domains.accounts.api import Who
from bookingbridge.sync import overview as sync
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Health, Run
from bookingbridge.web.pages.connections.offering import SIMULATOR


def engine_of(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


async def starter_of(request: Request, vendor: str, environment: str) -> Mapping[str, str]:
    """What the vendor's simulator takes as pasted credentials; {} in other environments."""
    if environment != SIMULATOR:
        return {}
    return await asyncio.to_thread(engine_of(request).starter, vendor)


async def health_of(request: Request, who: Who, connection: UUID) -> Health:
    """How the business's connection stands, or NotFound."""
    engine = engine_of(request)
    async with engine.db.business(who.business_id) as tx:
        return await sync.health_of(engine, tx, connection)


async def newest_run(request: Request, who: Who, connection: UUID) -> Run | None:
    """The run that was asked for last."""
    async with engine_of(request).db.business(who.business_id) as tx:
        return next(iter(await sync.runs_of(tx, connection_id=connection, limit=1)), None)
