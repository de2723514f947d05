"""Values in Square's objects as our values; what is none is Unreadable."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.square import wire

T = TypeVar("T")


def shaped(payload: Json, shape: type[T]) -> T:
    try:
        return msgspec.convert(payload, shape)
    except (msgspec.ValidationError, RecursionError, OverflowError) as broken:
        raise Unreadable(f"not the shape of Square's {shape.__name__}: {str(broken)[:200]}") from broken


def an_id(raw: str) -> RemoteId:
    if not raw or len(raw) > 255 or not raw.isprintable():
        raise Unreadable("an id is empty or no id", where="id")
    return RemoteId(raw)


def ref(raw: str | None) -> RemoteId | None:
    return an_id(raw) if raw else None


def tidy(raw: str | None) -> str | None:
    """Text a database can hold, trimmed; None where nothing is left."""
    if raw is None:
        return None
    return raw.replace("\x00", "").encode("utf-8", "ignore").decode().strip() or None


def time(raw: str | None) -> datetime | None:
    return times.rfc3339(raw) if raw else None


def money(raw: wire.Money | None) -> Money | None:
    if raw is None or raw.amount is None or raw.currency is None:
        return None
    return Money(raw.amount, raw.currency)


def mapped(table: dict[str, T], raw: str, where: str) -> T:
    try:
        return table[raw]
    except KeyError as unknown:
        raise Unreadable(f"Square says {raw[:40]!r}, which we do not know", where=where) from unknown


def a_version(raw: int | None) -> int | None:
    if raw is not None and not 0 <= raw < 2**63:
        raise Unreadable("a version out of range", where="version")
    return raw


def id_of(found: Json) -> RemoteId:
    """The object's id; a placeholder where it has none, so that it is kept and shown as unreadable."""
    remote_id = found.get("id")
    return RemoteId(remote_id) if isinstance(remote_id, str) and remote_id else RemoteId("(no id)")
