"""What is remembered of a feed between two readings: its marks, what it showed, and when each thing was seen first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.calendar_feed.covering import Span
from bookingbridge.vendors.calendar_feed.happenings import key
from bookingbridge.vendors.calendar_feed.wire import From, Happening

_LETTERS: dict[From, str] = {"created": "c", "stamp": "s", "first_seen": "f"}
_FROM: dict[str, From] = {letter: name for name, letter in _LETTERS.items()}
MOST_REMEMBERED = 20_000


class Standing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a feed stands; what is stored as its cursor.

    `feed`, `way` and `day` say which address was read, in which way and on which day: marks count only where all three
    are the same. `seen` holds by `happenings.key` (start, when booked, a letter for from where), in whole
    seconds; the letter is large where it is not shown any more.
    """

    feed: str = ""
    way: str = ""
    events_are: str = ""
    day: date | None = None
    etag: str = ""
    modified: str = ""
    most: int = 0
    seen: dict[str, tuple[int, int, str]] = {}
    empty_since: datetime | None = None
    is_unread: bool = False

    def marks(self, feed: str, way: str, day: date) -> Mapping[str, str]:
        """What to ask with, so that an unchanged feed is not sent again."""
        if self.is_unread or (self.feed, self.way, self.day) != (feed, way, day):
            return {}
        return {"etag": self.etag, "modified": self.modified}

    def booked(self) -> dict[str, tuple[datetime, From]]:
        """What was said of when things were booked that do not say it themselves."""
        return {
            name: (datetime.fromtimestamp(booked, UTC), _FROM[letter.lower()])
            for name, (_, booked, letter) in self.seen.items() if letter.lower() != "c"
        }  # fmt: skip

    def expected(self, within: Span) -> int:
        """How many of the things that were shown last time should still be."""
        first, last = within[0].timestamp(), within[1].timestamp()
        return sum(1 for start, _, letter in self.seen.values() if letter.islower() and first <= start < last)

    def knows(self, uids: Collection[str]) -> bool:
        """Whether one of these events was understood before."""
        return any(name.partition("/")[0] in uids for name, held in self.seen.items() if held[2].islower())

    def had(self, remote_id: str) -> bool:
        """Whether this was shown before."""
        return key(remote_id) in self.seen


def load(cursor: Json | None) -> Standing:
    """What the cursor holds; a beginning where it is not understood, for reading all again is always right."""
    try:
        found = msgspec.convert(cursor or {}, Standing)
        found.booked()  # so that nothing odd in it is met later
        return found
    except (msgspec.ValidationError, KeyError, OverflowError, ValueError, OSError):
        return Standing()


def dump(standing: Standing) -> Json:
    found: Json = msgspec.to_builtins(standing)
    return found


def seen(
    before: Standing, happenings: Iterable[Happening], unreadable: Collection[str], since: datetime
) -> dict[str, tuple[int, int, str]]:
    """What to remember: all that is shown, and what was shown and may come back, as long as it is not too old.

    `unreadable` are the stand-ins of events that are there and not understood now: they count as shown.
    """
    now = {
        key(h.id): (_seconds(h.starts_at), _seconds(h.booked_at), _LETTERS[h.booked_from]) for h in happenings
    }  # fmt: skip
    kept = {
        name: held if name.partition("/")[0] in unreadable else (held[0], held[1], held[2].upper())
        for name, held in before.seen.items() if name not in now and held[0] >= since.timestamp()
    }  # fmt: skip
    room = max(0, MOST_REMEMBERED - len(now))
    return {**dict(list(kept.items())[:room]), **now}


def _seconds(text: str) -> int:
    return int(times.rfc3339(text).timestamp())
