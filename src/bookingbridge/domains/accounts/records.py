"""What accounts know: people, businesses, members, sessions, tokens, one-time links, and who is asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.ids import AccountId, BusinessId, LocationId, UserId
from bookingbridge.domains.accounts.rules import PERMISSIONS, Permission, Role

DEFAULT_WINDOW_DAYS = 30
DEFAULT_MODEL = "position"
MODELS = ("first", "last", "last_non_direct", "linear", "position", "time_decay")
"""The attribution models a business may look at first, by the names of their columns."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a business wants its figures made. `window_days`: how far before a booking a touch may have caused it.

    `extra` holds what other parts keep for the business, under names of their own.
    """

    window_days: int = DEFAULT_WINDOW_DAYS
    default_model: str = DEFAULT_MODEL
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Settings:
        """What a stored object says; defaults where it says nothing."""
        rest = {name: value for name, value in row.items() if name not in ("window_days", "default_model")}
        return cls(row.get("window_days", DEFAULT_WINDOW_DAYS), row.get("default_model", DEFAULT_MODEL), rest)

    def to_row(self) -> dict[str, Any]:
        return {**self.extra, "window_days": self.window_days, "default_model": self.default_model}


@dataclass(frozen=True, slots=True)
class Business:
    """One shop or practice: the unit that rows belong to. Zone is IANA, currency ISO 4217, region ISO 3166-1."""

    id: BusinessId
    account_id: AccountId
    name: str
    time_zone: str
    currency: str
    region: str
    is_demo: bool
    settings: Settings
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewBusiness:
    """What is asked when a business is set up. `locations` are names; more can follow."""

    name: str
    time_zone: str
    currency: str
    region: str
    locations: tuple[str, ...] = ()
    is_demo: bool = False
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True)
class Location:
    """One place of a business. Without a zone of its own it keeps the business's."""

    id: LocationId
    name: str
    time_zone: str | None
    address: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """A business that somebody belongs to, and as what."""

    business: Business
    role: Role
    location_count: int


@dataclass(frozen=True, slots=True)
class BusinessName:
    """A business somebody may switch to."""

    id: BusinessId
    name: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who belongs to a business. `last_seen_at` is the newest of their sessions."""

    user_id: UserId
    email: str
    name: str
    role: Role
    since: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in, perhaps without a business yet. `session_id` names the session in lists."""

    user_id: UserId
    email: str
    name: str
    csrf: str = field(repr=False)
    session_hash: bytes = field(repr=False)
    business_id: BusinessId | None
    businesses: tuple[BusinessName, ...] = ()
    """All they belong to, by name."""

    @property
    def session_id(self) -> str:
        return session_id(self.session_hash)


def session_id(session_hash: bytes) -> str:
    """How a session is named in lists: enough of its hash to tell it from others, useless for signing in."""
    return session_hash[:12].hex()


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks, for which business, with which right. Every page and operation with a permission receives one.

    `via` "session": a person at a browser; `person` is there and unsafe requests carried `csrf`.
    `via` "token": a program; `user_id` is None and `token_id` is there.
    """

    business: Business
    role: Role
    via: Literal["session", "token"]
    user_id: UserId | None
    person: Person | None = None
    token_id: UUID | None = None
    location_count: int = 0

    @property
    def business_id(self) -> BusinessId:
        return self.business.id

    @property
    def permissions(self) -> frozenset[Permission]:
        return PERMISSIONS[self.role]

    @property
    def csrf(self) -> str:
        return self.person.csrf if self.person else ""

    @property
    def client(self) -> str:
        """One text per caller, for rate limits and idempotency keys."""
        return f"token:{self.token_id}" if self.token_id else f"user:{self.user_id}"

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def must(self, permission: Permission) -> None:
        """Returns when it is permitted. Raises Refused (code "forbidden")."""
        if not self.may(permission):
            raise Refused("Your role in this business does not allow this.", code="forbidden")


@dataclass(frozen=True, slots=True)
class NewUser:
    """What somebody types who is not known here yet."""

    email: str
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Browser:
    """With what and from where somebody signs in; shown to them in the list of their sessions."""

    user_agent: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. `token` goes into the cookie and is nowhere else; `expires_at` is the latest end."""

    token: str = field(repr=False)
    user_id: UserId
    business_id: BusinessId | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A session in the list of somebody's own."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    browser: Browser


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A link that works once. `business_name` and `role` for invitations; `email` where it is for one address only."""

    id: str
    purpose: Literal["owner", "invitation", "password"]
    business_id: BusinessId | None
    business_name: str | None
    user_id: UserId | None
    role: Role | None
    email: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A program's key to one business. The key itself is shown once and not kept; `hint` is how it begins."""

    id: UUID
    name: str
    hint: str
    role: Role
    created_by: UserId | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what, and when. `detail` holds ids and settings, no names and no secrets."""

    id: int
    at: datetime
    user_id: UserId | None
    act: str
    subject: str
    detail: Mapping[str, Any]
