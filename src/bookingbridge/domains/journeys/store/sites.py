"""Sites: the pages that carry the business's script, and the public keys that name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bookingbridge.infra.db import Tx

_COLUMNS = "id, key, name, hosts, consent, created_at"


@dataclass(frozen=True, slots=True)
class Site:
    """A website, or another sender of touches. `hosts` may send them (empty: any); `consent` says what its law wants.

    `consent` is "required" (nothing identifies a visitor before they agreed) or "not-required".
    """

    id: UUID
    key: str
    name: str
    hosts: tuple[str, ...]
    consent: str
    created_at: datetime


def _site(row: Sequence[Any]) -> Site:
    return Site(row[0], row[1], row[2], tuple(row[3]), row[4], row[5])


async def add(tx: Tx, site: Site) -> None:
    """The site is there, and its key leads to it."""
    await tx.run(
        f"INSERT INTO sites (business_id, {_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (tx.business_id, site.id, site.key, site.name, list(site.hosts), site.consent, site.created_at),
    )
    await tx.run(
        "INSERT INTO public_addresses (kind, key, business_id, target_id, created_at) VALUES ('site', %s, %s, %s, %s)",
        (site.key, tx.business_id, site.id, site.created_at),
    )


async def change(tx: Tx, site_id: UUID, *, name: str, hosts: Sequence[str], consent: str) -> bool:
    """The site is as said; False where there is none."""
    touched = await tx.run(
        "UPDATE sites SET name = %s, hosts = %s, consent = %s WHERE business_id = %s AND id = %s",
        (name, list(hosts), consent, tx.business_id, site_id),
    )
    return touched > 0


async def close(tx: Tx, site_id: UUID) -> bool:
    """The site's key leads nowhere; its touches stay. False where it was closed already."""
    touched = await tx.run(
        "DELETE FROM public_addresses WHERE kind = 'site' AND business_id = %s AND target_id = %s",
        (tx.business_id, site_id),
    )
    return touched > 0


async def every(tx: Tx) -> list[Site]:
    """The business's sites whose key still leads to them, oldest first."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM sites s WHERE business_id = %s AND EXISTS (SELECT FROM public_addresses a "
        "WHERE a.kind = 'site' AND a.key = s.key) ORDER BY created_at, id",
        (tx.business_id,),
    )
    return [_site(row) for row in rows]


async def by_id(tx: Tx, site_id: UUID) -> Site | None:
    row = await tx.one(f"SELECT {_COLUMNS} FROM sites WHERE business_id = %s AND id = %s", (tx.business_id, site_id))
    return _site(row) if row else None


async def address(tx: Tx, kind: str, key: str) -> tuple[UUID, UUID] | None:
    """The business and the thing that a public key of a kind ("site", "link") leads to (realm "routing")."""
    row = await tx.one("SELECT business_id, target_id FROM public_addresses WHERE kind = %s AND key = %s", (kind, key))
    return (row[0], row[1]) if row else None
