"""What a command needs of the house: settings, database, engine, and the business that is meant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.infra import log
from bookingbridge.infra.db import Database
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
    async with wiring.database(found.url) as db:
        yield wiring.engine(chosen, db)


async def the_business(db: Database, named: str | None) -> accounts.Business:
    """The business of that name or id; the only one where none is named. NotFound, or Refused where it is not clear."""
    every = await accounts.every_business(db)
    if named is None:
        if len(every) == 1:
            return every[0]
        if not every:
            raise NotFound("there is no business yet: sign up with `bookingbridge serve`, or import a file")
        names = ", ".join(b.name for b in every)
        raise Refused(f"say which business with --business; there are {names}")
    found = [b for b in every if named.casefold() in (b.name.casefold(), str(b.id))]
    if len(found) != 1:
        raise NotFound(f"there is no business called {named!r}" if not found else f"several are called {named!r}")
    return found[0]


def as_uuid(text: str, what: str) -> UUID:
    """The id, or Refused."""
    try:
        return UUID(text)
    except ValueError as wrong:
        raise Refused(f"{text!r} is not a {what} id") from wrong
