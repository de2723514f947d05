"""What a page of figures was asked for: period, model, location; read from its address and offered again as selects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.domains.accounts.api import Business, Location
from bookingbridge.domains.attribution.api import MODELS, TITLES, Model
from bookingbridge.domains.insights.api import Period, ending
from bookingbridge.web.ui.parts import Choice, Select

PERIODS: Mapping[str, tuple[str, int]] = {
    "today": ("Today", 1),
    "7d": ("Last 7 days", 7),
    "30d": ("Last 30 days", 30),
    "90d": ("Last 90 days", 90),
    "365d": ("Last 12 months", 365),
}
THIS_YEAR = "year"
DEFAULT_PERIOD = "90d"


@dataclass(frozen=True, slots=True)
class Asked:
    """One reading of an address. `location_id` None: all locations together."""

    business: Business
    today: date
    period_key: str
    period: Period
    model: Model
    location_id: UUID | None
    locations: tuple[Location, ...]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.business.time_zone)

    @property
    def key(self) -> tuple[object, ...]:
        """What the figures depend on besides what happened: for caches."""
        b = self.business
        return (
            self.period, self.model, self.location_id, b.currency, b.time_zone, b.settings.window_days,
        )  # fmt: skip

    @property
    def period_words(self) -> str:
        """`Last 90 days`."""
        return "This year" if self.period_key == THIS_YEAR else PERIODS[self.period_key][0]

    @property
    def before_words(self) -> str:
        """What a trend compares with."""
        days = self.period.days
        return f"against the {days} days before" if days > 1 else "against the day before"

    def selects(self) -> tuple[Select, ...]:
        """Period, model, and location where there is a choice."""
        periods = {**{key: title for key, (title, _) in PERIODS.items()}, THIS_YEAR: "This year"}
        some = [
            Select("period", "Period", tuple(Choice(k, t, k == self.period_key) for k, t in periods.items())),
            Select("model", "Model", tuple(Choice(m.value, TITLES[m], m is self.model) for m in MODELS)),
        ]
        if len(self.locations) > 1:
            places = (
                Choice("", "All locations", self.location_id is None),
                *(Choice(str(place.id), place.name, place.id == self.location_id) for place in self.locations),
            )
            some.append(Select("location", "Location", places))
        return tuple(some)

    def address(self, path: str, **more: str) -> str:
        """`path` asked for the same; what is as it would be anyway is left out."""
        said = {
            "period": "" if self.period_key == DEFAULT_PERIOD else self.period_key,
            "model": "" if self.model == self.business.settings.default_model else self.model.value,
            "location": str(self.location_id) if self.location_id else "",
            **more,
        }
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{path}?{query}" if query else path


def asked(query: Mapping[str, str], business: Business, today: date, locations: Sequence[Location]) -> Asked:
    """What the address asks for; what it does not say, or says wrongly, is as the business has set it."""
    key = query.get("period", "")
    if key != THIS_YEAR and key not in PERIODS:
        key = DEFAULT_PERIOD
    first = date(today.year, 1, 1)
    period = Period(first, today) if key == THIS_YEAR else ending(today, PERIODS[key][1])
    known = {m.value: m for m in MODELS}
    places = tuple(place for place in locations if place.is_active)
    wanted = query.get("location", "")
    return Asked(
        business=business,
        today=today,
        period_key=key,
        period=period,
        model=known.get(query.get("model", ""), known[business.settings.default_model]),
        location_id=next((place.id for place in places if str(place.id) == wanted), None),
        locations=places,
    )


def bucket_words(p: Period, *, today: date) -> str:
    """How a chart names a piece of the period: its first day, `Nov 4`; with the year where it is another."""
    first = p.first
    return f"{first:%b} {first.day}" if first.year == today.year else f"{first:%b} {first.day}, {first.year}"


def unit_of(pieces: Sequence[Period]) -> str:
    """What a piece is: the greater part of them is of one length."""
    days = max((p.days for p in pieces), default=1)
    return "Day" if days == 1 else "Week" if days <= 7 else "Four weeks"


def is_open(p: Period, today: date) -> bool:
    """Whether the piece is not over yet."""
    return p.last >= today
