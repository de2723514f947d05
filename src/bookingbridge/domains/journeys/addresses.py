"""What site keys and slugs lead to, remembered for a short while: the collector asks this thousands of times a second.

A key that leads nowhere is remembered too, apart from the others, so that made-up keys neither reach the database each
time nor push real ones out. While the database is away, what was once known is still used.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from bookingbridge.canonical.errors import Unreachable
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.journeys.store import links, sites
from bookingbridge.domains.journeys.store.links import ShortLink
from bookingbridge.domains.journeys.store.sites import Site
from bookingbridge.infra import log
from bookingbridge.infra.db import Database

_log = log.get(__name__)

FRESH = timedelta(seconds=20)
"""How long a change to a site or link may go unnoticed by a process."""
ABSENT = timedelta(seconds=3)
"""How long a key that leads nowhere is taken for such."""

_PATIENCE_S = 3.0
_PATIENCE_WITH_OLD_S = 0.1
"""Where an old answer is at hand, people behind a redirect wait no longer than this for a new one."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class SiteDoor:
    """A site and what must be known to take its touches. `region` is the business's, for phone numbers."""

    business_id: UUID
    region: str
    site: Site
    own_hosts: frozenset[str]
    """The hosts of all the business's sites: coming from them is no origin."""


@dataclass(frozen=True, slots=True)
class LinkDoor:
    """A short link and whose it is."""

    business_id: UUID
    link: ShortLink


class Addresses:
    """Site keys and slugs of one process, looked up in `db` when they are not remembered."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.sites: Remembered[SiteDoor] = Remembered(self._find_site, db.clock.now)
        self.links: Remembered[LinkDoor] = Remembered(self._find_link, db.clock.now)

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
        hosts = frozenset(host for s in every for host in s.hosts)
        return SiteDoor(business_id, region, site, hosts) if site else None

    async def _find_link(self, slug: str) -> LinkDoor | None:
        async with self._db.realm("routing") as tx:
            found = await sites.address(tx, "link", slug)
        if found is None:
            return None
        business_id, link_id = found
        async with self._db.business(business_id) as tx:
            link = await links.by_id(tx, link_id)
        return LinkDoor(business_id, link) if link else None


@dataclass(slots=True)
class _Memory(Generic[Found]):
    value: Found
    at: datetime


class Remembered(Generic[Found]):
    """Answers of `find` by key. One question per key is on its way at a time, however many ask."""

    def __init__(
        self,
        find: Callable[[str], Awaitable[Found | None]],
        now: Callable[[], datetime],
        *,
        fresh: timedelta = FRESH,
        absent: timedelta = ABSENT,
        most: int = 20_000,
    ) -> None:
        self._find = find
        self._now = now
        self._fresh = fresh
        self._absent = absent
        self._most = most
        self._known: OrderedDict[str, _Memory[Found]] = OrderedDict()
        self._absentees: OrderedDict[str, datetime] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Found | None]] = {}

    def at_hand(self, key: str, now: datetime) -> Found | None:
        """What is known of the key without waiting and is fresh enough; None says nothing."""
        memory = self._known.get(key)
        return memory.value if memory is not None and now - memory.at < self._fresh else None

    async def get(self, key: str) -> Found | None:
        """What the key leads to; None where it leads nowhere. Raises Unreachable where that cannot be found out."""
        now = self._now()
        if (found := self.at_hand(key, now)) is not None:
            return found
        absent_since = self._absentees.get(key)
        if absent_since is not None and now - absent_since < self._absent:
            return None
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(key))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        memory = self._known.get(key)
        if memory is None:
            return await asyncio.shield(task)
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE_WITH_OLD_S)
        return task.result() if done else memory.value

    def forget(self, key: str) -> None:
        """The next question about the key goes to the database."""
        self._known.pop(key, None)
        self._absentees.pop(key, None)

    async def _ask(self, key: str) -> Found | None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await self._find(key)
        except Exception as why:
            if (memory := self._known.get(key)) is not None:
                return memory.value
            _log.warning("address not found out", why=type(why).__name__)
            raise Unreachable("the database cannot be reached; try again", code="database_lost") from why
        if found is None:
            self._known.pop(key, None)
            _remember(self._absentees, key, self._now(), self._most)
        else:
            self._absentees.pop(key, None)
            _remember(self._known, key, _Memory(found, self._now()), self._most)
        return found


Value = TypeVar("Value")


def _remember(memory: OrderedDict[str, Value], key: str, value: Value, most: int) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > most:
        memory.popitem(last=False)
