"""Who sends touches: a site by its public key, or a program by its API token; and how much each may send."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bookingbridge.api.asgi import Scope
from bookingbridge.canonical.errors import NotFound, Refused, Throttled
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Presented, Who
from bookingbridge.domains.journeys.api import Intake, Sender, SiteDoor
from bookingbridge.infra.db import Database
from bookingbridge.infra.limits import Pace
from bookingbridge.infra.remembered import Remembered

PER_ADDRESS = Pace(600, timedelta(minutes=1))
PER_SENDER = Pace(60_000, timedelta(minutes=1))
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_TOKEN = 200


@dataclass(frozen=True, slots=True)
class Paces:
    """How many events may come, for one process: of one address whatever it sends, of one site or business."""

    address: Pace = PER_ADDRESS
    sender: Pace = PER_SENDER


class Senders:
    """Knows senders and counts what they send. Raises Throttled, NotFound, Refused, Unreachable with what to do."""

    def __init__(self, intake: Intake, db: Database, paces: Paces) -> None:
        self._sites = intake.addresses.sites
        self._of_address = Room(paces.address)
        self._of_sender = Room(paces.sender)
        # A revoked token may be taken for this long.
        fresh, absent = timedelta(seconds=10), timedelta(seconds=3)
        self._tokens: Remembered[Who] = Remembered(
            lambda token: _owner(db, token), db.clock.now, fresh=fresh, absent=absent
        )

    async def site(self, scope: Scope, key: str, now: datetime, count: int) -> SiteDoor:
        """The site of that key, which `count` events are for."""
        # Read once for both buckets: this is asked for every event.
        at, client = now.timestamp(), scope.get("client")
        if wait := self._of_address.take(client[0] if client else "", at, count or 1):
            raise _too_many(now, wait)
        if not key:
            raise Refused("send a site's key as `site`, or an API token", code="unauthenticated")
        door = self._sites.at_hand(key, now) or await self._find(key)
        if door is None:
            raise NotFound("there is no such site; its key is shown under Settings", code="no_such_site")
        if wait := self._of_sender.take(key, at, count or 1):
            raise _too_many(now, wait)
        return door

    async def program(self, scope: Scope, token: str, now: datetime) -> Sender:
        """The business whose API token this is. Its role must allow bringing things in."""
        # Guessing costs more than one try in a while, signing in does not.
        who = await self._tokens.get(token) if 0 < len(token) <= _LONGEST_TOKEN else None
        if who is None:
            self.must_have_room(scope, now, 10)
            raise Refused("this token is not valid", code="unauthenticated")
        who.must(Permission.IMPORT_FILES)
        return Sender(who.business_id, who.business.region, needs_consent=False, is_trusted=True)

    async def for_site(self, sender: Sender, key: str) -> Sender:
        """The program as a sender for one of its business's sites, whose hosts are then known."""
        door = await self._find(key)
        if door is None or door.business_id != sender.business_id:
            raise NotFound("there is no such site of this business", code="no_such_site")
        own_hosts = door.sender.own_hosts
        return Sender(sender.business_id, sender.region, own_hosts, needs_consent=False, is_trusted=True)

    def program_must_have_room(self, sender: Sender, now: datetime, count: int) -> None:
        """Returns when the business's programs may send so many events."""
        _take(self._of_sender, f"business:{sender.business_id}", now, count)

    def must_have_room(self, scope: Scope, now: datetime, count: int = 1) -> None:
        """Returns when the request's address may send so many events. It is kept nowhere but in this bucket."""
        client = scope.get("client")
        _take(self._of_address, client[0] if client else "", now, count)

    async def _find(self, key: str) -> SiteDoor | None:
        return await self._sites.get(key) if _KEY.fullmatch(key) else None


def _take(room: Room, key: str, now: datetime, count: int) -> None:
    if wait := room.take(key, now.timestamp(), count or 1):
        raise _too_many(now, wait)


def _too_many(now: datetime, wait: float) -> Throttled:
    return Throttled("too many events; send them later", until=now + timedelta(seconds=wait), code="too_many")


class Room:
    """Token buckets of one pace, as in infra.limits, with one number each: they are asked twice for every event.

    A bucket is known by when it will be full again: what it lacks is what flows in until then. At most `most` are
    remembered; the one untouched longest is forgotten, thus full.
    """

    def __init__(self, pace: Pace, most: int = 20_000) -> None:
        self._burst = pace.burst
        self._span = pace.per.total_seconds()
        self._each = self._span / pace.burst
        self._full_at: dict[str, float] = {}
        self._most = most

    def take(self, key: str, now: float, count: int) -> float:
        """Takes `count` (a whole bucket at most) at `now`, in seconds; how long to wait where that is not there."""
        buckets = self._full_at
        before = buckets.pop(key, now)
        full_at = (before if before > now else now) + (count if count < self._burst else self._burst) * self._each
        wait = full_at - now - self._span
        if wait > _A_MICROSECOND:
            buckets[key] = before
            return wait
        buckets[key] = full_at
        if len(buckets) > self._most:
            del buckets[next(iter(buckets))]
        return 0.0


_A_MICROSECOND = 1e-6


async def _owner(db: Database, token: str) -> Who | None:
    caller = await accounts.identify(db, Presented("POST", bearer=token))
    return caller if isinstance(caller, Who) else None


def host_of(origin: str) -> str:
    """The host of an Origin header, in lower case; "" where it names none."""
    try:
        return (urlsplit(origin).hostname or "").lower()
    except ValueError:
        return ""
