"""What a command needs of the house: settings, database, engine, and the business that is meant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

from bookingbridge.canonical.errors import Refused
from bookingbridge.infra import log
from bookingbridge.main import database, settings, wiring
from bookingbridge.sync.engine import Engine

T = TypeVar("T")


def run(act: Coroutine[Any, Any, T]) -> T:
    """The result of the coroutine."""
    return asyncio.run(act)


@asynccontextmanager
async def house(*, is_quiet: bool = True) -> AsyncIterator[Engine]:
    """The engine over this installation's database, migrated."""
    chosen = settings.load()
    log.configure(as_json=chosen.log_json, level="WARNING" if is_quiet else chosen.log_level)
    found = await asyncio.to_thread(database.prepare, chosen)
    async with wiring.database(found.url, salt=chosen.salt()) as db:
        yield wiring.engine(chosen, db)


def as_uuid(text: str, what: str) -> UUID:
    """The id, or Refused."""
    try:
        return UUID(text)
    except ValueError as wrong:
        raise Refused(f"{text!r} is not a {what} id") from wrong
