"""What the settings pages show: one view per tab, all with the same tabs above."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from bookingbridge.web.ui.parts import Check, Confirm, CopyBox, Empty, Form, Notice, Select, Stamp, Tab, Tag
from bookingbridge.web.ui.rows import Cause


@dataclass(frozen=True, slots=True)
class BusinessView:
    """business.html: GET /settings and POST /settings/business (`name`, `time_zone`, `currency`, `region`).

    `remove` deletes a demo shop or closes the business: POST /settings/business/remove.
    """

    tabs: tuple[Tab, ...]
    form: Form
    remove: Confirm | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class LocationRow:
    """One location. `source` says who knows it (`Square`, `by hand`); `form` posts to /settings/locations/{id}."""

    name: str
    address: str
    zone: str
    source: Tag
    form: Form


@dataclass(frozen=True, slots=True)
class LocationsView:
    """locations.html: GET /settings/locations; `add` posts there."""

    tabs: tuple[Tab, ...]
    rows: tuple[LocationRow, ...]
    add: Form


@dataclass(frozen=True, slots=True)
class AttributionView:
    """attribution.html: GET and POST /settings/attribution (`window_days`, `model`).

    `recomputing` is set while a change still works its way through the figures.
    """

    tabs: tuple[Tab, ...]
    form: Form
    recomputing: Notice | None = None


@dataclass(frozen=True, slots=True)
class SiteKey:
    """A site that carries the script, under a public key. `form` posts to /settings/tracking/sites/{id}, `revoke` to
    /settings/tracking/sites/{id}/close."""

    site: str
    key: str
    hosts: str
    """`example.com, book.example.com`, or that any may send."""
    tag: Tag
    snippet: CopyBox
    form: Form
    revoke: Confirm


@dataclass(frozen=True, slots=True)
class TrackingView:
    """tracking.html: GET /settings/tracking. `add` posts `address` and `consent` to /settings/tracking/sites; `answers`
    posts to /settings/tracking/answers. `causes` say what each answer counts as."""

    tabs: tuple[Tab, ...]
    checks: tuple[Check, ...]
    keys: tuple[SiteKey, ...]
    add: Form
    answers: Form
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A tagged short link with its QR code (web/charts/qr.py). `qr_href` downloads it: /settings/links/{id}.svg.

    `uses` says how often it was followed and when last; `remove` posts to /settings/links/{id}/retire.
    """

    name: str
    short: CopyBox
    target: str
    tags: str
    """`Google Business Profile · google / organic / spring`."""
    qr: Markup
    qr_href: str
    uses: str
    remove: Confirm


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A coupon's code or a tracked phone number: a touch without a click."""

    name: str
    kind: str
    code: str
    tags: str
    uses: str
    remove: Confirm


@dataclass(frozen=True, slots=True)
class LinksView:
    """links.html: GET and POST /settings/links (`kind`, `name`, `target`, `channel`, `source`, `medium`, `campaign`,
    `slug`); `code_form` posts coupons and numbers to /settings/codes (`kind`, `name`, `code`, `channel`, `campaign`).
    """

    tabs: tuple[Tab, ...]
    form: Form
    rows: tuple[LinkRow, ...]
    code_form: Form
    codes: tuple[CodeRow, ...]
    csv: str = ""
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team. `role` is their select; None for oneself and the last owner. POST /settings/team/{id}."""

    name: str
    email: str
    role_name: str
    seen: Stamp | None
    action: str
    role: Select | None
    remove: Confirm | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """Not accepted yet. POST /settings/team/invitations/{id}/revoke.

    `link` is there right after it was made and never again; it can be handed over by any means.
    """

    email: str
    role_name: str
    until: Stamp
    link: CopyBox | None
    revoke_action: str


@dataclass(frozen=True, slots=True)
class RoleExplained:
    """A role and what it may do."""

    name: str
    may: str


@dataclass(frozen=True, slots=True)
class TeamView:
    """team.html: GET /settings/team; `invite` posts `email` and `role` to /settings/team/invitations."""

    tabs: tuple[Tab, ...]
    members: tuple[Member, ...]
    invitations: tuple[Invitation, ...]
    invite: Form | None
    roles: tuple[RoleExplained, ...]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An API token, without its secret. POST /settings/tokens/{id}/revoke."""

    name: str
    hint: str
    """Its first signs: `bb_7f3c…`."""
    may: str
    made: Stamp
    used: Stamp | None
    revoke: Confirm | None
    """None for one that opens nothing any more; `may` then says why."""


@dataclass(frozen=True, slots=True)
class TokensView:
    """tokens.html: GET and POST /settings/tokens (`name`, `role`, `days`). `fresh` is the new key: shown this once."""

    tabs: tuple[Tab, ...]
    form: Form
    rows: tuple[TokenRow, ...]
    fresh: CopyBox | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A browser that is signed in. POST /settings/you/sessions/{id}/revoke; empty action for this one."""

    browser: str
    place: str
    seen: Stamp
    is_this: bool
    revoke_action: str


@dataclass(frozen=True, slots=True)
class YouView:
    """you.html: GET /settings/you; forms post to /settings/you and /settings/you/password; everywhere else is signed
    out by POST /settings/you/sessions/revoke."""

    tabs: tuple[Tab, ...]
    form: Form
    password: Form
    sessions: tuple[SessionRow, ...]
