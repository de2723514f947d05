"""The forms before the door: which fields, and what is said beside them."""

from __future__ import annotations

from collections.abc import Mapping

from bookingbridge.canonical.errors import Refused, Throttled
from bookingbridge.domains.accounts.api import PASSWORD_SHORTEST, OneTimeLink, Person
from bookingbridge.web.ui.parts import Field, Form, Problem

Wrong = Refused | Throttled | None
Given = Mapping[str, str]

_FIELD_OF_CODE = {"invalid_email": "email", "email_taken": "email", "invalid_name": "name", "weak_password": "password"}
_NEW_PASSWORD_HELP = (
    f"At least {PASSWORD_SHORTEST} characters. A few words that have nothing to do with each other are best."
)


def signin_form(target: str, given: Given | None = None, problem: Problem | None = None) -> Form:
    """E-mail and password, and where to go afterwards."""
    fields = (
        _email((given or {}).get("email", "")),
        Field("password", "Password", kind="password", autocomplete="current-password"),
    )
    return Form("/signin", fields, "Sign in", problem, hidden=(("next", target),) if target else ())


def setup_form(token: str, given: Given | None = None, wrong: Wrong = None) -> Form:
    """Who the owner is."""
    typed = given or {}
    fields = (
        Field("name", "Your name", typed.get("name", ""), autocomplete="name", error=_error(wrong, "name")),
        _email(typed.get("email", ""), _error(wrong, "email")),
        _new_password(wrong),
    )
    return Form(f"/setup/{token}", fields, "Create the owner", _above(wrong))


def password_form(token: str, wrong: Wrong = None) -> Form:
    """A new password for somebody known."""
    note = "You are signed out everywhere else."
    return Form(f"/setup/{token}", (_new_password(wrong),), "Set the password", _above(wrong), note)


def join_form(
    token: str, found: OneTimeLink, person: Person | None, given: Given | None = None, wrong: Wrong = None
) -> Form:
    """One button for somebody who is signed in; else who they are. Known people type the password they have."""
    action, typed = f"/join/{token}", given or {}
    if person:
        return Form(action, (), "Join", _above(wrong))
    email = found.email or typed.get("email", "")
    fields = (
        Field("name", "Your name", typed.get("name", ""), autocomplete="name", error=_error(wrong, "name")),
        _email(email, _error(wrong, "email")),
        _new_password(wrong, "If you sign in here already, type the password you have."),
    )
    return Form(action, fields, "Join", _above(wrong))


def _email(value: str = "", error: str = "") -> Field:
    return Field(
        "email", "E-mail", value, "email", autocomplete="username", placeholder="you@example.com", error=error
    )  # fmt: skip


def _new_password(wrong: Wrong, more: str = "") -> Field:
    return Field(
        "password",
        "Password",
        kind="password",
        autocomplete="new-password",
        help=f"{_NEW_PASSWORD_HELP} {more}".strip(),
        error=_error(wrong, "password"),
    )


def _error(wrong: Wrong, field: str) -> str:
    return wrong.why if wrong and _FIELD_OF_CODE.get(wrong.code) == field else ""


def _above(wrong: Wrong) -> Problem | None:
    """What belongs to no single field."""
    return Problem(wrong.why) if wrong and wrong.code not in _FIELD_OF_CODE else None
