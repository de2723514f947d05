"""What the Today page shows. The route fills it; the template asks it nothing that computes."""

from __future__ import annotations

from dataclasses import dataclass, field

from bookingbridge.web.charts import sample
from bookingbridge.web.charts.spark import Sparkline
from bookingbridge.web.charts.stacked import StackedBars
from bookingbridge.web.ui.parts import Empty, Health, Notice, Select, Stamp, Tag, Trend
from bookingbridge.web.ui.rows import CampaignRow, CampaignTotals, Cause


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person: what kind, what, a sentence more, and where it is done."""

    kind: Tag
    title: str
    detail: str
    href: str


@dataclass(frozen=True, slots=True)
class Kpi:
    """A key figure with where it comes from and how old it is.

    `value` is fmt.NOTHING when nothing is connected that knows it; `source` then says what to connect.
    """

    label: str
    value: str
    note: str
    source: str
    age: Stamp | None
    trend: Trend | None = None
    course: Sparkline | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One of the latest visits. `how` says how its cause is known (`click id`), or that it is not."""

    client: str
    what: str
    when: Stamp
    status: Tag
    paid: str
    cause: Cause
    how: str
    href: str
    """The visit's journey: /attribution/bookings/{id}."""


@dataclass(frozen=True, slots=True)
class SourceMark:
    """One connection in the strip: `Square`, live, 2 min ago."""

    name: str
    health: Health
    href: str


@dataclass(frozen=True, slots=True)
class TodayView:
    """GET /today?period=...&model=...

    `selects` are the period and the model. `refresh_href` is this page with its choices, asked again every 3 s by
    htmx; it names what is shown (`seen`), and the answer is 204 while nothing changed. `revenue` is None until a first
    paid visit is known, and `start` then says what to connect. CSV addresses are empty when there is nothing to
    download.
    """

    selects: tuple[Select, ...]
    refresh_href: str
    needs: tuple[Need, ...]
    kpis: tuple[Kpi, ...]
    revenue: StackedBars | None
    revenue_csv: str
    campaigns: tuple[CampaignRow, ...]
    campaign_totals: CampaignTotals | None
    campaigns_csv: str
    visits: tuple[VisitRow, ...]
    sources: tuple[SourceMark, ...]
    start: Empty | None = None
    notices: tuple[Notice, ...] = ()
    sample: StackedBars = field(default_factory=sample.revenue)
    """Drawn faded below `start`, labelled as a sample."""
    visits_csv: str = ""
