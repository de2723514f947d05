"""What a simulated Google Ads knows: accounts and their managers, campaigns, days, and who signed in.

The world comes as JSON:

    {"accounts": [{"id": "5550100001", "name": "Cedar & Co", "currency": "USD", "time_zone": "America/Los_Angeles",
                   "manager": "5550100009",
                   "campaigns": [{"id": "71001", "name": "Brand", "status": "ENABLED", "channel": "SEARCH",
                                  "days": [{"day": "2026-11-01", "spend": "12.34", "clicks": 31,
                                            "impressions": 1200, "conversions": 2.5}]}]},
                  {"id": "5550100009", "name": "Agency", "is_manager": true}],
     "tokens": [{"access": "…", "refresh": "…"}],
     "person": {"name": "Robin Vale", "email": "robin@example.com"},
     "rules": {"operations_per_day": 2880, "page_rows": 10000, "is_test_project": false}}

`is_direct` says whether the person was invited to the account itself; without it, exactly those are that have no
`manager`. Spend is in major units. Loading again adds to it: what is named is replaced, days are merged.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit.simulated_google import Consents, Person

_DAY = timedelta(days=1)


class Figures(msgspec.Struct):
    """One campaign on one day, or a sum of such."""

    micros: int = 0
    clicks: int = 0
    impressions: int = 0
    conversions: float = 0.0

    @property
    def is_any(self) -> bool:
        """Rows by day are there only for days with any figure."""
        return bool(self.micros or self.clicks or self.impressions or self.conversions)


class DayGiven(msgspec.Struct):
    day: date
    spend: Decimal = Decimal(0)
    clicks: int = 0
    impressions: int = 0
    conversions: float = 0.0


class CampaignGiven(msgspec.Struct):
    id: str
    name: str = ""
    status: str = "ENABLED"
    channel: str = "SEARCH"
    days: list[DayGiven] = []


class AccountGiven(msgspec.Struct):
    id: str
    name: str = ""
    currency: str = "USD"
    time_zone: str = "America/Los_Angeles"
    status: str = "ENABLED"
    is_manager: bool = False
    manager: str | None = None
    is_direct: bool | None = None
    is_test: bool = False
    campaigns: list[CampaignGiven] = []


class TokenGiven(msgspec.Struct):
    access: str
    refresh: str = ""


class Rules(msgspec.Struct):
    operations_per_day: int = 15_000
    page_rows: int = 10_000
    is_test_project: bool = False


class WorldGiven(msgspec.Struct):
    accounts: list[AccountGiven] = []
    tokens: list[TokenGiven] = []
    person: Person | None = None
    rules: Rules | None = None


class Adjustment(msgspec.Struct):
    """A late correction. Without figures and with `percent`, every day of the campaign from `day` on changes by it."""

    campaign: str
    day: date
    spend: Decimal | None = None
    clicks: int | None = None
    impressions: int | None = None
    percent: Decimal | None = None
    is_gone: bool = False


@dataclass(slots=True)
class Campaign:
    id: str
    name: str
    status: str
    channel: str
    days: dict[date, Figures] = field(default_factory=dict)


@dataclass(slots=True)
class Account:
    id: str
    name: str
    currency: str
    time_zone: str
    status: str
    is_manager: bool
    manager: str | None
    is_direct: bool
    is_test: bool
    campaigns: dict[str, Campaign] = field(default_factory=dict)


@dataclass(slots=True)
class World(Consents):
    """The state. Times are the simulator's own."""

    rules: Rules = field(default_factory=Rules)
    accounts: dict[str, Account] = field(default_factory=dict)
    operations: deque[datetime] = field(default_factory=deque)

    def load(self, given: Mapping[str, Any], *, scope: str) -> dict[str, int]:
        """What `given` describes is there too; how many of each it named. Unreadable when it is not understood."""
        world = shaped(given, WorldGiven)
        for account in world.accounts:
            times.zone(account.time_zone)
        self.person = world.person or self.person
        self.rules = world.rules or self.rules
        for token in world.tokens:
            self.know(token.access, token.refresh, {scope})
        for account in world.accounts:
            self._add(account)
        campaigns = [c for a in world.accounts for c in a.campaigns]
        days = sum(len(c.days) for c in campaigns)
        return {"accounts": len(world.accounts), "campaigns": len(campaigns), "days": days, "tokens": len(world.tokens)}

    def _add(self, given: AccountGiven) -> None:
        former = self.accounts.get(given.id)
        held = {} if former is None else former.campaigns
        is_direct = given.manager is None if given.is_direct is None else given.is_direct
        self.accounts[given.id] = Account(
            given.id, given.name, given.currency, given.time_zone, given.status, given.is_manager, given.manager,
            is_direct, given.is_test, held,
        )  # fmt: skip
        for one in given.campaigns:
            days = held[one.id].days if one.id in held else {}
            days |= {d.day: Figures(micros(d.spend), d.clicks, d.impressions, d.conversions) for d in one.days}
            held[one.id] = Campaign(one.id, one.name, one.status, one.channel, days)

    def adjust(self, given: Mapping[str, Any]) -> dict[str, int]:
        """The figures are corrected as told; how many days changed."""
        told = shaped(given, Adjustment)
        campaign = next(
            (a.campaigns[told.campaign] for a in self.accounts.values() if told.campaign in a.campaigns), None
        )
        if campaign is None:
            raise Unreadable(f"there is no campaign {told.campaign[:40]!r}")
        if told.is_gone:
            return {"days": int(campaign.days.pop(told.day, None) is not None)}
        if told.percent is not None:
            later = [f for day, f in campaign.days.items() if day >= told.day]
            for figures in later:
                figures.micros = int(figures.micros * (1 + told.percent / 100))
            return {"days": len(later)}
        figures = campaign.days.setdefault(told.day, Figures())
        figures.micros = figures.micros if told.spend is None else micros(told.spend)
        figures.clicks = figures.clicks if told.clicks is None else told.clicks
        figures.impressions = figures.impressions if told.impressions is None else told.impressions
        return {"days": 1}

    def below(self, manager: str) -> list[tuple[Account, int]]:
        """The manager itself and all accounts below it, with how far below."""
        found = [(self.accounts[manager], 0)]
        for account, level in found:
            found += [(a, level + 1) for a in self.accounts.values() if a.manager == account.id]
        return found

    def operate(self, *, now: datetime) -> bool:
        """One more operation of the project's day; False when there is none left."""
        while self.operations and now - self.operations[0] >= _DAY:
            self.operations.popleft()
        if len(self.operations) >= self.rules.operations_per_day:
            return False
        self.operations.append(now)
        return True


def micros(spend: Decimal) -> int:
    """Major units in millionths. Unreadable below a millionth."""
    exact = spend * 1_000_000
    if exact != exact.to_integral_value():
        raise Unreadable(f"{spend} has more digits than Google counts")
    return int(exact)


def shaped(given: Mapping[str, Any], shape: type[Any]) -> Any:
    """`given` in that shape. Unreadable, naming the field, otherwise."""
    try:
        return msgspec.convert(given, shape, strict=False)
    except (msgspec.ValidationError, RecursionError) as broken:
        raise Unreadable(str(broken)[:300]) from broken
