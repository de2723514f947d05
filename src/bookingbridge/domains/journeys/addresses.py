"""What site keys and slugs lead to, remembered for a short while: the collector asks this thousands of times a second.

While the database is away, what was once known is still used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.journeys.collecting import Sender
from bookingbridge.domains.journeys.store import links, sites
from bookingbridge.domains.journeys.store.links import ShortLink
from bookingbridge.domains.journeys.store.sites import Site
from bookingbridge.infra.db import Database
from bookingbridge.infra.remembered import Remembered

FRESH = timedelta(seconds=20)
"""How long a change to a site or link may go unnoticed by a process."""
ABSENT = timedelta(seconds=3)
"""How long a key that leads nowhere is taken for such."""


@dataclass(frozen=True, slots=True)
class SiteDoor:
    """A site, and what is to be known of whoever sends with its key."""

    site: Site
    sender: Sender

    @property
    def business_id(self) -> UUID:
        return self.sender.business_id

    def lets_in(self, host: str) -> bool:
        """Whether pages at this host (lower case) may send touches of the site."""
        hosts = self.site.hosts
        return not hosts or any(host.removeprefix("www.") == own or host.endswith(f".{own}") for own in hosts)


@dataclass(frozen=True, slots=True)
class LinkDoor:
    """A short link and whose it is."""

    business_id: UUID
    link: ShortLink


class Addresses:
    """Site keys, slugs and codes of one process, looked up in `db` when they are not remembered."""

    def __init__(self, db: Database) -> None:
        self._db = db
        now = db.clock.now
        self.sites: Remembered[SiteDoor] = Remembered(self._find_site, now, fresh=FRESH, absent=ABSENT)
        self.links: Remembered[LinkDoor] = Remembered(self._find_link, now, fresh=FRESH, absent=ABSENT)
        self._codes: Remembered[ShortLink] = Remembered(self._find_code, now, fresh=FRESH, absent=ABSENT)

    async def code(self, business_id: UUID, kind: str, key: str) -> ShortLink | None:
        """The tracked phone or coupon of that code (normal form) that is in use, or was last."""
        return await self._codes.get(f"{business_id} {kind} {key}")

    async def _find_site(self, key: str) -> SiteDoor | None:
        async with self._db.realm("routing") as tx:
            found = await sites.address(tx, "site", key)
        if found is None:
            return None
        business_id, site_id = found
        async with self._db.business(business_id) as tx:
            every = await sites.every(tx)
            region = (await accounts.business(tx)).region
        site = next((s for s in every if s.id == site_id), None)
        if site is None:
            return None
        # Coming from any of the business's own sites is no origin.
        hosts = frozenset(host for s in every for host in s.hosts)
        return SiteDoor(site, Sender(business_id, region, hosts, needs_consent=site.consent == "required"))

    async def _find_link(self, slug: str) -> LinkDoor | None:
        async with self._db.realm("routing") as tx:
            found = await sites.address(tx, "link", slug)
        if found is None:
            return None
        business_id, link_id = found
        async with self._db.business(business_id) as tx:
            link = await links.by_id(tx, link_id)
        return LinkDoor(business_id, link) if link else None

    async def _find_code(self, question: str) -> ShortLink | None:
        business_id, kind, key = question.split(" ", 2)
        async with self._db.business(UUID(business_id)) as tx:
            return await links.by_code(tx, kind, key, tx.now)
