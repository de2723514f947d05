"""Prints a one-time token that makes the first owner, or nothing where there is one: for the demo's own start."""

from __future__ import annotations

import asyncio

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.main import database, settings, wiring


async def _token() -> str | None:
    found = await asyncio.to_thread(database.prepare, settings.load())
    async with wiring.database(found.url) as db:
        return await accounts.owner_link(db)


if __name__ == "__main__":
    print(asyncio.run(_token()) or "")
