"""Stripe's refusals as our errors: `{"error": {type, code, param, decline_code, message}}` with a Request-Id."""

from __future__ import annotations

from dataclasses import dataclass

from bookingbridge.canonical.errors import Ambiguous, AuthExpired, NotFound, Rejected, Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.http import Answer


class NotPermitted(Rejected):
    """The key is good and may not do this."""


class KeyReused(Rejected):
    """The idempotency key came before with other parameters."""


@dataclass(frozen=True, slots=True)
class StripeError:
    """Stripe's error; texts are empty where it gave none. Its `message` is left out: it may quote what was sent."""

    type: str = ""
    code: str = ""
    param: str = ""
    decline_code: str = ""


def error_of(answer: Answer) -> StripeError:
    """What Stripe says went wrong; also OAuth's `{"error": "invalid_grant", …}`, whose code it then is."""
    try:
        found = answer.object().get("error")
    except Unreadable:
        return StripeError()
    if isinstance(found, str):
        return StripeError(code=found[:80])
    if not isinstance(found, dict):
        return StripeError()
    return StripeError(*(_word(found.get(name)) for name in ("type", "code", "param", "decline_code")))


def body_of(answer: Answer, what: str) -> Json:
    """The answer's object, or the error its status and code stand for. `what` was asked for, in words."""
    if answer.is_ok:
        return answer.object()
    error = error_of(answer)
    named = f" (request {_word(answer.headers.get('request-id'))})" if answer.headers.get("request-id") else ""
    # A connected account that takes its access back answers 403 with this code; a revoked key answers 401.
    if answer.status == 401 or error.code == "account_invalid":
        raise AuthExpired("Stripe no longer accepts this key; connect Stripe again", code=error.code or "unauthorized")
    if answer.status == 403:
        raise NotPermitted(
            f"this Stripe key may not use {what}: edit the key in Stripe and add the permission{named}",
            code=error.code or "not_permitted",
        )
    if answer.status == 404 or error.code == "resource_missing":
        raise NotFound(f"Stripe has no such thing among {what}", code=error.code or "resource_missing")
    if answer.status == 409:
        # Another request with the same idempotency key is under way, or an object is locked.
        raise Ambiguous(f"Stripe is still busy with {what}{named}", code=error.code or "conflict")
    if error.type == "idempotency_error":
        raise KeyReused(f"Stripe knows this request with other content{named}", code="idempotency_error")
    said = " ".join(part for part in (error.code or error.type, error.decline_code, error.param) if part)
    raise Rejected(f"Stripe refused {what} ({answer.status} {said}){named}", code=error.code or error.type)


def _word(value: object) -> str:
    return value[:80] if isinstance(value, str) and value.isprintable() else ""
