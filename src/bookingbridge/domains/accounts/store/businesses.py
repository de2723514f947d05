"""Accounts, businesses, who belongs to them, and their locations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from bookingbridge.canonical.ids import AccountId, BusinessId, LocationId, UserId
from bookingbridge.domains.accounts.records import Business, Location, Member, Membership, Settings
from bookingbridge.domains.accounts.rules import Role
from bookingbridge.infra.db import Tx

_BUSINESS = "id, account_id, name, time_zone, currency, region, is_demo, settings, created_at"


def business_from(row: Sequence[Any]) -> Business:
    """A business from the nine columns, in their order."""
    return Business(
        BusinessId(row[0]), AccountId(row[1]), row[2], row[3], row[4], row[5], row[6], Settings.from_row(row[7]), row[8]
    )


async def enter(tx: Tx, business_id: UUID) -> None:
    """A transaction of the realm "accounts" also sees and writes this business's own rows, until it ends.

    What somebody does to a business and its entry in the audit are thus one.
    """
    await tx.run("SELECT set_config('app.business_id', %s, true)", (str(business_id),))


async def add_account(tx: Tx, account_id: UUID, name: str, founded_by: UUID | None) -> None:
    await tx.run(
        "INSERT INTO accounts (id, name, founded_by, created_at) VALUES (%s, %s, %s, %s)",
        (account_id, name, founded_by, tx.now),
    )


async def account_of(tx: Tx, user_id: UUID) -> AccountId | None:
    """The account the user may add businesses to: the one of a business they own, else the one they founded."""
    row = await tx.one(
        """
        SELECT account_id FROM (
            SELECT b.account_id, 1 AS rank, m.created_at FROM memberships m JOIN businesses b ON b.id = m.business_id
            WHERE m.user_id = %(user)s AND m.role = 'owner'
            UNION ALL
            SELECT a.id, 2, a.created_at FROM accounts a WHERE a.founded_by = %(user)s
        ) found ORDER BY rank, created_at, account_id LIMIT 1
        """,
        {"user": user_id},
    )
    return AccountId(row[0]) if row else None


async def add_business(tx: Tx, business: Business) -> None:
    await tx.run(
        f"INSERT INTO businesses ({_BUSINESS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            business.id,
            business.account_id,
            business.name,
            business.time_zone,
            business.currency,
            business.region,
            business.is_demo,
            Jsonb(business.settings.to_row()),
            business.created_at,
        ),
    )


async def business(tx: Tx, business_id: UUID, *, for_update: bool = False) -> Business | None:
    row = await tx.one(
        f"SELECT {_BUSINESS} FROM businesses WHERE id = %s" + (" FOR UPDATE" if for_update else ""), (business_id,)
    )
    return business_from(row) if row else None


async def update_business(tx: Tx, business: Business) -> None:
    await tx.run(
        "UPDATE businesses SET name = %s, time_zone = %s, currency = %s, region = %s, settings = %s WHERE id = %s",
        (
            business.name,
            business.time_zone,
            business.currency,
            business.region,
            Jsonb(business.settings.to_row()),
            business.id,
        ),
    )


async def memberships_of(tx: Tx, user_id: UUID) -> list[Membership]:
    """The businesses the user belongs to, by name. Of the realm "accounts"."""
    rows = await tx.all(
        f"""
        SELECT m.role, (SELECT count(*) FROM locations l WHERE l.business_id = b.id AND l.is_active),
               {", ".join("b." + column for column in _BUSINESS.split(", "))}
        FROM memberships m JOIN businesses b ON b.id = m.business_id WHERE m.user_id = %s ORDER BY b.name, b.id
        """,
        (user_id,),
    )
    return [Membership(business_from(row[2:]), Role(row[0]), row[1]) for row in rows]


async def last_seen_business(tx: Tx, user_id: UUID) -> BusinessId | None:
    """The business the user was at last, of those they belong to; else the first they joined."""
    row = await tx.one(
        """
        SELECT m.business_id FROM memberships m
        LEFT JOIN sessions s ON s.user_id = m.user_id AND s.business_id = m.business_id
        WHERE m.user_id = %s GROUP BY m.business_id, m.created_at
        ORDER BY max(s.last_seen_at) DESC NULLS LAST, m.created_at, m.business_id LIMIT 1
        """,
        (user_id,),
    )
    return BusinessId(row[0]) if row else None


async def role_in(tx: Tx, business_id: UUID, user_id: UUID, *, for_update: bool = False) -> Role | None:
    row = await tx.one(
        "SELECT role FROM memberships WHERE business_id = %s AND user_id = %s" + (" FOR UPDATE" if for_update else ""),
        (business_id, user_id),
    )
    return Role(row[0]) if row else None


async def add_member(tx: Tx, business_id: UUID, user_id: UUID, role: Role) -> bool:
    """The user belongs to the business; False where they did already."""
    return bool(
        await tx.run(
            "INSERT INTO memberships (business_id, user_id, role, created_at) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            (business_id, user_id, role, tx.now),
        )
    )


async def set_role(tx: Tx, business_id: UUID, user_id: UUID, role: Role) -> None:
    await tx.run(
        "UPDATE memberships SET role = %s WHERE business_id = %s AND user_id = %s", (role, business_id, user_id)
    )


async def remove_member(tx: Tx, business_id: UUID, user_id: UUID) -> None:
    await tx.run("DELETE FROM memberships WHERE business_id = %s AND user_id = %s", (business_id, user_id))


async def owners_locked(tx: Tx, business_id: UUID) -> list[UserId]:
    """The business's owners. Two who would each remove the other come one after the other."""
    rows = await tx.all(
        "SELECT user_id FROM memberships WHERE business_id = %s AND role = 'owner' ORDER BY user_id FOR UPDATE",
        (business_id,),
    )
    return [UserId(row[0]) for row in rows]


