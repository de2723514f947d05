"""What the connections' pages show: the list, one source, and the four steps of connecting one.

The vendor's sign-in page is opened by a link (`authorize_href`), never by a form: the page's policy lets forms go to
our own server only.
"""

from __future__ import annotations

from dataclasses import dataclass

from bookingbridge.web.ui.parts import (
    Check,
    Choice,
    Confirm,
    CopyBox,
    Empty,
    Fact,
    Field,
    Form,
    Health,
    Notice,
    Problem,
    Progress,
    Stamp,
    Step,
    Tab,
    Tag,
)


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One source in the list. `mend_href` and `mend_label` are set when only the owner can mend it (reconnect)."""

    vendor: str
    account: str
    href: str
    health: Health
    read: Stamp | None
    counts: str
    """`12,480 bookings, 3,210 customers`."""
    due: str
    """`again in 9 min`, or why not."""
    mend_href: str = ""
    mend_label: str = ""

    @property
    def monogram(self) -> str:
        return self.vendor[:1].upper()


@dataclass(frozen=True, slots=True)
class VendorCard:
    """A vendor that can be connected: what it is, what that unlocks, and how long it takes."""

    title: str
    tagline: str
    href: str
    unlocks: str
    minutes: int
    tag: Tag | None = None

    @property
    def monogram(self) -> str:
        return self.title[:1].upper()


@dataclass(frozen=True, slots=True)
class VendorGroup:
    """Vendors that are of use for the same thing."""

    title: str
    vendors: tuple[VendorCard, ...]

    @property
    def key(self) -> str:
        return self.title.lower().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class ConnectionsView:
    """list.html: GET /connections."""

    rows: tuple[ConnectionRow, ...]
    groups: tuple[VendorGroup, ...]
    empty: Empty | None = None
    notices: tuple[Notice, ...] = ()
    can_connect: bool = True


@dataclass(frozen=True, slots=True)
class NewView:
    """new.html: GET /connections/new: which source? `import_href` is for those whose system is not among them."""

    groups: tuple[VendorGroup, ...]
    import_href: str


@dataclass(frozen=True, slots=True)
class Permission:
    """What we ask the vendor for, and why, in words for the owner. Without a name where the vendor has none for it."""

    name: str
    why: str
    is_write: bool = False


@dataclass(frozen=True, slots=True)
class CredentialsView:
    """credentials.html, step 1: GET and POST /connections/new/{vendor}?way=oauth|token.

    `how` are the steps at the vendor, each a sentence. `copies` hold the redirect and the webhook address to register
    there. `form` asks for what is still missing; when nothing is, it is None and `authorize_href` leads to the
    vendor's sign-in.
    """

    vendor: str
    steps: tuple[Step, ...]
    ways: tuple[Tab, ...]
    how: tuple[str, ...]
    copies: tuple[CopyBox, ...]
    permissions: tuple[Permission, ...]
    form: Form | None
    authorize_href: str = ""
    authorize_label: str = ""
    docs_href: str = ""
    cost: str = ""
    limits: str = ""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class CheckView:
    """check.html, step 2: GET /connections/{id}/check; POST there tests again.

    `choices` are the accounts one sign-in reaches (radio `account`, sent with POST /connections/{id}/import, which
    starts the import). `is_ready` is False while something essential is missing.
    `settings` are sent along with it.
    """

    vendor: str
    steps: tuple[Step, ...]
    account: tuple[Fact, ...]
    checks: tuple[Check, ...]
    choices: tuple[Choice, ...]
    check_action: str
    import_action: str
    is_ready: bool
    problem: Problem | None = None
    notes: tuple[Notice, ...] = ()
    settings: tuple[Field, ...] = ()
    has_names: bool = True
    """Whether `checks` are permissions as the vendor names them, and not abilities in words."""


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """progress.html, a fragment: GET /connections/{id}/import/progress, asked every second until finished."""

    href: str
    streams: tuple[Progress, ...]
    words: str
    """`4,210 of about 17,000, 38 s so far`."""
    is_finished: bool
    rows_href: str
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ImportView:
    """import.html, step 3: GET /connections/{id}/import. It goes on when the page is closed.

    POST `retry_action` begins it again, where it has failed.
    """

    vendor: str
    steps: tuple[Step, ...]
    progress: ImportProgress
    retry_action: str = ""


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One imported booking as we understood it, to be compared with the vendor's own calendar."""

    when: str
    client: str
    what: str
    staff: str
    price: str
    paid: str
    status: Tag


@dataclass(frozen=True, slots=True)
class CampaignSample:
    """One imported campaign with its last 30 days, to be compared with the vendor's own page."""

    name: str
    status: Tag
    spend: str
    clicks: str
    views: str


@dataclass(frozen=True, slots=True)
class PaymentSample:
    """One imported payment, to be compared with the vendor's own list."""

    when: str
    client: str
    method: str
    amount: str
    refunded: str


@dataclass(frozen=True, slots=True)
class RowsView:
    """rows.html, step 4: GET /connections/{id}/rows; POST /connections/{id}/finish ends the set-up.

    `campaigns` or `payments` stand instead of `rows` where there are only these. `unreadable` is the number of things
    that could not be read, with where they are shown.
    """

    vendor: str
    steps: tuple[Step, ...]
    rows: tuple[SampleRow, ...]
    totals: tuple[Fact, ...]
    finish_action: str
    wrong_href: str
    unreadable: Notice | None = None
    campaigns: tuple[CampaignSample, ...] = ()
    payments: tuple[PaymentSample, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One kind of thing that is read: how many, how new, how it goes."""

    title: str
    count: str
    read: Stamp | None
    health: Health


@dataclass(frozen=True, slots=True)
class FindingRow:
    """Something odd about the connection, since when, and the question that is asked about it, if any."""

    says: str
    since: Stamp
    note: str = ""
    confirm: Confirm | None = None


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """connection.html: GET /connections/{id}.

    POST {href}/sync reads now, {href}/pause and {href}/resume do as they say, {href}/full reads everything again;
    `disconnect` asks first. `reconnect_href` leads to the vendor's sign-in, empty where there is none (files).
    `key_form` takes the key that webhooks are signed with; `guide` are the steps at the vendor that lead to it.
    """

    vendor: str
    account: str
    href: str
    health: Health
    facts: tuple[Fact, ...]
    streams: tuple[StreamRow, ...]
    permissions: tuple[Check, ...]
    webhooks: tuple[Check, ...]
    copies: tuple[CopyBox, ...]
    is_paused: bool
    is_running: bool
    reconnect_href: str
    disconnect: Confirm
    runs_href: str
    progress: ImportProgress | None = None
    notices: tuple[Notice, ...] = ()
    can_sync: bool = True
    can_manage: bool = True
    key_form: Form | None = None
    guide: tuple[str, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    settings: Form | None = None
    schedule: Form | None = None
    hears_itself: bool = False
    """Whether webhooks are registered by us: what is needed to do it by hand then stands in the background."""
    test_action: str = ""
    """Where a test delivery is asked for; empty where the vendor sends none."""
