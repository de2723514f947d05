"""A signed-in conversation with a calendar feed: one download per run, everything else is worked out from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Rejected, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Account, Given, Json, Page, RawRecord, Reach, Swept
from bookingbridge.vendors.calendar_feed import feed, happenings, standing
from bookingbridge.vendors.calendar_feed.choices import Choices, System, choices, system_of
from bookingbridge.vendors.calendar_feed.covering import Span, covered
from bookingbridge.vendors.calendar_feed.happenings import Asked, Read
from bookingbridge.vendors.calendar_feed.standing import Standing
from bookingbridge.vendors.calendar_feed.wire import Happening

EVENTS = "events"
NAME = "name"
KINDS = ("block", "booking")

PAGE = 500
_PATIENCE = timedelta(hours=24)
"""So long an empty calendar is taken for a mishap of the feed before it is believed."""
_VERSION = "1"
"""Part of what decides whether a feed is read again although it did not change: raise it when reading changes."""


class CalendarFeedClient:
    """See canonical.ports.Client. The credential is the feed's address."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._name = given.tokens.extra.get(NAME, "").strip()

    async def check(self) -> Account:
        chosen, address, system = self._chosen()
        fetched = await feed.fetch(self._given.http, address, {})
        found = await self._read(fetched, chosen, self._given.now(), Standing())
        host = urlsplit(address).hostname or ""
        return Account(
            remote_id=RemoteId(feed.calendar_id(address, self._name)),
            name=self._name or found.name[:100] or host,
            time_zone=found.zone,
            notes=tuple(_notes(found, system)),
        )

    async def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        if stream != EVENTS:
            raise Rejected(f"a calendar feed has no stream {stream!r}")
        chosen, address, system = self._chosen()
        before, here = standing.load(cursor), feed.digest(address)
        way, day = self._way(chosen, system), self._today(chosen, reach.now)
        marks = {} if reach.is_full else before.marks(here, way, day)
        fetched = await feed.fetch(self._given.http, address, marks)
        if fetched.body is None and any(marks.values()):
            yield Page((), standing.dump(before), is_last=True)
            return
        found = await self._read(fetched, chosen, reach.now, before)
        span = covered(system, found.shown, found.window, reach.now, before.most)
        unreadable = set(happenings.uids(found.unreadable))
        after = Standing(
            feed=here, way=way, events_are=_events_are(chosen), day=day, etag=fetched.etag, modified=fetched.modified,
            most=max(before.most, found.shown.count),
            seen=standing.seen(before, found.happenings, unreadable, found.window[0]),
        )  # fmt: skip
        if span is not None and (since := _empty_since(before, found, span, reach.now)):
            waiting = msgspec.structs.replace(before, empty_since=since, is_unread=True)
            yield Page((), standing.dump(waiting), is_last=False)
            raise Unreadable(
                f"the calendar came empty, although {before.expected(span)} of its events are still to come; nothing "
                f"was cancelled. If that is right, it is believed from {times.text(since + _PATIENCE)} on",
                code="suddenly_empty",
            )
        # An empty calendar that was never seen otherwise tells nothing; an event that is not understood may be one that
        # was understood before.
        is_sure = span is not None and (found.shown.count or before.seen) and not before.knows(unreadable)
        swept = [Swept(kind, reach.now, span, is_sure=True) for kind in chosen.kinds] if is_sure else []
        for page in _paged(list(_records(found, chosen, before)), swept, before, after):
            yield page

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        """The event as the feed shows it now.

        For events that do not say when they were made, `booked_at` is as far back as their stamps go.
        """
        if kind not in KINDS:
            raise Rejected(f"a calendar feed has no {kind!r}")
        chosen, address, _ = self._chosen()
        found = await self._read(await feed.fetch(self._given.http, address, {}), chosen, self._given.now(), Standing())
        return [raw for raw in _records(found, chosen, Standing()) if (raw.kind, raw.remote_id) == (kind, remote_id)]

    async def close(self) -> None:
        """Nothing is held open here."""

    def _chosen(self) -> tuple[Choices, str, System]:
        chosen = choices(self._given.settings)
        address = feed.address_of(self._given.tokens.access)
        return chosen, address, system_of(chosen.system, address)

    async def _read(self, fetched: feed.Fetched, chosen: Choices, now: datetime, before: Standing) -> Read:
        if fetched.body is None:
            raise Unreadable("the feed says that nothing has changed without having been asked")
        today = self._today(chosen, now)
        days = today - timedelta(days=chosen.days_back), today + timedelta(days=chosen.days_ahead)
        asked = Asked(now.replace(microsecond=0), chosen.zone, self._business_zone(), days, before.booked())
        # Megabytes of text take a second: others' requests go on meanwhile.
        return await asyncio.to_thread(happenings.read, fetched.body, asked)

    def _today(self, chosen: Choices, now: datetime) -> date:
        return now.astimezone(chosen.zone or self._business_zone() or UTC).date()

    def _business_zone(self) -> ZoneInfo | None:
        try:
            return times.zone(self._given.time_zone) if self._given.time_zone else None
        except Unreadable:
            return None

    def _way(self, chosen: Choices, system: System) -> str:
        return feed.digest(f"{_VERSION}|{chosen}|{system.name}|{self._given.time_zone}")


