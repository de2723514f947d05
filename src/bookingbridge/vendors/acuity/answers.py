"""Acuity's refusals as our errors: `{"status_code": 400, "message": "…", "error": "a_code"}`."""

from __future__ import annotations

import re

from bookingbridge.canonical.errors import AuthExpired, NotFound, Rejected, Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.http import Answer

SLOT_TAKEN = "slot_taken"

# What POST /appointments and PUT …/reschedule answer where the time cannot be had (API v1, third-party notes, 2026-11).
_TAKEN = frozenset(
    {
        "not_available", "not_available_min_hours_in_advance", "not_available_max_days_in_advance",
        "no_available_calendar", "time_unavailable", "double_booked",
    }
)  # fmt: skip

_CODE = re.compile(r"[a-z0-9_.-]{1,60}", re.IGNORECASE)


def code_of(answer: Answer) -> str:
    """Acuity's word for what went wrong; empty where there is none. The message is left out: it may quote us."""
    try:
        code = answer.object().get("error")
    except Unreadable:
        return ""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def checked(answer: Answer, what: str) -> Answer:
    """The answer, or the error its status and code stand for. `what` was asked for, in words."""
    if answer.is_ok:
        return answer
    code = code_of(answer)
    if answer.status == 401:
        raise AuthExpired("Acuity no longer accepts this connection; connect Acuity again", code=code)
    if answer.status == 403:
        raise Rejected(
            f"Acuity does not let us have {what}: the account's plan includes no API, or the key is of a user who may "
            "not see this",
            code=code or "forbidden",
        )
    if answer.status == 404:
        raise NotFound(f"Acuity has no such thing among {what}", code=code)
    if code in _TAKEN or answer.status == 409:
        raise Rejected(f"that time cannot be had at Acuity ({code or answer.status})", code=SLOT_TAKEN)
    raise Rejected(f"Acuity refused {what} ({answer.status} {code})".strip(), code=code)


def objects(answer: Answer, what: str) -> list[Json]:
    """The list that was answered."""
    found = checked(answer, what).json()
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Unreadable(f"Acuity's answer for {what} is not a list of objects")
    return found


def an_object(answer: Answer, what: str) -> Json:
    """The object that was answered."""
    return checked(answer, what).object()
