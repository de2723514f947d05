"""Square's refusals as our errors."""

from __future__ import annotations

from dataclasses import dataclass

from bookingbridge.canonical.errors import AuthExpired, NotFound, Rejected, Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.http import Answer


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


def body_of(answer: Answer, what: str) -> Json:
    """The answer's object, or the error its status and code stand for. `what` was asked for, in words."""
    if answer.is_ok:
        return answer.object()
    error = error_of(answer)
    if answer.status == 401:
        raise AuthExpired("Square no longer accepts this connection; connect Square again", code=error.code)
    if error.code == "INSUFFICIENT_SCOPES" or answer.status == 403:
        raise Rejected(
            f"Square does not let us read {what}: a permission is missing; connect Square again and allow all",
            code=error.code or "FORBIDDEN",
        )
    if answer.status == 404 or error.code in ("NOT_FOUND", "CUSTOMER_NOT_FOUND"):
        raise NotFound(f"Square has no such thing among {what}", code=error.code)
    if error.code == "INVALID_CURSOR":
        raise CursorExpired(f"Square forgot where we were in {what}", code=error.code)
    raise Rejected(
        f"Square refused to show {what} ({answer.status} {error.code} {error.field})".strip(), code=error.code
    )
