"""Reading a stream in parts (windows of time, locations), each part page by page, resumable after any page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.ports import Json, Page, RawRecord, Reach, Swept
from bookingbridge.vendors.square import api

CURSOR_LIVES = timedelta(minutes=4, seconds=30)
"""Square's page cursors are good for five minutes [third-party notes, 2026-11]; an older one is not even tried."""


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a stream stands; what is stored as its cursor.

    While a sweep is under way `started` is set, and `part` and `page` say where it is. When it is done only `since`
    is left: when it started. `since` in a sweep under way is the start of the sweep before (None: read everything).
    """

    since: str | None = None
    started: str | None = None
    part: str | None = None
    page: str | None = None
    issued: str | None = None
    begins: str | None = None
    """Where the first window of time begins; kept so that a setting changed meanwhile moves no window."""
    seen: int = 0
    count: int | None = None
    """So many were shown so far, of so many that Square counted; -1 where it counted otherwise meanwhile."""

    @property
    def is_full(self) -> bool:
        return self.since is None

    def changed_since(self, overlap: timedelta) -> str | None:
        """From when on changes are asked for; None for everything."""
        return None if self.since is None else times.text(times.rfc3339(self.since) - overlap)

    def is_page_fresh(self, now: datetime) -> bool:
        if self.issued is None:
            return False
        return timedelta(0) <= now - times.rfc3339(self.issued) < CURSOR_LIVES


@dataclass(frozen=True, slots=True)
class Vanishing:
    """What a list that was read whole does not show is gone, unless it was made or seen `lag` before: lists are late.

    For lists in one part that count what they hold.
    """

    kind: str
    lag: timedelta


@dataclass(frozen=True, slots=True)
class Part:
    """One list to be read to its end. Keys are in ascending order of the text."""

    key: str
    ask: api.Ask


def begin(cursor: Json | None, reach: Reach, *, begins: str | None = None) -> Progress:
    """The sweep to go on with, or a new one: full where that is wanted or nothing was read before."""
    try:
        stored = msgspec.convert(cursor, Progress) if cursor else Progress()
    except msgspec.ValidationError:
        stored = Progress()  # written by another version of us: reading all again is always right
    if stored.started is not None and (stored.is_full or not reach.is_full):
        return stored
    since = None if reach.is_full or stored.started is not None else stored.since
    return Progress(since=since, started=times.text(reach.now), begins=begins)


async def sweep(
    progress: Progress,
    parts: Sequence[Part],
    name: str,
    raw: Callable[[list[Json]], Awaitable[list[RawRecord]]],
    now: Callable[[], datetime],
    vanishing: Vanishing | None = None,
) -> AsyncIterator[Page]:
    """The pages of all parts from `progress` on. `name` is the list's name in Square's answers."""
    done: Json = msgspec.to_builtins(Progress(since=progress.started))
    left = [part for part in parts if progress.part is None or part.key >= progress.part]
    if not left:
        yield Page((), done, is_last=True)
    for n, part in enumerate(left):
        is_resumed = part.key == progress.part and progress.is_page_fresh(now())
        so_far = progress if is_resumed else msgspec.structs.replace(progress, seen=0, count=None)
        async for found, following, body in api.pages(part.ask, name, progress.page if is_resumed else None):
            records = tuple(await raw(found))
            so_far = _counted(so_far, len(found), _total(body))
            if following is None and n == len(left) - 1:
                yield Page(records, done, is_last=True, total=_total(body), swept=_swept(so_far, vanishing))
            else:
                at = part.key if following is not None else left[n + 1].key
                issued = times.text(now()) if following is not None else None
                here = msgspec.structs.replace(so_far, part=at, page=following, issued=issued)
                yield Page(records, msgspec.to_builtins(here), is_last=False, total=_total(body))


def _counted(so_far: Progress, shown: int, total: int | None) -> Progress:
    is_steady = so_far.count in (None, total)
    count = total if is_steady else -1
    return msgspec.structs.replace(so_far, seen=so_far.seen + shown, count=count)


def _swept(progress: Progress, vanishing: Vanishing | None) -> Swept | None:
    """What the sweep tells of things that are gone: nothing where things came or went while it was read.

    Then a page may have moved on over something that is there; the next sweep tells.
    """
    if vanishing is None or not progress.is_full or progress.count != progress.seen:
        return None
    return Swept(vanishing.kind, times.rfc3339(progress.started or "") - vanishing.lag)


def _total(body: Json) -> int | None:
    count = body.get("count")
    return count if isinstance(count, int) and not isinstance(count, bool) else None