def _events_are(chosen: Choices) -> str:
    return f"{chosen.events_are}/{chosen.all_day}"


def _empty_since(before: Standing, found: Read, span: Span, now: datetime) -> datetime | None:
    """Since when the calendar is empty against all likelihood; None where it is not, or was so long enough.

    One event alone may well have been cancelled.
    """
    if found.shown.count or before.expected(span) <= 1:
        return None
    since = before.empty_since or now
    return since if now - since < _PATIENCE else None


def _records(found: Read, chosen: Choices, before: Standing) -> Iterator[RawRecord]:
    """What the feed holds under the kinds that were chosen, and taken back from the kind that it was before."""
    was = _kinds_before(before, chosen)
    for happening in found.happenings:
        kind = chosen.kind(is_all_day=happening.is_all_day)
        former = was.kind(is_all_day=happening.is_all_day) if was and before.had(happening.id) else kind
        if former is not None and former != kind:
            yield _raw(former, msgspec.structs.replace(happening, is_retired=True))
        if kind is not None:
            yield _raw(kind, happening)
    for happening in found.unreadable:
        yield _raw(chosen.kind(is_all_day=False) or "booking", happening)


def _kinds_before(before: Standing, chosen: Choices) -> Choices | None:
    """The choices by which the feed was read last, where they differ from today's."""
    events_are, _, all_day = before.events_are.partition("/")
    if not events_are or before.events_are == _events_are(chosen):
        return None
    return Choices(chosen.system, events_are, all_day, chosen.zone, chosen.days_back, chosen.days_ahead)


def _raw(kind: str, happening: Happening) -> RawRecord:
    return RawRecord(kind, RemoteId(happening.id), msgspec.to_builtins(happening))


def _paged(records: Sequence[RawRecord], swept: Sequence[Swept], before: Standing, after: Standing) -> Iterator[Page]:
    """The records in pages, then what was swept, then the end. Who is interrupted before begins again."""
    midway = standing.dump(msgspec.structs.replace(after, is_unread=True, events_are=before.events_are))
    done = standing.dump(after)
    parts = [records[i : i + PAGE] for i in range(0, len(records), PAGE)] or [()]
    ends: list[Swept | None] = [*swept] or [None]
    total = len(records)
    for part in parts[:-1]:
        yield Page(tuple(part), midway, is_last=False, total=total)
    for n, sweep in enumerate(ends):
        is_last = n == len(ends) - 1
        shown = tuple(parts[-1]) if n == 0 else ()
        yield Page(shown, done if is_last else midway, is_last=is_last, total=total, swept=sweep)


def _notes(found: Read, system: System) -> Iterator[str]:
    starts = sorted(happening.starts_at for happening in found.happenings)
    if starts:
        yield f"{len(starts)} event(s) from {starts[0][:10]} to {starts[-1][:10]}, read as a feed of {system.title}."
    else:
        yield "The calendar is empty at present."
    if found.floating and found.zone:
        yield f"{found.floating} event(s) name no time zone; they are taken as {found.zone} time."
    if found.unreadable:
        yield f"{len(found.unreadable)} event(s) cannot be read: {found.unreadable[0].problem}."
