"""Where a stream stands: what is stored as its cursor, and how a run begins from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json, Reach
from bookingbridge.vendors.stripe import wire

EVENTS_KEPT = timedelta(days=29)
"""Stripe gives events of the last 30 days (List all events, 2026-10-28.endive); a day is for the time a run takes."""

HISTORY_DAYS = 365


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """While a run is under way `started` is set; when it is done only `since` is left: when it started.

    `since` in a run under way is the start of the run before (None: everything is read). `begins` is the moment, in
    seconds, from which on this run asks; it stays the same however often the run is resumed. `after` is the id behind
    which the list of `phase` goes on. `payout`, `inner` and `paid_until` are the balance's own.
    """

    since: str | None = None
    started: str | None = None
    begins: int | None = None
    phase: str = ""
    after: str | None = None
    payout: str | None = None
    inner: str | None = None
    paid_until: int | None = None

    @property
    def is_full(self) -> bool:
        return self.since is None

    @property
    def done(self) -> Json:
        return stored(Progress(since=self.started))


def begin(cursor: Json | None, reach: Reach, *, history: timedelta | None, overlap: timedelta) -> Progress:
    """The run to go on with, or a new one: full where that is wanted, nothing was read before, or too long ago."""
    try:
        before = msgspec.convert(cursor, Progress) if cursor else Progress()
        since = times.rfc3339(before.since) if before.since else None
    except (msgspec.ValidationError, Unreadable):
        before, since = Progress(), None  # written by another version of us: reading all again is always right
    if before.started is not None and (before.is_full or not reach.is_full):
        return before
    if reach.is_full or before.started is not None or since is None or reach.now - since > EVENTS_KEPT:
        begins = None if history is None else int((reach.now - history).timestamp())
        return Progress(started=times.text(reach.now), begins=begins)
    return Progress(since=before.since, started=times.text(reach.now), begins=int((since - overlap).timestamp()))


def stored(progress: Progress, **changes: Any) -> Json:
    """The progress as a cursor, with these changes."""
    found: Json = msgspec.to_builtins(msgspec.structs.replace(progress, **changes))
    return found


def told(event: Json) -> wire.EventObject | None:
    """What an event is about; None for something that is no event."""
    try:
        return msgspec.convert(event, wire.Event).data.object
    except (msgspec.ValidationError, RecursionError):
        return None


def history(settings: Mapping[str, str]) -> timedelta:
    """How far back a full run reaches, by the setting `history_days`: 1 day to 10 years, a year where unset."""
    text = settings.get("history_days", "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else HISTORY_DAYS
    return timedelta(days=min(max(days, 1), 3650))
