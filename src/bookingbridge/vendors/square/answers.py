"""Square's refusals as our errors."""

from __future__ import annotations

from dataclasses import dataclass

from bookingbridge.canonical.errors import Ambiguous, AuthExpired, NotFound, Rejected, Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.http import Answer

NO_PLAN, SLOT_TAKEN = "no_plan", "slot_taken"


class NotPermitted(Rejected):
    """The owner has not allowed this, or allowed it before we asked for it."""


class NotDone(Rejected):
    """Square understood a change and did not make it as asked; why, its codes do not say reliably: look again."""


class CursorExpired(Rejected):
    """Square no longer knows the page we were at; the list must be begun again."""


@dataclass(frozen=True, slots=True)
class SquareError:
    """The first of Square's errors, `{"errors": [{category, code, detail, field}]}`; empty where there is none."""

    category: str = ""
    code: str = ""
    field: str = ""


def error_of(answer: Answer) -> SquareError:
    """What Square says went wrong. `detail` is left out: it may quote what was sent."""
    try:
        errors = answer.object().get("errors")
    except Unreadable:
        return SquareError()
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return SquareError(*(str(first.get(name) or "")[:80] for name in ("category", "code", "field")))


def done(answer: Answer, what: str) -> Json:
    """The answer's object to a change, or the error it stands for. `what` should change, in words."""
    if answer.is_ok:
        try:
            return answer.object()
        except Unreadable as broken:
            raise Ambiguous(f"Square's answer about {what} cannot be read; it may have done it") from broken
    error = error_of(answer)
    if error.category == "MERCHANT_SUBSCRIPTION_ERROR" or error.code.startswith("MERCHANT_SUBSCRIPTION_"):
        raise Rejected(
            "Square lets us change bookings only with a paid plan: Appointments Plus or Premium", code=NO_PLAN
        )
    if answer.status in (400, 409, 422):
        why = f"Square did not take {what} ({answer.status} {error.code} {error.field})".replace(" )", ")")
        raise NotDone(why, code=error.code or f"http_{answer.status}")
    return body_of(answer, what, verb="change")


def body_of(answer: Answer, what: str, *, verb: str = "read") -> Json:
    """The answer's object, or the error its status and code stand for. `what` was asked for, in words."""
    if answer.is_ok:
        return answer.object()
    error = error_of(answer)
    if answer.status == 401:
        raise AuthExpired("Square no longer accepts this connection; connect Square again", code=error.code)
    if error.code == "INSUFFICIENT_SCOPES" or answer.status == 403:
        raise NotPermitted(
            f"Square does not let us {verb} {what}: a permission is missing; connect Square again and allow all",
            code=error.code or "FORBIDDEN",
        )
    if answer.status == 404 or error.code in ("NOT_FOUND", "CUSTOMER_NOT_FOUND"):
        raise NotFound(f"Square has no such thing among {what}", code=error.code)
    if error.code == "INVALID_CURSOR":
        raise CursorExpired(f"Square forgot where we were in {what}", code=error.code)
    raise Rejected(f"Square refused {what} ({answer.status} {error.code} {error.field})".strip(), code=error.code)
