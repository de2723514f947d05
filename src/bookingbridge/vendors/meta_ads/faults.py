"""What Meta's refusals mean for us. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Rejected, Throttled, Unreachable
from bookingbridge.vendors.meta_ads import wire

TOO_MUCH = "100/1487534"
"""One query asked for more rows than Meta computes at once (Insights API, Limits and Best Practices, read 2026-11)."""
NO_SUCH_OBJECT = "100/33"

# Graph API error reference and Marketing API rate limiting, read 2026-11: 4 the app, 17 the user, 32 the page,
# 613 the ad account, 80000 to 80014 one business use case.
_THROTTLE = frozenset({4, 17, 32, 613, *range(80000, 80015)})
_SESSION_OVER = frozenset({102, 190, 463, 467})
_PASSING = frozenset({1, 2})
# A score that reached its maximum decays within 300 seconds (Marketing API rate limiting, read 2026-11).
_DECAY = timedelta(seconds=300)
_LONGEST = timedelta(hours=24)


def fault(status: int, headers: Mapping[str, str], body: bytes, *, now: datetime | None) -> BridgeError:
    """The error an answer outside 2xx stands for. Meta's own sentence is left out where it could quote a token."""
    try:
        said = msgspec.json.decode(body, type=wire.FaultEnvelope).error
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        if status == 401:
            return AuthExpired("Meta no longer accepts this sign-in")
        return Rejected(f"Meta answered with status {status} and nothing we understand", code=f"http_{status}")
    code = f"{said.code}/{said.error_subcode}" if said.error_subcode else str(said.code)
    if said.code in _SESSION_OVER:
        return AuthExpired("Meta no longer accepts this sign-in; reconnect to go on", code=code)
    if said.code in _THROTTLE:
        return Throttled("Meta asks us to slow down", until=regained_at(headers, now=now), code=code)
    if said.code in _PASSING or said.is_transient:
        return Unreachable("Meta is in trouble right now", code=code)
    if said.code == 10 or 200 <= said.code < 300:
        return Rejected("the sign-in may not read this ad account's ads; reconnect and allow ads_read", code=code)
    return Rejected(f"Meta refused: {said.message.replace(chr(0), '')[:200] or 'without a reason'}", code=code)


def regained_at(headers: Mapping[str, str], *, now: datetime | None) -> datetime | None:
    """When Meta will accept calls again, by the headers of its last answer; None where they name no time.

    Only x-business-use-case-usage carries one, in minutes; x-app-usage and x-fb-ads-insights-throttle carry per cents.
    """
    minutes = max((u.estimated_time_to_regain_access for u in _usages(headers)), default=0.0)
    if now is None or not 0 < minutes < float("inf"):
        return None
    return now + min(timedelta(minutes=min(minutes, 10_000.0)), _LONGEST)


def rest_until(headers: Mapping[str, str], *, now: datetime) -> datetime | None:
    """Until when the next call would be refused although this one was answered; None while there is allowance left."""
    if named := regained_at(headers, now=now):
        return named
    shares = [s for u in _usages(headers) for s in (u.call_count, u.total_cputime, u.total_time)]
    shares += _numbers(headers.get("x-app-usage"), "call_count", "total_cputime", "total_time")
    shares += _numbers(headers.get("x-fb-ads-insights-throttle"), "app_id_util_pct", "acc_id_util_pct")
    return now + _DECAY if any(share >= 100 for share in shares) else None


def _usages(headers: Mapping[str, str]) -> list[wire.Usage]:
    """The entries of all accounts in the header; a header that cannot be read says nothing."""
    try:
        held = msgspec.json.decode(headers.get("x-business-use-case-usage", "{}"), type=dict[str, list[wire.Usage]])
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return []
    return [usage for entries in held.values() for usage in entries]


def _numbers(text: str | None, *names: str) -> list[float]:
    try:
        held: Any = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return []
    if not isinstance(held, dict):
        return []
    return [float(held[n]) for n in names if isinstance(held.get(n), int | float)]
