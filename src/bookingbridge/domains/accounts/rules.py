"""Who may do what, what a password and an address must be, how long a session lives. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum

from bookingbridge.canonical.errors import Refused
from bookingbridge.domains.accounts.common_passwords import is_common


class Role(StrEnum):
    """What somebody is in one business."""

    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    ACCOUNTANT = "accountant"
    READ_ONLY = "read_only"


class Permission(StrEnum):
    """One thing that a page or an operation needs."""

    SEE_FIGURES = "figures.read"
    """Totals: bookings, revenue, spend, and what brought them."""
    SEE_CLIENTS = "clients.read"
    """Single clients with how to reach them, and their visits."""
    SEE_MONEY = "money.read"
    """Single payments and what one client paid."""
    SEE_CONNECTIONS = "connections.read"
    """What is connected, its health and its runs."""
    MANAGE_CONNECTIONS = "connections.manage"
    RUN_SYNC = "sync.run"
    UNDO_LINKS = "links.undo"
    """Take back what joined a visitor to a client, or a payment to a booking."""
    IMPORT_FILES = "files.import"
    EXPORT = "files.export"
    SEE_SETTINGS = "settings.read"
    """The settings page, at least with one's own password and sessions."""
    MANAGE_TEAM = "team.manage"
    MANAGE_BUSINESS = "business.manage"
    MANAGE_TOKENS = "tokens.manage"


_EVERYTHING = frozenset(Permission)

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _EVERYTHING,
    Role.MANAGER: _EVERYTHING - {Permission.MANAGE_BUSINESS, Permission.MANAGE_TOKENS},
    Role.STAFF: frozenset({Permission.SEE_CLIENTS, Permission.SEE_SETTINGS}),
    Role.ACCOUNTANT: frozenset(
        {Permission.SEE_FIGURES, Permission.SEE_MONEY, Permission.EXPORT, Permission.SEE_SETTINGS}
    ),
    Role.READ_ONLY: frozenset(
        {
            Permission.SEE_FIGURES,
            Permission.SEE_CLIENTS,
            Permission.SEE_MONEY,
            Permission.SEE_CONNECTIONS,
            Permission.SEE_SETTINGS,
        }
    ),
}
"""What each role may. Nothing else grants anything."""


def may_grant(giver: Role, role: Role) -> bool:
    """Whether `giver` may make somebody `role`, or change or remove somebody who is.

    An owner may all; whoever else manages the team, only roles that may no more than their own, and less than it.
    """
    if giver is Role.OWNER:
        return True
    return Permission.MANAGE_TEAM in PERMISSIONS[giver] and PERMISSIONS[role] < PERMISSIONS[giver]


SESSION_IDLE = timedelta(days=14)
SESSION_LONGEST = timedelta(days=90)
TOUCH_EVERY = timedelta(minutes=5)
"""How exact "last seen" is: a row is not written at every request."""

LINK_LIVES = {"owner": timedelta(hours=24), "invitation": timedelta(days=7), "password": timedelta(hours=2)}
"""How long a one-time link can be used, by its purpose."""


def is_alive(last_seen_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Whether a session may go on: seen within the idle time, and not older than the longest."""
    return now < expires_at and now - last_seen_at < SESSION_IDLE


def is_stale(seen_at: datetime | None, now: datetime) -> bool:
    """Whether "last seen" is worth writing again."""
    return seen_at is None or now - seen_at >= TOUCH_EVERY


# One "@", no spaces or control characters, a dot inside the host: what can be delivered, roughly.
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@[^\s@<>\"(),:;\\\[\]/_]{1,190}")


def email(text: str) -> str:
    """The address as it is kept. Raises Refused where it cannot be one."""
    kept = unicodedata.normalize("NFC", text).strip()
    local, _, host = kept.rpartition("@")
    labels = host.split(".")
    well_formed = (
        _EMAIL.fullmatch(kept)
        and kept.isprintable()
        and len(labels) > 1
        and all(label and not label.startswith("-") and not label.endswith("-") for label in labels)
        and not local.startswith(".")
        and not local.endswith(".")
    )
    if not well_formed:
        raise Refused("This does not look like an e-mail address.", code="invalid_email")
    return kept


def email_key(text: str) -> str:
    """What two spellings of one address have in common. Never raises: for looking up."""
    storable = text.encode(errors="replace").decode().replace("\x00", "")
    return unicodedata.normalize("NFC", storable).strip().casefold()


PASSWORD_SHORTEST = 10
PASSWORD_LONGEST = 200


def password(text: str, *, not_like: tuple[str, ...] = ()) -> str:
    """The password as it is hashed. Raises Refused with the reason where it is too easy to guess.

    `not_like`: words that belong to the person or the business, such as the e-mail address and names.
    """
    kept = unicodedata.normalize("NFKC", text)
    if len(kept) < PASSWORD_SHORTEST:
        raise Refused(f"A password needs at least {PASSWORD_SHORTEST} characters.", code="weak_password")
    if len(kept) > PASSWORD_LONGEST:
        raise Refused(f"A password has at most {PASSWORD_LONGEST} characters.", code="weak_password")
    if is_common(kept, not_like):
        raise Refused(
            "This password is among the first that are guessed. Three or four unrelated words make a good one.",
            code="weak_password",
        )
    return kept


NAME_LONGEST = 120

# Control characters, and what turns the direction of writing: a name must not rearrange the line it stands in.
_BARRED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def name(text: str, what: str = "name") -> str:
    """A name as it is kept: one line, not blank, not too long. Raises Refused."""
    if len(text) > NAME_LONGEST or _BARRED.search(text) or not text.strip():
        raise Refused(f"The {what} needs 1 to {NAME_LONGEST} characters on one line.", code="invalid_name")
    return " ".join(unicodedata.normalize("NFC", text).split())
