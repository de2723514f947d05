"""Token buckets: a burst is allowed, then a steady pace. One rule, kept in memory or shared through the database.

In memory a bucket counts for one process, which is right where a limit only keeps one client from crowding out the
others. Where guessing must be stopped (signing in), the bucket is a row that all processes share.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from bookingbridge.canonical.errors import Throttled
from bookingbridge.infra.db import Database, Tx


@dataclass(frozen=True, slots=True)
class Pace:
    """`burst` requests at once, and `burst` more in every `per`."""

    burst: int
    per: timedelta

    def __post_init__(self) -> None:
        if self.burst < 1 or self.per <= timedelta(0):
            raise ValueError("a pace allows at least one request in some time")

    @property
    def per_second(self) -> float:
        return self.burst / self.per.total_seconds()


@dataclass(frozen=True, slots=True)
class Level:
    """What a bucket holds at a time. A bucket nobody has touched is full."""

    tokens: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, how many whole tokens are left, and how long until one is there again."""

    is_allowed: bool
    left: int
    wait: timedelta
    until_full: timedelta

    def raise_if_refused(self, why: str, now: datetime) -> None:
        """Returns when the request may pass. Raises Throttled with the time from which it may."""
        if not self.is_allowed:
            raise Throttled(why, until=now + self.wait)


def refilled(level: Level | None, pace: Pace, now: datetime) -> float:
    """The tokens a bucket holds now. A clock that went back adds none and takes none."""
    if level is None:
        return float(pace.burst)
    elapsed = max(0.0, (now - level.at).total_seconds())
    return min(float(pace.burst), level.tokens + elapsed * pace.per_second)


def take(level: Level | None, pace: Pace, now: datetime, cost: float = 1.0) -> tuple[Level, Verdict]:
    """The bucket after a request of `cost` tokens, and whether the request may pass. A refusal changes nothing."""
    held = refilled(level, pace, now)
    if held < cost:
        return level or Level(held, now), _verdict(False, held, pace, cost)
    latest = now if level is None else max(now, level.at)
    return Level(held - cost, latest), _verdict(True, held - cost, pace, cost)


def _verdict(is_allowed: bool, rest: float, pace: Pace, cost: float) -> Verdict:
    missing = max(0.0, cost - rest)
    return Verdict(
        is_allowed,
        int(rest),
        timedelta(seconds=missing / pace.per_second),
        timedelta(seconds=(pace.burst - rest) / pace.per_second),
    )


class Buckets:
    """Buckets of one process. At most `most` are remembered; the one untouched longest is forgotten, thus full."""

    def __init__(self, most: int = 20_000) -> None:
        self._levels: OrderedDict[str, Level] = OrderedDict()
        self._most = most

    def take(self, key: str, pace: Pace, now: datetime, cost: float = 1.0) -> Verdict:
        """Takes tokens from the bucket of `key`, or says how long to wait."""
        level, verdict = take(self._levels.get(key), pace, now, cost)
        self._levels[key] = level
        self._levels.move_to_end(key)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)
        return verdict

    def __len__(self) -> int:
        return len(self._levels)


_REFILLED = "least(%(burst)s, b.tokens + greatest(0, extract(epoch FROM %(now)s - b.at)) * %(rate)s)"

# One statement, so that two processes cannot both take the last token. A refused request updates no row.
_TAKE = f"""
INSERT INTO rate_buckets AS b (key, tokens, at)
VALUES (%(key)s, %(burst)s::float8 - %(cost)s::float8, %(now)s)
ON CONFLICT (key) DO UPDATE SET tokens = {_REFILLED} - %(cost)s, at = greatest(b.at, %(now)s)
    WHERE {_REFILLED} >= %(cost)s
RETURNING tokens
"""
_HELD = f"SELECT {_REFILLED} FROM rate_buckets b WHERE key = %(key)s"
_GIVE_BACK = "UPDATE rate_buckets b SET tokens = least(%(burst)s, b.tokens + %(cost)s) WHERE key = %(key)s"


def _named(key: str, pace: Pace, now: datetime, cost: float) -> dict[str, object]:
    return {"key": key, "burst": float(pace.burst), "rate": pace.per_second, "cost": float(cost), "now": now}


async def take_shared(db: Database, key: str, pace: Pace, cost: float = 1.0) -> Verdict:
    """Takes tokens from the bucket all processes share, in a transaction of its own.

    What is taken stays taken whatever happens afterwards. `cost` is at most the pace's burst.
    """
    async with db.realm("gate") as tx:
        named = _named(_hidden(db, key), pace, tx.now, cost)
        if row := await tx.one(_TAKE, named):
            return _verdict(True, float(row[0]), pace, cost)
        held = await tx.one(_HELD, named)
    return _verdict(False, float(held[0]) if held else 0.0, pace, cost)


def _hidden(db: Database, key: str) -> str:
    """The bucket's name at rest: keys name e-mails and addresses, which nobody needs to read there."""
    return blake2b(key.encode(), key=db.salt, digest_size=20).hexdigest()


async def give_back(db: Database, key: str, pace: Pace, cost: float = 1.0) -> None:
    """The tokens of a request that turned out to be welcome are in its bucket again."""
    async with db.realm("gate") as tx:
        await tx.run(_GIVE_BACK, _named(_hidden(db, key), pace, tx.now, cost))


async def forget_untouched(tx: Tx, older_than: timedelta) -> int:
    """Rows of buckets that have long been full again are gone; how many. `tx` is of the realm "gate"."""
    return await tx.run("DELETE FROM rate_buckets WHERE at < %s", (tx.now - older_than,))
