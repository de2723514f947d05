"""The door to journeys: touches and who made them, and what a business puts out to be found by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from bookingbridge.canonical.errors import NotFound
from bookingbridge.domains.journeys.addresses import LinkDoor, SiteDoor
from bookingbridge.domains.journeys.asked import Heard, heard_from
from bookingbridge.domains.journeys.channels import MARKETING_KINDS, TITLES, Channel, is_direct, is_paid, title
from bookingbridge.domains.journeys.collecting import Event, Sender
from bookingbridge.domains.journeys.intake import NEEDS_CODE, Intake
from bookingbridge.domains.journeys.offline import OfflineTouch, record_asked, record_offline
from bookingbridge.domains.journeys.publishing import (
    CONSENTS,
    KINDS,
    NewLink,
    close_site,
    create_link,
    create_site,
    list_links,
    list_sites,
    retire_link,
    update_site,
)
from bookingbridge.domains.journeys.redirecting import onward
from bookingbridge.domains.journeys.rules import TOKEN_BYTES, find_token, is_bot, is_token, new_token
from bookingbridge.domains.journeys.store import links, touches
from bookingbridge.domains.journeys.store.links import ShortLink, Use
from bookingbridge.domains.journeys.store.sites import Site
from bookingbridge.domains.journeys.store.touches import ChannelCount, ContactGiven, Maker, Touch
from bookingbridge.domains.journeys.telling import tell
from bookingbridge.infra.db import Tx

__all__ = [
    "CONSENTS", "KINDS", "MARKETING_KINDS", "NEEDS_CODE", "TITLES", "TOKEN_BYTES", "Channel", "ChannelCount",
    "ContactGiven", "Event", "Heard", "Intake", "LinkDoor", "Maker", "NewLink", "OfflineTouch", "Sender", "ShortLink",
    "Site", "SiteDoor", "Touch", "Use", "clients_of", "close_site", "contacts_given", "contacts_in", "counts",
    "create_link", "create_site", "find_token", "heard_from", "is_bot", "is_direct", "is_paid", "is_token", "latest",
    "link", "link_uses", "list_links", "list_sites", "makers_of", "new_token", "newest", "onward", "record_asked",
    "record_offline", "retire_link", "tell", "title", "touches_by_id", "touches_of", "update_site", "visitors_of",
]  # fmt: skip


async def touches_by_id(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Touch]:
    """Those touches that there are, by id."""
    return {t.id: t for t in await touches.by_ids(tx, list(ids))}


async def makers_of(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Maker]:
    """Kind, visitor and client of those touches that there are, by id: a fraction of reading them whole."""
    return {m.id: m for m in await touches.makers_of(tx, list(ids))}


async def touches_of(
    tx: Tx, *, visitors: Iterable[str], client_ids: Iterable[UUID], since: datetime, until: datetime
) -> list[Touch]:
    """The marketing touches of these visitors, and those that name these clients, from `since` to `until`, by time.

    Both ends are included, each touch comes once. What only says who somebody is, opened mails, kinds of senders' own
    and answers that name no channel are left out.
    """
    return await touches.touches_of(tx, list(visitors), list(client_ids), since, until)


async def visitors_of(tx: Tx, touch_ids: Iterable[UUID]) -> list[str]:
    """Who made these touches, each visitor once."""
    return await touches.visitors_of(tx, list(touch_ids))


async def clients_of(tx: Tx, touch_ids: Iterable[UUID]) -> list[UUID]:
    """The clients that these touches name outright, each once."""
    return await touches.clients_of(tx, list(touch_ids))


async def contacts_in(tx: Tx, touch_ids: Iterable[UUID]) -> list[ContactGiven]:
    """The e-mails and phones that visitors gave in these touches."""
    return await touches.contacts_in(tx, list(touch_ids))


async def contacts_given(tx: Tx, *, emails: Iterable[str], phones: Iterable[str]) -> list[ContactGiven]:
    """Who ever gave one of these e-mails or phones (normal forms)."""
    return await touches.contacts_given(tx, list(emails), list(phones))


async def latest(tx: Tx, *, limit: int = 50, before: tuple[datetime, UUID] | None = None) -> list[Touch]:
    """The touches that arrived last, newest first; `before` is (received_at, id) of the last one shown."""
    return await touches.latest(tx, limit, before)


async def newest(tx: Tx) -> datetime | None:
    """When the last touch arrived; None where there is none."""
    return await touches.newest(tx)


async def counts(tx: Tx, start: datetime, end: datetime) -> list[ChannelCount]:
    """How many touches arrived in [start, end) per channel, and from how many visitors, the busiest first."""
    return await touches.counts(tx, start, end)


async def link(tx: Tx, link_id: UUID) -> ShortLink:
    """The link, QR code, number, coupon or pixel, or NotFound."""
    found = await links.by_id(tx, link_id)
    if found is None:
        raise NotFound("there is no such link")
    return found


async def link_uses(tx: Tx, since: datetime) -> dict[UUID, Use]:
    """How often each link was used since then, by its id; those that were."""
    return {use.link_id: use for use in await links.uses(tx, since)}
