"""What the client hands over for one event of a feed: its properties in plain form, nothing that changes by itself."""

from __future__ import annotations

from typing import Literal

import msgspec

From = Literal["created", "stamp", "first_seen"]


class Happening(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event, or one repetition of one. Times are RFC 3339 in UTC; `id` is the UID, for repetitions with its time.

    `booked_from` says where `booked_at` comes from: the event's CREATED, its earliest LAST-MODIFIED or DTSTAMP, or
    the run that saw it first. `problem` is set, and the rest empty, where the feed's lines cannot be understood.
    """

    id: str
    starts_at: str = ""
    ends_at: str = ""
    is_all_day: bool = False
    status: str = ""
    title: str = ""
    text: str = ""
    place: str = ""
    booked_at: str = ""
    booked_from: From = "first_seen"
    sequence: int | None = None
    changed_at: str | None = None
    is_retired: bool = False
    """It is no longer taken for this kind, because the owner decided otherwise."""
    problem: str = ""
