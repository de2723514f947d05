"""The team and the programs, as rows and forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bookingbridge.canonical.errors import BridgeError
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import ApiToken, OneTimeLink, Role, Who, may_grant
from bookingbridge.web.pages.settings.view import Invitation, Member, RoleExplained, TokenRow
from bookingbridge.web.ui.parts import Choice, Confirm, CopyBox, Field, Form, Problem, Select, moment, stamp

Given = Mapping[str, str]

ROLES: tuple[tuple[Role, str, str], ...] = (
    (Role.OWNER, "Owner", "Everything, also settings, API tokens and other owners."),
    (Role.MANAGER, "Manager", "Everything but settings, tokens, and managers or owners."),
    (Role.STAFF, "Staff", "Customers and their visits; no revenue, no payments."),
    (Role.ACCOUNTANT, "Accountant", "Figures, payments and exports; no customers."),
    (Role.READ_ONLY, "Read-only", "Looks at everything, changes nothing."),
)
NAMES = {role: name for role, name, _ in ROLES}
EXPLAINED = tuple(RoleExplained(name, may) for _, name, may in ROLES)

_LIVES = (("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Until revoked"))


def role_of(text: str) -> Role | None:
    """The role a form names; None for anything else."""
    return next((role for role in Role if role.value == text), None)


def member(who: Who, each: accounts.Member, owners: int, now: datetime) -> Member:
    """Somebody of the team, with what `who` may change about them."""
    is_self = each.user_id == who.user_id
    is_last = each.role is Role.OWNER and owners == 1
    may = may_grant(who.role, each.role) and not is_last
    seen = stamp(each.last_seen_at, now=now, tz=ZoneInfo(who.business.time_zone)) if each.last_seen_at else None
    action = f"/settings/team/{each.user_id}"
    verb, name = ("Leave", "this business") if is_self else ("Remove", each.name)
    remove = Confirm(
        f"m{each.user_id}",
        verb,
        f"{verb} {name}?",
        "They no longer see this business. API tokens they made stop working.",
        f"{action}/remove",
    )
    role = Select("role", "Role", _roles(who, each.role)) if may and not is_self else None
    name = f"{each.name} (you)" if is_self else each.name
    return Member(name, each.email, NAMES[each.role], seen, action, role, remove if may else None)


def invitation(who: Who, link: OneTimeLink, now: datetime, fresh: str = "") -> Invitation:
    """An invitation nobody has followed; `fresh` is its address, known only right after it was made."""
    box = None
    if fresh:
        box = CopyBox(f"i{link.id}", "Invitation link", fresh, "Works once. Shown this once: hand it over now.")
    return Invitation(
        link.email or "Whoever has the link",
        NAMES[link.role or Role.READ_ONLY],
        moment(link.expires_at, now=now, tz=ZoneInfo(who.business.time_zone)),
        box,
        f"/settings/team/invitations/{link.id}/revoke",
    )


def invite_form(who: Who, given: Given, wrong: BridgeError | None = None) -> Form:
    """A link for one person."""
    chosen = role_of(given.get("role", "")) or Role.STAFF
    email_error = wrong.why if wrong and wrong.code == "invalid_email" else ""
    fields = (
        Field(
            "email",
            "E-mail",
            given.get("email", ""),
            "email",
            help="With it, only this address can join.",
            is_required=False,
            error=email_error,
        ),
        Field("role", "Role", kind="select", choices=_roles(who, chosen)),
    )
    problem = Problem(wrong.why) if wrong and not email_error else None
    note = "You get a link to hand over by any means; BookingBridge sends nothing."
    return Form("/settings/team/invitations", fields, "Make an invitation", problem, note, is_paired=True)


def token_row(who: Who, token: ApiToken, now: datetime) -> TokenRow:
    """A program's key, without the key."""
    tz = ZoneInfo(who.business.time_zone)
    may = NAMES[token.role]
    is_over = token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now)
    if token.revoked_at:
        may = "Revoked"
    elif is_over:
        may = "Expired"
    elif token.expires_at:
        may = f"{may}, until {moment(token.expires_at, now=now, tz=tz).text}"
    revoke = Confirm(
        f"t{token.id}",
        "Revoke",
        f"Revoke the token {token.name}?",
        "What uses it stops working at once.",
        f"/settings/tokens/{token.id}/revoke",
    )
    used = stamp(token.last_used_at, now=now, tz=tz) if token.last_used_at else None
    made = moment(token.created_at, now=now, tz=tz)
    return TokenRow(token.name, f"{token.hint}…", may, made, used, None if is_over else revoke)


def token_form(given: Given, wrong: BridgeError | None = None) -> Form:
    """What the new key is for, what it may, and how long."""
    chosen, days = given.get("role", Role.READ_ONLY.value), given.get("days", "365")
    roles = tuple(
        Choice(role.value, name, role.value == chosen, may) for role, name, may in ROLES if role is not Role.OWNER
    )
    name_error = wrong.why if wrong and wrong.code == "invalid_name" else ""
    fields = (
        Field("name", "What for", given.get("name", ""), placeholder="Spreadsheet", error=name_error),
        Field("role", "Role", kind="select", choices=roles),
        Field("days", "Works for", kind="select", choices=tuple(Choice(d, w, d == days) for d, w in _LIVES)),
    )
    problem = Problem(wrong.why) if wrong and not name_error else None
    return Form("/settings/tokens", fields, "Make a token", problem, is_paired=True)


def days_of(text: str) -> int | None:
    """How many days the form chose; None for a token without an end."""
    return int(text) if text in {days for days, _ in _LIVES if days} else None


def _roles(who: Who, chosen: Role) -> tuple[Choice, ...]:
    return tuple(
        Choice(role.value, name, role is chosen, may)
        for role, name, may in ROLES
        if may_grant(who.role, role) or role is chosen
    )
