"""Visitors are told to be clients: by a booking token, an e-mail or a phone number, each link with its evidence.

Never by name, and never for good: a person can undo each link, and an undone link is not made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from bookingbridge.domains.attribution import store
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.clients import api as clients
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.infra.db import Tx


async def from_bookings(tx: Tx, booking_ids: Sequence[UUID]) -> list[UUID]:
    """Bookings that carry a visitor's token tell who the visitor is; the clients that gained a link."""
    found = (await bookings.bookings(tx, booking_ids)).values()
    return await store.link(
        tx,
        [
            (b.token, b.client_id, "booking_token", {"booking": str(b.id), "token": b.token})
            for b in found
            if b.token and b.client_id and journeys.is_token(b.token)
        ],
    )


async def from_clients(tx: Tx, client_ids: Sequence[UUID]) -> list[UUID]:
    """Visitors who once gave a client's e-mail or phone are that client; the clients that gained a link."""
    found = (await clients.clients(tx, client_ids)).values()
    emails = {c.email_key: c for c in found if c.email_key and not c.is_deleted}
    phones = {c.phone_key: c for c in found if c.phone_key and not c.is_deleted}
    given = await journeys.contacts_given(tx, emails=list(emails), phones=list(phones))
    return await _by_contact(tx, given, list(found))


async def from_touches(tx: Tx, touch_ids: Sequence[UUID]) -> list[UUID]:
    """Touches with an e-mail, phone or token tell who their visitor is; the clients that gained a link."""
    given = await journeys.contacts_in(tx, touch_ids)
    found = await clients.by_keys(
        tx, {g.email_key for g in given if g.email_key}, {g.phone_key for g in given if g.phone_key}
    )
    gained = await _by_contact(tx, given, found)
    visitors = await journeys.visitors_of(tx, touch_ids)
    carrying = await bookings.carrying(tx, visitors)
    return gained + await from_bookings(tx, [b.id for b in carrying])


async def _by_contact(tx: Tx, given: Sequence[journeys.ContactGiven], found: Sequence[clients.Client]) -> list[UUID]:
    by_email: dict[str, list[UUID]] = {}
    by_phone: dict[str, list[UUID]] = {}
    for c in found:
        if c.email_key:
            by_email.setdefault(c.email_key, []).append(c.id)
        if c.phone_key:
            by_phone.setdefault(c.phone_key, []).append(c.id)
    links = [
        (g.visitor, client_id, rule, {"touch": str(g.touch_id), "given_at": g.at.isoformat(), rule: key})
        for g in given
        for rule, key, index in (("email", g.email_key, by_email), ("phone", g.phone_key, by_phone))
        if key
        for client_id in index.get(key, ())
    ]
    return await store.link(tx, links)


def explain(rule: str, evidence: Mapping[str, object]) -> str:
    """How we know that a visitor is a client, in one sentence."""
    match rule:
        case "booking_token":
            return "The booking carries the token that this browser was given on your site."
        case "email":
            return f"This visitor gave the client's e-mail address, {evidence.get('email')}."
        case "phone":
            return f"This visitor gave the client's phone number, {evidence.get('phone')}."
        case _:
            return "The client said so when asked."
