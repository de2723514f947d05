"""Businesses that are there before anybody signs in: made by a command, taken over by the first owner."""

from __future__ import annotations

from bookingbridge.canonical.ids import AccountId, BusinessId
from bookingbridge.domains.accounts.records import Business, NewBusiness
from bookingbridge.domains.accounts.running_businesses import made_of
from bookingbridge.domains.accounts.store import businesses, tokens
from bookingbridge.infra.db import Database
from bookingbridge.infra.ids import new_id


async def found_business(db: Database, new: NewBusiness) -> Business:
    """The business is there, of an account that nobody owns yet. Refused or Unreadable for what was typed."""
    async with db.realm("accounts") as tx:
        account_id = AccountId(new_id(tx.now))
        await businesses.add_account(tx, account_id, new.name, None)
        made, places = made_of(tx, BusinessId(new_id(tx.now)), account_id, new)
        await businesses.add_business(tx, made)
        await businesses.enter(tx, made.id)
        if places:
            await businesses.put_locations(tx, made.id, places)
        await tokens.note(tx, made.id, None, "created business", str(made.id), {"locations": len(places)})
    return made


async def every_business(db: Database) -> list[Business]:
    """All businesses of this installation by name: for the host's own commands."""
    async with db.realm("accounts") as tx:
        return await businesses.every(tx)
