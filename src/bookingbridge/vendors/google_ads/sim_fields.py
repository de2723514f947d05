"""The fields the simulated API knows, a part of the real ones, and how each is made from an account, campaign and day.

Names, types and enums are those of google.ads.googleads.v26; tests compare them with the published list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from bookingbridge.vendors.google_ads.sim_world import Account, Campaign, Figures

Type = Literal["int64", "int32", "double", "string", "bool", "enum", "date"]


@dataclass(frozen=True, slots=True)
class Row:
    """What a result row is made of. `day` is None where no segment is asked for, `level` counts from a manager down."""

    account: Account
    campaign: Campaign | None = None
    day: date | None = None
    figures: Figures | None = None
    level: int = 0
    manager: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """`value` is a plain Python value; how it is written depends on `type` (64-bit integers are strings in JSON)."""

    type: Type
    value: Callable[[Row], Any]
    enum: tuple[str, ...] = ()

    def written(self, row: Row) -> Any:
        value = self.value(row)
        return str(value) if self.type == "int64" and value is not None else value


_CAMPAIGN_STATUS = ("UNSPECIFIED", "UNKNOWN", "ENABLED", "PAUSED", "REMOVED")
_CHANNELS = (
    "UNSPECIFIED", "UNKNOWN", "SEARCH", "DISPLAY", "SHOPPING", "HOTEL", "VIDEO", "MULTI_CHANNEL", "LOCAL", "SMART",
    "PERFORMANCE_MAX", "LOCAL_SERVICES", "TRAVEL", "DEMAND_GEN",
)  # fmt: skip
_CUSTOMER_STATUS = ("UNSPECIFIED", "UNKNOWN", "ENABLED", "CANCELED", "SUSPENDED", "CLOSED")


def _of_campaign(type_: Type, value: Callable[[Campaign], Any], enum: tuple[str, ...] = ()) -> Field:
    return Field(type_, lambda row: value(row.campaign) if row.campaign else None, enum)


def _of_day(type_: Type, value: Callable[[date], Any]) -> Field:
    return Field(type_, lambda row: value(row.day) if row.day else None)


def _of_figures(type_: Type, value: Callable[[Figures], Any]) -> Field:
    return Field(type_, lambda row: value(row.figures) if row.figures else None)


def _account_fields(prefix: str) -> dict[str, Field]:
    return {
        f"{prefix}.id": Field("int64", lambda row: row.account.id),
        f"{prefix}.descriptive_name": Field("string", lambda row: row.account.name),
        f"{prefix}.currency_code": Field("string", lambda row: row.account.currency),
        f"{prefix}.time_zone": Field("string", lambda row: row.account.time_zone),
        f"{prefix}.manager": Field("bool", lambda row: row.account.is_manager),
        f"{prefix}.test_account": Field("bool", lambda row: row.account.is_test),
        f"{prefix}.status": Field("enum", lambda row: row.account.status, _CUSTOMER_STATUS),
    }


FIELDS: dict[str, Field] = {
    "campaign.resource_name": Field(
        "string", lambda row: f"customers/{row.account.id}/campaigns/{row.campaign.id}" if row.campaign else None
    ),
    "campaign.id": _of_campaign("int64", lambda c: c.id),
    "campaign.name": _of_campaign("string", lambda c: c.name),
    "campaign.status": _of_campaign("enum", lambda c: c.status, _CAMPAIGN_STATUS),
    "campaign.advertising_channel_type": _of_campaign("enum", lambda c: c.channel, _CHANNELS),
    "customer.resource_name": Field("string", lambda row: f"customers/{row.account.id}"),
    **_account_fields("customer"),
    "customer_client.resource_name": Field(
        "string", lambda row: f"customers/{row.manager}/customerClients/{row.account.id}"
    ),
    "customer_client.client_customer": Field("string", lambda row: f"customers/{row.account.id}"),
    "customer_client.level": Field("int64", lambda row: row.level),
    "customer_client.hidden": Field("bool", lambda row: False),
    **_account_fields("customer_client"),
    "segments.date": _of_day("date", date.isoformat),
    "segments.week": _of_day("date", lambda d: (d - timedelta(days=d.weekday())).isoformat()),
    "segments.month": _of_day("date", lambda d: d.replace(day=1).isoformat()),
    "segments.year": _of_day("int32", lambda d: d.year),
    "metrics.impressions": _of_figures("int64", lambda f: f.impressions),
    "metrics.clicks": _of_figures("int64", lambda f: f.clicks),
    "metrics.cost_micros": _of_figures("int64", lambda f: f.micros),
    "metrics.conversions": _of_figures("double", lambda f: f.conversions),
    "metrics.ctr": _of_figures("double", lambda f: f.clicks / f.impressions if f.impressions else 0.0),
    "metrics.average_cpc": _of_figures("double", lambda f: f.micros / f.clicks if f.clicks else 0.0),
}

RESOURCES: dict[str, frozenset[str]] = {
    "campaign": frozenset({"campaign", "customer", "segments", "metrics"}),
    "customer": frozenset({"customer", "segments", "metrics"}),
    "customer_client": frozenset({"customer_client", "customer"}),
}
"""FROM what, and whose fields may be selected with it."""

DATES = frozenset({"segments.date", "segments.week", "segments.month", "segments.year"})


def camel(name: str) -> str:
    """`cost_micros` as JSON writes it."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
