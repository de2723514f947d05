"""Times are aware. What arrives without a zone is unreadable unless a zone was given for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bookingbridge.canonical.errors import Unreadable

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def rfc3339(text: str) -> datetime:
    """The instant an RFC 3339 text names, in UTC. Raises Unreadable without an offset or out of 1990 to 2100."""
    try:
        at = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    except (ValueError, AttributeError, TypeError) as broken:
        raise Unreadable(f"{str(text)[:40]!r} is not a time") from broken
    if at.tzinfo is None:
        raise Unreadable(f"{text[:40]!r} has no offset from UTC")
    return plausible(at)


def plausible(at: datetime) -> datetime:
    """`at` in UTC, or Unreadable outside 1990 to 2100: an appointment in the year 0001 is a broken export."""
    try:
        utc = at.astimezone(UTC)
    except (OverflowError, ValueError) as broken:
        raise Unreadable(f"{at!s} is not a usable time") from broken
    if not EARLIEST <= utc < LATEST:
        raise Unreadable(f"{utc.isoformat()} is outside 1990 to 2100")
    return utc


def zone(name: str) -> ZoneInfo:
    """The IANA time zone, or Unreadable."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as broken:
        raise Unreadable(f"{str(name)[:60]!r} is not a time zone") from broken


def text(at: datetime) -> str:
    """RFC 3339 in UTC with a Z, to the microsecond only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day_bounds(day: date, tz: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants [start, end) of a local day; 23 or 25 hours apart where clocks change."""
    start = datetime(day.year, day.month, day.day, tzinfo=tz)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=tz)
    return start.astimezone(UTC), end.astimezone(UTC)
