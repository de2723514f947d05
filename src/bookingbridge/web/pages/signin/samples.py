"""Sign-in forms for the gallery and the tests."""

from __future__ import annotations

from bookingbridge.web.pages.signin.view import JoinView, SetupView, SignInView
from bookingbridge.web.ui.parts import Field, Form, Notice, Problem

_NEW = Field(
    "password",
    "Password",
    kind="password",
    autocomplete="new-password",
    help="At least 12 signs. A few words you can remember are best.",
)
_NAME = Field("name", "Your name", autocomplete="name")


def _email(value: str = "") -> Field:
    return Field("email", "E-mail", value, "email", autocomplete="username", placeholder="you@example.com")


def _password() -> Field:
    return Field("password", "Password", kind="password", autocomplete="current-password")


def signin() -> SignInView:
    form = Form("/signin", (_email(), _password()), "Sign in", hidden=(("next", "/today"),))
    return SignInView(form, Notice("You were signed out", "You had not been here for 30 days."))


def signin_refused() -> SignInView:
    wrong = Problem("E-mail or password is wrong", "Check both; the password knows small and capital letters.")
    return SignInView(Form("/signin", (_email("dana@example.com"), _password()), "Sign in", wrong))


def setup() -> SetupView:
    return SetupView(Form("/setup/sample", (_NAME, _email(), _NEW), "Create the owner"))


def setup_used() -> SetupView:
    return SetupView(
        None,
        Notice(
            "This link was used already",
            "Sign in, or run “bookingbridge user owner” on the server for a new one.",
            "warn",
        ),
    )


def join() -> JoinView:
    return JoinView(
        "Dana Kowalski invites you to Northside Barbers as manager.",
        Form("/join/sample", (_NAME, _NEW), "Join", username="lee@example.com"),
    )
