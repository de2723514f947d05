"""What a vendor offers and what the sync engine may ask of it. Only vendors get ports: they fail, drift and leave.

A vendor's package exports one `VENDOR: Vendor`. Its `read` is pure; its client is the only part that does I/O.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from bookingbridge.canonical.commands import Command
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.records import Record

Json = dict[str, Any]
"""A decoded JSON object straight from a vendor: hostile until `read` made records of it."""


class Ability(StrEnum):
    """What a vendor's connection can do for the owner."""

    BOOKINGS = "bookings"
    CLIENTS = "clients"
    CATALOG = "catalog"
    TEAM = "team"
    PAYMENTS = "payments"
    AD_SPEND = "ad_spend"
    WEBHOOKS = "webhooks"
    WRITE_BOOKINGS = "write_bookings"
    PAYOUTS = "payouts"
    BUSY_TIMES = "busy_times"
    DEPOSITS = "deposits"


class Auth(StrEnum):
    """How a connection signs in. A vendor may offer several."""

    OAUTH = "oauth"
    TOKEN = "token"  # noqa: S105 - the name of a way, not a secret


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission we ask for, and why, in words for the owner."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class AuthField:
    """One thing the owner or host types in: drawn as a labelled input."""

    name: str
    label: str
    help: str
    is_secret: bool = True
    is_required: bool = True
    needs_app: bool = False
    """Of use only where the host has its own credentials at the vendor (`app_fields`), and only then shown."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing the owner may decide about a connection: drawn as a choice, or as an input where `choices` is empty.

    `choices` are (value, label); the value is stored under `name` in the connection's settings.
    """

    name: str
    label: str
    help: str
    default: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """What a vendor allows: requests per second and requests at once, both kept before the vendor must say so."""

    per_second: float
    at_once: int


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of thing read page by page.

    `needs` are streams to be read before on a full import (references resolve either way; it saves placeholders).
    `overlap` is read again on every incremental run, because the vendor's lists lag or change late.
    """

    name: str
    kind: str
    title: str
    needs: tuple[str, ...] = ()
    overlap: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A vendor described as data: the connect page, `vendors --json` and the docs draw themselves from it."""

    name: str
    title: str
    tagline: str
    abilities: frozenset[Ability]
    auth: tuple[Auth, ...]
    scopes: tuple[Scope, ...]
    app_fields: tuple[AuthField, ...]
    """Credentials of the host's own app at the vendor, needed for OAuth; the environment variable is the name."""
    token_fields: tuple[AuthField, ...]
    """What the owner pastes when connecting without OAuth."""
    webhook_fields: tuple[AuthField, ...]
    streams: tuple[Stream, ...]
    api_version: str
    hosts: Mapping[str, str]
    """Base URL per environment: "production", perhaps "sandbox". The simulator's comes from settings."""
    allowed_hosts: frozenset[str]
    """The only hosts the transport may reach for this vendor in production and sandbox."""
    every: timedelta
    """How often an incremental run is due."""
    docs: str
    """Where the vendor documents itself (a URL for people)."""
    limits: str
    cost: str
    settings: tuple[Setting, ...] = ()
    host_field: str | None = None
    """The token field that holds an address of the owner's choice (a feed, an own domain).

    Its host may be reached beside `allowed_hosts`, on the public internet only.
    """
    budget: Budget | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a vendor gave us to act for the owner. Never logged, stored encrypted.

    `extra` holds vendor specifics that must be kept beside the token, such as the merchant id.
    """

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """Who the credentials belong to at the vendor, and which permissions are there and which are missing.

    `choices` are accounts to pick from where one sign-in reaches several (ad accounts): (remote id, name).
    """

    remote_id: RemoteId
    name: str
    granted: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    time_zone: str | None = None
    currency: str | None = None
    choices: tuple[tuple[RemoteId, str], ...] = ()
    notes: tuple[str, ...] = ()
    without: tuple[tuple[Ability, str], ...] = ()
    """Abilities that this very account does not have (its plan, its role), each with the reason in words."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One object as the vendor sent it, not yet understood."""

    kind: str
    remote_id: RemoteId
    payload: Json


@dataclass(frozen=True, slots=True)
class Swept:
    """Everything of `kind` was given since `since`; what is known of it and was not seen since then is gone there.

    With `starts` only what starts in [from, until) was asked for: what lies outside has merely aged out of view.
    `is_sure` says that nothing can have moved past the sweep while it went on; else the few things that were not seen
    are fetched one by one before they count as gone.
    """

    kind: str
    since: datetime
    starts: tuple[datetime, datetime] | None = None
    is_sure: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a stream. `cursor` is stored in the transaction that stores the records and given back to go on.

    `is_last` says the stream is read to its end for now; the cursor of the last page starts the next run.
    An empty page that is not the last is normal. `total` is the vendor's own count, where it gives one.
    """

    records: tuple[RawRecord, ...]
    cursor: Json
    is_last: bool
    total: int | None = None
    swept: Swept | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a run reads: all of it (`is_full`), or what changed since the cursor. `now` is the run's start."""

    is_full: bool
    now: datetime


