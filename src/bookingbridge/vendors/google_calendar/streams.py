"""Reading a calendar: once in full, then what changed since by Google's sync token, in full again where that ran out.

A full reading asks for what ends after the beginning of the history and ends in a sweep: what is known and was not
given is gone. An incremental one gives deletions too. Where Google tells of a deletion nothing but the id, or where
an event that may be known is no appointment any more, the calendar is read anew: that is always right, and rare.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json, Page, RawRecord, Reach, Swept
from bookingbridge.vendorkit.paging import Trail
from bookingbridge.vendors.google_calendar import wire
from bookingbridge.vendors.google_calendar.api import Api
from bookingbridge.vendors.google_calendar.faults import BadRequest, TokenGone
from bookingbridge.vendors.google_calendar.options import Options
from bookingbridge.vendors.google_calendar.read import NO_TIME, converted, facet_of, is_bare

LOOK_BACK = timedelta(hours=1)
"""How far back a notice of a change looks: four times as long as from one incremental run to the next."""
MOST_LOOKED_AT = 4
"""Pages that a notice may bring; what is behind them comes with the next run."""


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where reading stands; what is stored as the stream's cursor.

    At rest there are `sync` and `read_at`, when that reading began. While one is under way `started` is set: in full
    with `since`, the beginning of the history; `page` is where it is. `is_swept` says that all was given and only the
    last sweep is still to be told.
    """

    taken_as: str = ""
    sync: str | None = None
    read_at: str | None = None
    started: str | None = None
    since: str | None = None
    page: str | None = None
    is_swept: bool = False

    @property
    def is_in_full(self) -> bool:
        return self.since is not None


