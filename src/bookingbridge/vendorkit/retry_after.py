"""How long a vendor asks us to wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 24 * 3600.0
"""Seconds. Whoever names more is wrong or unkind; we ask again after a day."""


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds to wait by the Retry-After header (RFC 9110 10.2.3: seconds or a date); None without a usable one."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text) if text.replace(".", "", 1).isdigit() and text.isascii() else _until(text, now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(seconds, 0.0), LONGEST)


def _until(text: str, now: datetime) -> float:
    at = parsedate_to_datetime(text)
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
