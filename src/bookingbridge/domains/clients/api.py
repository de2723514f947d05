"""The door to clients."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from bookingbridge.canonical.errors import NotFound
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.clients import rules, store
from bookingbridge.domains.clients.grouping import groups
from bookingbridge.domains.clients.rules import email_key, phone_key
from bookingbridge.domains.clients.store import Client
from bookingbridge.infra.db import Tx

__all__ = [
    "Client", "by_keys", "client", "clients", "count", "email_key", "keys_of", "listed", "phone_key", "same_people",
    "search",
]  # fmt: skip


async def client(tx: Tx, client_id: UUID) -> Client:
    """The client, or NotFound."""
    found = await store.by_ids(tx, [client_id])
    if not found:
        raise NotFound("there is no such client")
    return found[0]


async def clients(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Client]:
    """Those clients that there are, by id."""
    return {c.id: c for c in await store.by_ids(tx, list(ids))}


async def by_keys(tx: Tx, emails: Iterable[str], phones: Iterable[str]) -> list[Client]:
    """Clients with any of these normal-form e-mails or E.164 phones."""
    return await store.by_keys(tx, list(emails), list(phones))


async def same_people(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """For each client, one id that stands for the person: clients with the same e-mail or phone share it.

    The same person is a client once per source; what joins them is an equal key, never a name.
    """
    wanted = list(ids)
    asked = await store.by_ids(tx, wanted)
    found = await store.by_keys(
        tx, [c.email_key for c in asked if c.email_key], [c.phone_key for c in asked if c.phone_key]
    )
    joined = groups([(c.id, c.email_key, c.phone_key) for c in {c.id: c for c in asked + found}.values()])
    return {i: joined.get(i, i) for i in wanted}


async def listed(tx: Tx, *, after: tuple[str, UUID] | None = None, limit: int = 50) -> list[Client]:
    """Clients by name."""
    return await store.page(tx, after=after, limit=limit)


async def search(tx: Tx, text: str, *, limit: int = 50) -> list[Client]:
    """Clients by a part of the name, or by e-mail or phone in any spelling."""
    region = (await accounts.business(tx)).region
    return await store.search(
        tx, text.strip(), email_key=rules.email_key(text), phone_key=rules.phone_key(text, region), limit=limit
    )


async def count(tx: Tx) -> int:
    """How many clients there are."""
    return await store.count(tx)


async def keys_of(tx: Tx, email: str | None, phone: str | None) -> tuple[str | None, str | None]:
    """The normal forms of an e-mail and of a phone number, in the business's own region."""
    region = (await accounts.business(tx)).region
    return rules.email_key(email or ""), rules.phone_key(phone or "", region)
