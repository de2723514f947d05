"""What Google Calendar's refusals mean for us, and what the owner can do about each. Pure.

The reasons are those of the Calendar API's guide to errors (seen November 2026); a limit comes as 403 or as 429.
"""

from __future__ import annotations

import msgspec

from bookingbridge.canonical.errors import AuthExpired, BridgeError, NotFound, Rejected, Stale, Throttled
from bookingbridge.vendorkit.http import Answer
from bookingbridge.vendors.google_calendar import wire


class TokenGone(Rejected):
    """A sync or page token is no longer good: the list has to be read anew."""


class BadRequest(Rejected):
    """Google cannot read what we asked; of a stored page token it means that it ran out."""


class Taken(Rejected):
    """There is something with that id already."""


_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"})
_NO_CONSENT = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_SWITCHED_OFF = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_READ_ONLY = frozenset({"requiredAccessLevel", "forbiddenForNonOrganizer", "cannotChangeOrganizer"})


def fault(answer: Answer, what: str) -> BridgeError:
    """The error that an answer outside 2xx stands for. `what` was asked for, in words."""
    reasons = reasons_of(answer)
    code = next(iter(reasons), f"http_{answer.status}")
    match answer.status:
        case 400:
            return BadRequest(f"Google cannot read what we asked of {what} ({code})", code=code)
        case 401:
            return AuthExpired("Google no longer accepts this sign-in; reconnect to go on", code=code)
        case 403:
            return _forbidden(frozenset(reasons), code, what)
        case 404:
            return NotFound(f"Google has no such thing among {what}", code=code)
        case 409:
            return Taken(f"Google has one of {what} with this id already", code=code)
        case 410:
            if "deleted" in reasons:
                return NotFound(f"this one of {what} was deleted at Google", code=code)
            return TokenGone(f"Google no longer knows where we were in {what}", code=code)
        case 412:
            return Stale("the event was changed at Google meanwhile", code=code)
    return Rejected(f"Google refused {what} ({answer.status} {code})", code=code)


def reasons_of(answer: Answer) -> list[str]:
    """Google's own words for why; the message is left out, as it may quote what was sent."""
    try:
        said = msgspec.json.decode(answer.body, type=wire.FaultEnvelope).error
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return []
    return [entry.reason[:80] for entry in (*said.errors, *said.details) if entry.reason]


def _forbidden(reasons: frozenset[str], code: str, what: str) -> BridgeError:
    if reasons & _TOO_FAST:
        return Throttled("Google asks us to slow down", code=code)
    if reasons & _NO_CONSENT:
        return AuthExpired("a permission is missing; reconnect and leave all of them ticked", code=code)
    if reasons & _SWITCHED_OFF:
        why = "switch on the Google Calendar API in the Google Cloud project of this sign-in"
        return Rejected(why, code=code)
    if reasons & _READ_ONLY:
        return Rejected("this event or calendar may not be changed by the person who signed in", code=code)
    return Rejected(f"Google does not let us see or change {what}", code=code)
