"""What a simulated Meta knows: ad accounts, campaigns, their days, who signed in, and how much was asked.

The world comes as JSON:

    {"accounts": [{"id": "1001", "name": "Cedar & Co", "currency": "USD", "time_zone": "America/Los_Angeles",
                   "campaigns": [{"id": "23001", "name": "Autumn glow", "status": "ACTIVE",
                                  "days": [{"day": "2026-11-01", "spend": "12.34", "clicks": 31,
                                            "impressions": 1200}]}]}],
     "tokens": [{"token": "…", "permissions": ["ads_read"]}],
     "person": {"id": "9001", "name": "Robin Vale"},
     "rules": {"calls_per_hour": 600, "rows_per_query": 100000, "requires_proof": false}}

Loading again adds to it: what is named is replaced, days are merged. Tokens given here never expire, like those of
system users.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json

SHORT_LIVED = timedelta(hours=2)
LONG_LIVED = timedelta(seconds=5_183_944)
CODE_LIVES = timedelta(minutes=10)
_HOUR = timedelta(hours=1)


class Refusal(Exception):
    """What Meta answers in the place of what was asked."""

    def __init__(
        self, code: int, message: str, *, subcode: int = 0, kind: str = "OAuthException", status: int = 400
    ) -> None:
        super().__init__(message)
        self.code, self.subcode, self.message, self.kind, self.status = code, subcode, message, kind, status


class Figures(msgspec.Struct):
    """One campaign on one day; spend in major units, written as Meta writes it."""

    spend: Decimal = Decimal(0)
    clicks: int = 0
    impressions: int = 0

    @property
    def is_delivery(self) -> bool:
        """Meta has a row only for days with any of it."""
        return bool(self.spend or self.clicks or self.impressions)


class DayGiven(msgspec.Struct):
    day: date
    spend: Decimal = Decimal(0)
    clicks: int = 0
    impressions: int = 0


class CampaignGiven(msgspec.Struct):
    id: str
    name: str = ""
    status: str = "ACTIVE"
    objective: str = "OUTCOME_LEADS"
    days: list[DayGiven] = []


class AccountGiven(msgspec.Struct):
    id: str
    name: str = ""
    currency: str = "USD"
    time_zone: str = "America/Los_Angeles"
    status: int = 1
    campaigns: list[CampaignGiven] = []


class TokenGiven(msgspec.Struct):
    token: str
    permissions: tuple[str, ...] = ("ads_read",)


class Person(msgspec.Struct):
    id: str = "9001"
    name: str = "Robin Vale"


class Rules(msgspec.Struct):
    calls_per_hour: int = 190_000
    rows_per_query: int = 100_000
    requires_proof: bool = False


class WorldGiven(msgspec.Struct):
    accounts: list[AccountGiven] = []
    tokens: list[TokenGiven] = []
    person: Person | None = None
    rules: Rules | None = None


class StatusGiven(msgspec.Struct):
    campaign: str
    status: str


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
    account: str
    name: str
    status: str
    objective: str
    updated: datetime
    days: dict[date, Figures] = field(default_factory=dict)


@dataclass(slots=True)
class Account:
    id: str
    name: str
    currency: str
    time_zone: str
    status: int
    campaigns: dict[str, Campaign] = field(default_factory=dict)


@dataclass(slots=True)
class Grant:
    """A token that was given out, or a code on its way to become one."""

    permissions: set[str]
    expires_at: datetime | None
    redirect_uri: str = ""
    is_used: bool = False


@dataclass(slots=True)
class World:
    """The state. Times are the simulator's own."""

    secret: str
    person: Person = field(default_factory=Person)
    rules: Rules = field(default_factory=Rules)
    accounts: dict[str, Account] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)
    codes: dict[str, Grant] = field(default_factory=dict)
    calls: dict[str, deque[datetime]] = field(default_factory=dict)
    given_out: int = 0

    def load(self, given: Mapping[str, Any], *, now: datetime) -> dict[str, int]:
        """What `given` describes is there too; how many of each it named. Unreadable when it is not understood."""
        world = shaped(given, WorldGiven)
        for account in world.accounts:
            times.zone(account.time_zone)
        self.person = world.person or self.person
        self.rules = world.rules or self.rules
        for given_token in world.tokens:
            self.tokens[given_token.token] = Grant(set(given_token.permissions), None)
        for account in world.accounts:
            self._add(account, now)
        campaigns = [c for a in world.accounts for c in a.campaigns]
        days = sum(len(c.days) for c in campaigns)
        return {"accounts": len(world.accounts), "campaigns": len(campaigns), "days": days, "tokens": len(world.tokens)}

    def _add(self, given: AccountGiven, now: datetime) -> None:
        former = self.accounts.get(given.id)
        held = {} if former is None else former.campaigns
        account = Account(given.id, given.name, given.currency, given.time_zone, given.status, held)
        self.accounts[given.id] = account
        for one in given.campaigns:
            days = held[one.id].days if one.id in held else {}
            days |= {d.day: Figures(d.spend, d.clicks, d.impressions) for d in one.days}
            held[one.id] = Campaign(one.id, given.id, one.name, one.status, one.objective, now, days)

    def adjust(self, given: Mapping[str, Any]) -> dict[str, int]:
        """The figures are corrected as told; how many days changed."""
        told = shaped(given, Adjustment)
        if (campaign := self.campaign(told.campaign)) is None:
            raise Unreadable(f"there is no campaign {told.campaign[:40]!r}")
        if told.is_gone:
            return {"days": int(campaign.days.pop(told.day, None) is not None)}
        if told.percent is not None:
            later = [f for day, f in campaign.days.items() if day >= told.day]
            for figures in later:
                figures.spend = (figures.spend * (1 + told.percent / 100)).quantize(Decimal("0.01"))
            return {"days": len(later)}
        figures = campaign.days.setdefault(told.day, Figures())
        figures.spend = figures.spend if told.spend is None else told.spend
        figures.clicks = figures.clicks if told.clicks is None else told.clicks
        figures.impressions = figures.impressions if told.impressions is None else told.impressions
        return {"days": 1}

    def campaign(self, campaign_id: str) -> Campaign | None:
        return next((a.campaigns[campaign_id] for a in self.accounts.values() if campaign_id in a.campaigns), None)

    def token(self, permissions: set[str], expires_at: datetime | None) -> str:
        """A new token for these permissions."""
        token = f"EAAB{self._opaque()}"
        self.tokens[token] = Grant(permissions, expires_at)
        return token

    def code(self, permissions: set[str], redirect_uri: str, *, now: datetime) -> str:
        """A new code, good once and for ten minutes."""
        code = f"AQ{self._opaque()}"
        self.codes[code] = Grant(permissions, now + CODE_LIVES, redirect_uri)
        return code

    def call(self, account: str, *, now: datetime) -> tuple[int, int]:
        """One more call about this account: (per cent of the hour's allowance used, minutes until there is more)."""
        calls = self.calls.setdefault(account, deque())
        while calls and now - calls[0] >= _HOUR:
            calls.popleft()
        allowed = max(1, self.rules.calls_per_hour)
        if len(calls) >= allowed:
            wait = calls[0] + _HOUR - now
            return 100, max(1, -(-int(wait.total_seconds()) // 60))
        calls.append(now)
        return len(calls) * 100 // allowed if len(calls) < allowed else 99, 0

    def _opaque(self) -> str:
        self.given_out += 1
        return hashlib.sha256(f"{self.secret} {self.given_out}".encode()).hexdigest()[:48]


def shaped(given: Mapping[str, Any], shape: type[Any]) -> Any:
    """`given` in that shape. Unreadable, naming the field, otherwise."""
    try:
        return msgspec.convert(given, shape, strict=False)
    except (msgspec.ValidationError, RecursionError) as broken:
        raise Unreadable(str(broken)[:300]) from broken


def object_of(item: Account | Campaign) -> Json:
    """All fields of a node that the simulator knows."""
    if isinstance(item, Account):
        return {
            "id": f"act_{item.id}", "account_id": item.id, "name": item.name, "currency": item.currency,
            "timezone_name": item.time_zone, "account_status": item.status,
        }  # fmt: skip
    stamp = item.updated.strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {
        "id": item.id, "account_id": item.account, "name": item.name, "objective": item.objective,
        "status": item.status if item.status in ("ACTIVE", "PAUSED", "ARCHIVED", "DELETED") else "ACTIVE",
        "effective_status": item.status, "created_time": stamp, "updated_time": stamp,
    }  # fmt: skip
