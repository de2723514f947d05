"""What the attribution pages show. Unknown is shown as unknown: all rows and it sum to the period's revenue."""

from __future__ import annotations

from dataclasses import dataclass

from bookingbridge.web.charts.bars import Bars
from bookingbridge.web.charts.dumbbell import Dumbbell
from bookingbridge.web.charts.sankey import Sankey
from bookingbridge.web.charts.stacked import StackedBars
from bookingbridge.web.ui.parts import Empty, Fact, Form, Notice, Select, Stamp, Tab, Tag
from bookingbridge.web.ui.rows import CampaignRow, CampaignTotals, Cause, EvidenceLink, TrailEntry


@dataclass(frozen=True, slots=True)
class Filters:
    """The GET form above every tab: period, model, location. `action` is the tab's own path.

    `hidden` is sent along: (name, value). Below it stands how old the figures are.
    """

    action: str
    selects: tuple[Select, ...]
    hidden: tuple[tuple[str, str], ...] = ()
    computed: Stamp | None = None
    """When the figures were last computed; None where there are none yet."""
    spend: Stamp | None = None
    """When an ad platform last told of spend."""


@dataclass(frozen=True, slots=True)
class CampaignsView:
    """campaigns.html: GET /attribution, and /attribution/campaigns.csv. `rows` end with the unknown one."""

    tabs: tuple[Tab, ...]
    filters: Filters
    rows: tuple[CampaignRow, ...]
    totals: CampaignTotals | None
    csv: str
    notices: tuple[Notice, ...] = ()
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class ChannelsView:
    """channels.html: GET /attribution/channels, and /attribution/channels.csv."""

    tabs: tuple[Tab, ...]
    filters: Filters
    chart: Bars
    rows: tuple[CampaignRow, ...]
    totals: CampaignTotals | None
    csv: str
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class ModelExplained:
    """A model's name and what it says, in a sentence."""

    name: str
    text: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class ModelsView:
    """models.html: GET /attribution/models, and /attribution/models.csv.

    `sums` says that each model's column comes to the same revenue. `disagreement` names where they differ most.
    """

    tabs: tuple[Tab, ...]
    filters: Filters
    chart: Dumbbell
    csv: str
    models: tuple[ModelExplained, ...]
    sums: str
    disagreement: str = ""
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A stage's visits, the share of the stage before, and the share of the first."""

    name: str
    visits: str
    of_before: str
    of_first: str


@dataclass(frozen=True, slots=True)
class FunnelView:
    """funnel.html: GET /attribution/funnel, and /attribution/funnel.csv."""

    tabs: tuple[Tab, ...]
    filters: Filters
    chart: Sankey
    csv: str
    steps: tuple[FunnelStep, ...]
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class CreditedVisit:
    """A visit a campaign has a share in: the visit's revenue and the campaign's share of it under the chosen model."""

    client: str
    what: str
    booked: Stamp
    revenue: str
    credit: str
    how: str
    href: str


@dataclass(frozen=True, slots=True)
class CampaignView:
    """campaign.html: GET /attribution/campaigns/{channel}?key=. `chart` is its revenue per week with its spend."""

    name: str
    cause: Cause
    filters: Filters
    facts: tuple[Fact, ...]
    chart: StackedBars | None
    chart_csv: str
    visits: tuple[CreditedVisit, ...]
    visits_note: str
    """`The 50 latest of 182`; empty when these are all."""
    visits_csv: str = ""
    back: str = "/attribution"


@dataclass(frozen=True, slots=True)
class CreditRow:
    """What one touch gets under each model, to the cent, in the order of the table's models; NOTHING for no share."""

    cause: Cause
    when: Stamp
    credits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreditTable:
    """Shares of one visit. Every total equals what the visit brought in, net of refunds."""

    models: tuple[str, ...]
    rows: tuple[CreditRow, ...]
    totals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JourneyView:
    """journey.html: GET /attribution/bookings/{id}: what led to one booking, what came of it, and how we know.

    `trail` is oldest first. `credit` is None where no touch is known or nothing was paid; `unknown` then says which.
    `back` is this page's own path, for the undo forms.
    """

    title: str
    status: Tag
    facts: tuple[Fact, ...]
    trail: tuple[TrailEntry, ...]
    credit: CreditTable | None
    links: tuple[EvidenceLink, ...]
    back: str
    unknown: Notice | None = None
    ask: Form | None = None
    """Asks how they heard of the business: POST {back}/heard with `answer`."""
    outside: str = ""
    """`2 earlier touches lie outside the 30-day window`, with why they get nothing; empty when none do."""


@dataclass(frozen=True, slots=True)
class OpenPayment:
    """A payment that belongs to no visit, and why not."""

    client: str
    href: str
    paid: Stamp
    amount: str
    method: str
    why: str


@dataclass(frozen=True, slots=True)
class PaymentsView:
    """payments.html: GET /attribution/payments: what was paid and is not shared out, newest first."""

    rows: tuple[OpenPayment, ...]
    summary: str
    csv: str
    back: str
    empty: Empty | None = None
