"""What Google's refusals mean for us, and what the owner can do about each. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Rejected, Throttled, Unreachable
from bookingbridge.vendors.google_ads import wire

STALE_TOKENS = frozenset({"requestError/EXPIRED_PAGE_TOKEN", "requestError/INVALID_PAGE_TOKEN"})
CUSTOMER_NOT_ENABLED = "authorizationError/CUSTOMER_NOT_ENABLED"

# QuotaErrorEnum and AuthorizationErrorEnum, v26 (November 2026).
_TOO_FAST = frozenset(
    {
        "RESOURCE_EXHAUSTED", "RESOURCE_TEMPORARILY_EXHAUSTED", "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION",
        "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION",
    }
)  # fmt: skip
_PASSING = frozenset({"internalError", "transientError"})

_NOT_APPROVED = (
    "the Google Cloud project of this sign-in may only read test accounts; in the Google Cloud console, raise its "
    "Google Ads API access level to Explorer or higher"
)
_WHAT_TO_DO = {
    "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION": _NOT_APPROVED,
    "DEVELOPER_TOKEN_NOT_APPROVED": _NOT_APPROVED,
    "CLOUD_PROJECT_NOT_UNDER_ORGANIZATION": "move the Google Cloud project under an organization",
    "PROJECT_DISABLED": "the Google Cloud project of this sign-in is disabled",
    "ACCESS_PROHIBITED": "Google has closed the API to this Google Cloud project",
    "SERVICE_DISABLED": "switch on the Google Ads API in the Google Cloud project of this sign-in",
    "USER_PERMISSION_DENIED": "this person may not see the Google Ads account; have them invited to it",
    "INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION": "the manager account does not manage this account",
    "CUSTOMER_NOT_ENABLED": "the Google Ads account is not active, or was never finished",
    "CUSTOMER_NOT_FOUND": "there is no such Google Ads account",
    "NOT_ADS_USER": "this Google account has no Google Ads account; sign in with another one",
    "MISSING_TOS": "accept the API's terms in the Google Ads account",
    "INCOMPLETE_SIGNUP": "finish signing up in the Google Ads account",
    "TWO_STEP_VERIFICATION_NOT_ENROLLED": "switch on two-step verification for this Google account, then reconnect",
}
_NEEDS_CONSENT = "the sign-in lacks the permission for Google Ads; reconnect and allow it"
_OVER = "Google no longer accepts this sign-in; reconnect to go on"


def fault(status: int, body: bytes, *, now: datetime) -> BridgeError:
    """The error an answer outside 2xx stands for."""
    said = _said(body)
    if said is None:
        if status == 401:
            return AuthExpired(_OVER)
        return Rejected(f"Google answered with status {status} and nothing we understand", code=f"http_{status}")
    for error in (error for detail in said.details for error in detail.errors):
        for kind, name in error.error_code.items():
            return _named(kind, name, error, now=now)
    for reason in (detail.reason for detail in said.details if detail.reason):
        if reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
            return AuthExpired(_NEEDS_CONSENT, code=reason)
        if reason in _WHAT_TO_DO:
            return Rejected(_WHAT_TO_DO[reason], code=reason)
    if status == 401 or said.status == "UNAUTHENTICATED":
        return AuthExpired(_OVER, code=said.status)
    if said.status == "RESOURCE_EXHAUSTED":
        return Throttled("Google asks us to slow down", code=said.status)
    if said.status in ("UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED"):
        return Unreachable("Google is in trouble right now", code=said.status)
    return Rejected(f"Google refused: {_shortened(said.message)}", code=said.status or str(status))


def _named(kind: str, name: str, error: wire.GoogleAdsError, *, now: datetime) -> BridgeError:
    code = f"{kind}/{name}"
    if kind == "quotaError" and name in _TOO_FAST:
        return Throttled("Google asks us to slow down", until=_until(error, now), code=code)
    if name in _WHAT_TO_DO:
        return Rejected(_WHAT_TO_DO[name], code=code)
    if kind == "authenticationError":
        return AuthExpired(_OVER, code=code)
    if kind in _PASSING:
        return Unreachable("Google is in trouble right now", code=code)
    return Rejected(f"Google refused ({name}): {_shortened(error.message)}", code=code)


def _until(error: wire.GoogleAdsError, now: datetime) -> datetime | None:
    """When the quota opens again, if it says so; within a day."""
    quota = error.details.quota_error_details if error.details else None
    try:
        seconds = float(quota.retry_delay.removesuffix("s")) if quota else 0.0
    except ValueError:
        return None
    return now + timedelta(seconds=min(seconds, 86_400.0)) if seconds > 0 else None


def _said(body: bytes) -> wire.Fault | None:
    """The error; a stream wraps it into an array."""
    try:
        held: Any = msgspec.json.decode(body)
        return msgspec.convert(held[0] if isinstance(held, list) and held else held, wire.FaultEnvelope).error
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def _shortened(message: str) -> str:
    return message.replace("\x00", "").strip()[:200] or "without a reason"