class Events:
    """The one stream there is."""

    def __init__(self, api: Api, options: Options) -> None:
        self._api, self._options = api, options

    async def pages(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        """See canonical.ports.Client.pages."""
        progress = self._begin(cursor, reach)
        if not progress.is_in_full:
            async for page, after in self._changes(progress, reach):
                yield page
                progress = after
            if not progress.is_in_full:
                return
        async for page in self._everything(progress, reach):
            yield page

    async def changed_lately(self, since: datetime) -> list[RawRecord]:
        """What changed since then, for a notice that does not say what. Of what is nothing to us only the id."""
        found: list[RawRecord] = []
        page: str | None = None
        for _ in range(MOST_LOOKED_AT):
            try:
                listed = await self._api.events(updatedMin=times.text(since), pageToken=page)
            except TokenGone:
                break  # the next run reads it all anyway
            zone = listed.time_zone
            found += [self.raw(item, zone) or self._silent(item, zone) for item in listed.items]
            page = listed.next_page_token
            if page is None:
                break
        return found

    def raw(self, item: Json, zone: str) -> RawRecord | None:
        """The event as it is kept, or None where it is nothing to us. What cannot be understood is left to `read`."""
        event = _event(item)
        if event is None:
            return self._enveloped(self._usual, item, zone)
        facet = facet_of(event, self._options.taken_as)
        return None if facet is None or is_bare(event) else self._enveloped(facet, item, zone)

    @property
    def _usual(self) -> str:
        return "block" if self._options.taken_as == "busy" else "booking"

    def _enveloped(self, kind: str, item: Json, zone: str) -> RawRecord:
        envelope: Json = {"event": item, "time_zone": zone, "taken_as": self._options.taken_as}
        return RawRecord(kind, RemoteId(str(item.get("id") or "")), envelope)

    def _silent(self, item: Json, zone: str) -> RawRecord:
        return self._enveloped(self._usual, {"id": item.get("id"), "status": "cancelled"}, zone)

    def _begin(self, cursor: Json | None, reach: Reach) -> Progress:
        """The reading to go on with, or a new one: in full where that is wanted, or what events are was changed."""
        try:
            stored = msgspec.convert(cursor, Progress) if cursor else Progress()
        except msgspec.ValidationError:
            stored = Progress()  # written by another version of us: reading all again is always right
        is_usable = stored.taken_as == self._options.taken_as
        if is_usable and stored.is_in_full:
            return stored
        if not is_usable or reach.is_full or stored.sync is None:
            return self._anew(reach)
        return stored if stored.started else msgspec.structs.replace(stored, started=times.text(reach.now))

    def _anew(self, reach: Reach) -> Progress:
        since = times.text((reach.now - self._options.history).replace(microsecond=0))
        return Progress(self._options.taken_as, started=times.text(reach.now), since=since)

    async def _changes(self, progress: Progress, reach: Reach) -> AsyncIterator[tuple[Page, Progress]]:
        """The pages since the sync token, each with where reading stands then: perhaps at a reading in full."""
        trail, may_restart = Trail("changes"), progress.page is not None
        while True:
            try:
                listed = await self._api.events(syncToken=progress.sync, pageToken=progress.page)
            except TokenGone:
                after = self._anew(reach)
                yield Page((), _stored(after), is_last=False), after
                return
            except BadRequest:
                if not may_restart:
                    raise
                progress, may_restart = msgspec.structs.replace(progress, page=None), False
                continue
            may_restart = False
            is_any_lost = any(self._is_lost(item, progress) for item in listed.items)
            after = self._anew(reach) if is_any_lost else _turned(progress, listed, trail)
            yield Page(self._records(listed), _stored(after), is_last=after.started is None), after
            if after.is_in_full or after.started is None:
                return
            progress = after

    async def _everything(self, progress: Progress, reach: Reach) -> AsyncIterator[Page]:
        trail, may_restart = Trail("events"), progress.page is not None
        while not progress.is_swept:
            try:
                listed = await self._api.events(timeMin=progress.since, pageToken=progress.page)
            except (BadRequest, TokenGone):
                if not may_restart:
                    raise
                # The page token of an interrupted run may have run out; all is read again then.
                progress, may_restart = self._anew(reach), False
                continue
            may_restart = False
            if listed.next_page_token is None:
                began = progress
                progress = msgspec.structs.replace(progress, page=None, sync=_token(listed), is_swept=True)
                swept = _swept("block", began)
                yield Page(self._records(listed), _stored(progress), is_last=False, swept=swept)
            else:
                progress = _turned(progress, listed, trail)
                yield Page(self._records(listed), _stored(progress), is_last=False)
        rest = Progress(progress.taken_as, sync=progress.sync, read_at=progress.started)
        yield Page((), _stored(rest), is_last=True, swept=_swept("booking", progress))

    def _records(self, listed: wire.Events) -> tuple[RawRecord, ...]:
        return tuple(raw for item in listed.items if (raw := self.raw(item, listed.time_zone)))

    def _is_lost(self, item: Json, progress: Progress) -> bool:
        """Whether it may be known to us and cannot be told as what it was: deleted without its times, or no longer
        what we count."""
        event = _event(item)
        if event is None or event.event_type in NO_TIME:
            return False
        if not is_bare(event) and facet_of(event, self._options.taken_as) is not None:
            return False
        return not (event.created and progress.read_at and _is_after(event.created, progress.read_at))


def _turned(progress: Progress, listed: wire.Events, trail: Trail) -> Progress:
    """One page further, or at rest behind the last."""
    if listed.next_page_token is not None:
        page = trail.step(listed.next_page_token, is_empty=not listed.items)
        return msgspec.structs.replace(progress, page=page)
    return Progress(progress.taken_as, sync=_token(listed), read_at=progress.started)


def _event(item: Json) -> wire.Event | None:
    try:
        return converted(item, wire.Event)
    except Unreadable:
        return None


def _is_after(one: str, other: str) -> bool:
    try:
        return times.rfc3339(one) > times.rfc3339(other)
    except Unreadable:
        return False


def _token(listed: wire.Events) -> str:
    if not listed.next_sync_token:
        raise Unreadable("the last page of events has no token to go on with", where="nextSyncToken")
    return listed.next_sync_token


def _swept(kind: str, progress: Progress) -> Swept:
    assert progress.started is not None
    assert progress.since is not None
    return Swept(kind, times.rfc3339(progress.started), (times.rfc3339(progress.since), times.LATEST), is_sure=True)


def _stored(progress: Progress) -> Json:
    stored: Json = msgspec.to_builtins(progress)
    return stored
