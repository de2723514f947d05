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
    """setup.html: GET and POST /setup/{token} (`name`, `email`, `password`): an owner or a new password, by a link.

    `form` is None when the link was used or is too old; `notice` then says how to get another. `lead` says what the
    link is for.
    """

    form: Form | None
    notice: Notice | None = None
    lead: str = "You will be the owner here. The link you used works once."


@dataclass(frozen=True, slots=True)
class JoinView:
    """join.html: GET and POST /join/{token} (`name`, `password`): accepting an invitation.

    `invitation` says who invites whom to what: `Dana Kowalski invites you to Northside Barbers as manager.`
    """

    invitation: str
    form: Form | None
    notice: Notice | None = None