async def members(tx: Tx, business_id: UUID) -> list[Member]:
    """Everybody who belongs to the business, by name. Of the realm "accounts"."""
    rows = await tx.all(
        """
        SELECT u.id, u.email, u.name, m.role, m.created_at,
               (SELECT max(s.last_seen_at) FROM sessions s WHERE s.user_id = u.id)
        FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.business_id = %s ORDER BY u.name, u.id
        """,
        (business_id,),
    )
    return [Member(UserId(row[0]), row[1], row[2], Role(row[3]), row[4], row[5]) for row in rows]


_LOCATION = "id, name, time_zone, address, is_active"


async def locations(tx: Tx) -> list[Location]:
    """The business's places, by name."""
    rows = await tx.all(
        f"SELECT {_LOCATION} FROM locations WHERE business_id = %s ORDER BY name, id", (tx.business_id,)
    )
    return [Location(LocationId(row[0]), *row[1:]) for row in rows]


async def location(tx: Tx, location_id: UUID, *, for_update: bool = False) -> Location | None:
    row = await tx.one(
        f"SELECT {_LOCATION} FROM locations WHERE business_id = %s AND id = %s" + (" FOR UPDATE" if for_update else ""),
        (tx.business_id, location_id),
    )
    return Location(LocationId(row[0]), *row[1:]) if row else None


_PUT_LOCATIONS = """
INSERT INTO locations (business_id, id, name, time_zone, address, is_active, recorded_at)
SELECT %s, given.*, %s FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::boolean[]) given
ON CONFLICT (business_id, id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone,
    address = excluded.address, is_active = excluded.is_active, recorded_at = excluded.recorded_at
"""


async def put_locations(tx: Tx, business_id: UUID, places: Sequence[Location]) -> None:
    """The places are there, as given. Each id at most once."""
    columns = [
        [getattr(place, column) for place in places] for column in ("id", "name", "time_zone", "address", "is_active")
    ]
    await tx.run(_PUT_LOCATIONS, (business_id, tx.now, *columns))


async def every(tx: Tx) -> list[Business]:
    """All businesses by name. Of the realm "accounts"."""
    return [business_from(row) for row in await tx.all(f"SELECT {_BUSINESS} FROM businesses ORDER BY name, id")]


async def orphans(tx: Tx) -> list[Business]:
    """Businesses of accounts that nobody founded. Of the realm "accounts"."""
    columns = ", ".join("b." + column for column in _BUSINESS.split(", "))
    rows = await tx.all(
        f"SELECT {columns} FROM businesses b JOIN accounts a ON a.id = b.account_id WHERE a.founded_by IS NULL "
        "ORDER BY b.name, b.id"
    )
    return [business_from(row) for row in rows]


async def claim_accounts(tx: Tx, user_id: UUID) -> None:
    """Accounts that nobody founded are the user's."""
    await tx.run("UPDATE accounts SET founded_by = %s WHERE founded_by IS NULL", (user_id,))
