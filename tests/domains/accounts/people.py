"""People and businesses for the tests of accounts, made through its own door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Browser, NewBusiness, NewUser, Person, Presented, Role, SignedIn, Who
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.db import Database

T = TypeVar("T")

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
PASSWORD = "copper lantern seven"
SHOP = NewBusiness("Alder & Ash Barbers", "America/Los_Angeles", "USD", "US", ("Pine Street",))
HERE = Browser("Firefox on Linux", "203.0.113.7")


@dataclass(slots=True)
class House:
    """A database and its clock, with ways to get people into it."""

    db: Database
    clock: FixedClock

    async def person(self, email: str = "olive@example.com") -> tuple[SignedIn, Person]:
        """An owner without a business yet."""
        link = await accounts.owner_link(self.db, is_further=True)
        assert link
        entered = await accounts.create_owner(self.db, link, NewUser(email, "Olive Tran", PASSWORD))
        found = await self.caller(entered.token)
        assert isinstance(found, Person)
        return entered, found

    async def owner(self, email: str = "olive@example.com") -> tuple[SignedIn, Who]:
        """An owner at their own shop."""
        entered, person = await self.person(email)
        await accounts.create_business(self.db, person, SHOP)
        return entered, await self.who(entered.token)

    async def colleague(self, owner: Who, role: Role, email: str = "casey@example.com") -> tuple[SignedIn, Who]:
        """Somebody who followed an invitation to the owner's shop."""
        invitation = await accounts.invite(self.db, owner, role)
        entered = await accounts.join_as_new(self.db, invitation, NewUser(email, "Casey Ruiz", PASSWORD))
        return entered, await self.who(entered.token)

    async def caller(self, session: str) -> Who | Person | None:
        return await accounts.identify(self.db, Presented("GET", session))

    async def who(self, session: str) -> Who:
        found = await self.caller(session)
        assert isinstance(found, Who)
        return found

    async def acts(self, who: Who) -> list[str]:
        """What the audit of the business says was done, the oldest first."""
        async with self.db.business(who.business_id) as tx:
            return [entry.act for entry in reversed(await accounts.audit_entries(tx, limit=100))]


def in_house(database_url: str, act: Callable[[House], Awaitable[T]]) -> T:
    """What the act gives, run over a database whose clock stands still."""

    async def run() -> T:
        clock = FixedClock(NOW)
        async with Database(database_url, clock, max_size=6) as db:
            return await act(House(db, clock))

    return asyncio.run(run())
