"""Which records cannot be so, whatever a vendor says. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bookingbridge.canonical.records import Block, Booking, Payment, Record, Service

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=5 * 366)
"""Nobody is booked so far ahead."""


def is_odd(record: Record, now: datetime) -> bool:
    """Whether a record has an impossible date or a negative price. Pure."""
    match record:
        case Booking() | Block() if record.ends_at < record.starts_at or not _is_likely(record.starts_at, now):
            return True
        case Payment() if record.amount.minor < 0 or not _is_likely(record.paid_at, now):
            return True
        case Booking() | Service() if record.price is not None:
            return record.price.minor < 0
    return False


def _is_likely(at: datetime, now: datetime) -> bool:
    return EARLIEST <= at <= now + AHEAD


def count_odd(records: Iterable[Record], now: datetime) -> int:
    """How many are odd. Pure."""
    return sum(is_odd(r, now) for r in records)