class Client(Protocol):
    """A signed-in conversation with one vendor account."""

    async def check(self) -> Account:
        """Who we are there. AuthExpired when the credentials are not accepted."""
        ...

    def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        """The stream's pages from `cursor` on (None: from the beginning). Ends after a page with `is_last`.

        A repeated call with a stored cursor goes on where that page ended. Raises the errors of canonical.errors.
        """
        ...

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        """The object as it is now, with what must be known beside it; [] when the vendor has it no more."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a vendor answered to a command: the thing's id there, its version, and the thing as it now is.

    `url` is where a person goes on, for instance to pay.
    """

    remote_id: RemoteId
    version: int | None = None
    records: tuple[RawRecord, ...] = ()
    url: str | None = None


class Writer(Protocol):
    """A client that can also write. Which commands it takes is `Vendor.commands`."""

    async def send(self, command: Command) -> Receipt:
        """The vendor has done it, and a repetition with the same key does it no second time.

        Stale when the thing has changed there since the version the command names; Rejected (code "slot_taken" where
        somebody else has the time) when the vendor will not; Ambiguous when it may have done it.
        """
        ...

    async def find(self, command: Command) -> Receipt | None:
        """After Ambiguous: what the command brought about at the vendor, or None where it surely did nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """What a client needs to speak: where, as whom, with what clock and transport."""

    base_url: str
    tokens: Tokens
    account: RemoteId | None
    """Which account at the vendor, once chosen."""
    settings: Mapping[str, str]
    now: Callable[[], datetime]
    http: Any
    """A vendorkit.http.Transport; untyped here because this package knows the standard library only."""
    time_zone: str | None = None
    """The business's own (IANA), for vendors whose times name none."""
    app: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The host's own credentials at the vendor, where there are any, for vendors that want them in every call."""


class OAuth(Protocol):
    """The vendor's sign-in dance. `app` holds the host's own credentials by the manifest's field names."""

    def authorize_url(
        self, base_url: str, app: Mapping[str, str], *, state: str, redirect_uri: str, verifier: str
    ) -> str: ...

    async def exchange(
        self, http: Any, base_url: str, app: Mapping[str, str], *, code: str, redirect_uri: str, verifier: str,
        now: datetime,
    ) -> Tokens:  # fmt: skip
        """Tokens for a code. Rejected when the code is used, expired or another app's."""
        ...

    async def refresh(
        self, http: Any, base_url: str, app: Mapping[str, str], tokens: Tokens, *, now: datetime
    ) -> Tokens:
        """New tokens. AuthExpired when the vendor will not renew."""
        ...

    async def revoke(self, http: Any, base_url: str, app: Mapping[str, str], tokens: Tokens) -> None:
        """The vendor forgets us. Succeeds also where the tokens were gone already."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook as it arrived: header names in lower case, the body's raw bytes, the URL the vendor was told."""

    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True, slots=True)
class Hint:
    """What a webhook says to look at. The payload is never applied; the object is fetched.

    An empty `kind` with a non-empty `note` is something to show (for instance "revoked"), not to fetch.
    """

    kind: str
    remote_id: RemoteId
    note: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified webhook, read: the vendor's own id of it (for de-duplication), its type, and what to look at.

    `carried` is for messages that are themselves all there is to know, such as an e-mail: taken in, not fetched.
    """

    event_id: str
    type: str
    account: RemoteId | None
    hints: tuple[Hint, ...]
    carried: tuple[RawRecord, ...] = ()


class Webhooks(Protocol):
    """Verification over raw bytes, then reading. Both are pure and never raise anything but the named errors."""

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        """Returns when one of the secrets signed this; Refused with the reason otherwise."""
        ...

    def read(self, delivery: Delivery) -> Notice:
        """What it says. Unreadable when it cannot be understood."""
        ...

    def event_id(self, delivery: Delivery) -> str | None:
        """The vendor's id of this delivery, cheaply, for storing; None to fall back on the body's hash."""
        ...


class SignIn(Protocol):
    """For vendors that give short-lived tokens for pasted credentials. Asked first when connecting, then to renew."""

    async def __call__(self, http: Any, base_url: str, fields: Mapping[str, str], *, now: datetime) -> Tokens:
        """Tokens whose `extra` holds all of `fields`. AuthExpired when the credentials are not accepted."""
        ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """Webhooks registered at the vendor for one address. `secret` signs them; None where they are not signed."""

    remote_id: str
    secret: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    events: tuple[str, ...] = ()


class Subscribing(Protocol):
    """Webhooks that the product registers by itself. `app` holds the host's own credentials."""

    async def ensure(self, given: Given, app: Mapping[str, str], url: str, known: Subscription | None) -> Subscription:
        """The address is registered for all we want to hear; a known registration is kept, renewed or replaced.

        Refused with the reason where this account or app may not register webhooks: they are then shown to copy.
        """
        ...

    async def remove(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        """The vendor sends no more. Succeeds also where the registration was gone already."""
        ...

    async def send_test(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        """The vendor is asked to deliver a test. Refused where it has no such thing."""
        ...


@dataclass(frozen=True, slots=True)
class Vendor:
    """Everything the engine may use of a vendor."""

    manifest: Manifest
    read: Callable[[str, Json], list[Record]]
    """(kind, payload) to records: pure and total; Unreadable when it cannot be understood."""
    open: Callable[[Given], Client]
    oauth: OAuth | None
    webhooks: Webhooks | None
    handshake: Callable[[Mapping[str, str], Sequence[str]], str] | None = None
    """(query, verify tokens) to the plain-text answer for a vendor that asks by GET whether an address is ours."""
    sign_in: SignIn | None = None
    subscribing: Subscribing | None = None
    commands: frozenset[type[Command]] = frozenset()
    """What its client's `send` takes; empty for vendors that are only read."""
