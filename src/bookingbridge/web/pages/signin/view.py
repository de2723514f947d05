"""What people see before they are signed in."""

from __future__ import annotations

from dataclasses import dataclass

from bookingbridge.web.ui.parts import Form, Notice


@dataclass(frozen=True, slots=True)
class SignInView:
    """signin.html: GET and POST /signin (`email`, `password`, hidden `next`)."""

    form: Form
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class SetupView:
    """setup.html: GET and POST /setup/{token} (`name`, `email`, `password`): the first owner, by the one-time link.

    `form` is None when the link was used or is too old; `notice` then says how to get another.
    """

    form: Form | None
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class JoinView:
    """join.html: GET and POST /join/{token} (`name`, `password`): accepting an invitation.

    `invitation` says who invites whom to what: `Dana Kowalski invites you to Northside Barbers as manager.`
    """

    invitation: str
    form: Form | None
    notice: Notice | None = None
