"""What the settings pages show: one view per tab, all with the same tabs above."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from bookingbridge.web.ui.parts import Check, Confirm, CopyBox, Empty, Form, Notice, Select, Stamp, Tab, Tag


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
    """The tracking script's key for one site. POST /settings/tracking/keys/{id}/revoke."""

    site: str
    key: str
    seen: Stamp | None
    tag: Tag
    revoke: Confirm


@dataclass(frozen=True, slots=True)
class TrackingView:
    """tracking.html: GET /settings/tracking. `add` posts `site` to /settings/tracking/keys; `consent` posts to
    /settings/tracking; `answers` posts to /settings/tracking/answers."""

    tabs: tuple[Tab, ...]
    snippet: CopyBox | None
    checks: tuple[Check, ...]
    keys: tuple[SiteKey, ...]
    add: Form
    consent: Form
    answers: Form


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A tagged short link with its QR code (web/charts/qr.py). `qr_href` downloads it: /settings/links/{id}.svg."""

    name: str
    short: CopyBox
    target: str
    tags: str
    """`google_profile / organic / spring`."""
    qr: Markup
    qr_href: str
    clicks: str
    visits: str
    remove: Confirm


@dataclass(frozen=True, slots=True)
class LinksView:
    """links.html: GET and POST /settings/links (`target`, `source`, `medium`, `campaign`, `slug`)."""

    tabs: tuple[Tab, ...]
    form: Form
    rows: tuple[LinkRow, ...]
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
