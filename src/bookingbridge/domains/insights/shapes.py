"""What the overview pages show, in shapes: key figures, a chart's pieces, campaigns and channels."""

from __future__ import annotations

from dataclasses import dataclass

from bookingbridge.domains.attribution.api import MODELS, Model
from bookingbridge.domains.insights import rules
from bookingbridge.domains.insights.rules import Likely, Period


@dataclass(frozen=True, slots=True)
class Figures:
    """One period's key figures. Money is minor units of the business's currency; `None` where there is nothing to say.

    revenue: paid visits net of refunds, without tips. known: the part with at least one touch. paid: the part that the
    chosen model gives to paid channels. taken: all completed payments, also those that belong to no visit yet.
    """

    revenue_minor: int
    known_minor: int
    paid_minor: int
    taken_minor: int
    tips_minor: int
    spend_minor: int
    visits: int
    first_visits: int
    bookings: int
    cancelled: int
    no_shows: int
    clicks: int
    impressions: int

    @property
    def roas(self) -> float | None:
        """Revenue of paid channels per unit of ad spend."""
        return rules.returned(self.paid_minor, self.spend_minor)

    @property
    def matched(self) -> float | None:
        """The part of revenue whose origin is known, 0 to 1."""
        return self.known_minor / self.revenue_minor if self.revenue_minor > 0 else None

    @property
    def no_show_rate(self) -> float | None:
        held = self.bookings - self.cancelled
        return self.no_shows / held if held > 0 else None

    @property
    def average_ticket_minor(self) -> int | None:
        return round(self.revenue_minor / self.visits) if self.visits else None


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a period for charts: revenue by channel in the chosen model, spend, and counts."""

    period: Period
    revenue_minor: dict[str, int]
    spend_minor: int
    bookings: int
    no_shows: int
    taken_minor: int
    is_settling: bool


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign (or a channel's uncampaigned rest) over a period, per model in the order of MODELS.

    `visits` are the visits with any touch of it; `credited` counts visits in fractions, by model.
    """

    channel: str
    channel_title: str
    is_paid: bool
    key: str
    name: str
    spend_minor: int | None
    clicks: int
    impressions: int
    settling_days: int
    visits: int
    first_visits: int
    minor: tuple[int, ...]
    credited: tuple[float, ...]
    likely: tuple[Likely | None, ...]

    def roas(self, model: Model) -> float | None:
        """Revenue per unit of spend in a model; None without spend."""
        return rules.returned(self.minor[MODELS.index(model)], self.spend_minor) if self.spend_minor else None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel's campaigns together."""

    channel: str
    title: str
    is_paid: bool
    spend_minor: int | None
    visits: int
    first_visits: int
    minor: tuple[int, ...]
    credited: tuple[float, ...]
