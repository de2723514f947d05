"""Insights as the simulated Meta computes them: parameters in, rows of strings out, or Meta's own refusal. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.meta_ads.sim_world import Account, Campaign, Figures, Refusal

OLDEST = timedelta(days=1126)
"""37 months."""

_PRESETS: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda t: (t, t),
    "yesterday": lambda t: (t - timedelta(days=1), t - timedelta(days=1)),
    "last_7d": lambda t: (t - timedelta(days=7), t - timedelta(days=1)),
    "last_28d": lambda t: (t - timedelta(days=28), t - timedelta(days=1)),
    "last_30d": lambda t: (t - timedelta(days=30), t - timedelta(days=1)),
    "last_90d": lambda t: (t - timedelta(days=90), t - timedelta(days=1)),
    "maximum": lambda t: (t - OLDEST, t),
}


@dataclass(frozen=True, slots=True)
class _Row:
    """What a field may be made of. `campaign` is None at account level."""

    account: Account
    campaign: Campaign | None
    first: date
    last: date
    figures: Figures


def _per(amount: Decimal, count: int, scale: int = 1) -> str | None:
    return str((amount * scale / count).quantize(Decimal("0.000001"))) if count else None


_FIELDS: dict[str, Callable[[_Row], str | None]] = {
    "account_id": lambda r: r.account.id,
    "account_name": lambda r: r.account.name,
    "account_currency": lambda r: r.account.currency,
    "campaign_id": lambda r: r.campaign.id if r.campaign else None,
    "campaign_name": lambda r: r.campaign.name if r.campaign else None,
    "objective": lambda r: r.campaign.objective if r.campaign else None,
    "impressions": lambda r: str(r.figures.impressions),
    "clicks": lambda r: str(r.figures.clicks),
    "spend": lambda r: _plain(r.figures.spend),
    "cpc": lambda r: _per(r.figures.spend, r.figures.clicks),
    "cpm": lambda r: _per(r.figures.spend, r.figures.impressions, 1000),
    "ctr": lambda r: _per(Decimal(r.figures.clicks), r.figures.impressions, 100),
    "date_start": lambda r: r.first.isoformat(),
    "date_stop": lambda r: r.last.isoformat(),
}
FIELDS = frozenset(_FIELDS)
_DEFAULT = ("account_id", "impressions", "spend")


def insights(
    account: Account, campaigns: Iterable[Campaign], params: Mapping[str, str], *, today: date, level: str
) -> list[Json]:
    """The rows for these campaigns, ordered by campaign and day. Refusal in Meta's words for what it would not do."""
    names = [n for n in params.get("fields", "").split(",") if n] or list(_DEFAULT)
    if unknown := [n for n in names if n not in _FIELDS]:
        raise Refusal(100, f"(#100) {unknown[0]} is not valid for fields param. please check the AdsInsights reference")
    level = params.get("level", level)
    if level not in ("campaign", "account"):
        raise Refusal(100, f"(#100) level {level!r} holds nothing in this simulator; ask for campaign or account")
    first, last = _range(params, today)
    rows: list[Json] = []
    for one in campaigns if level == "campaign" else [None]:
        held = [one] if one else list(campaigns)
        for start, stop in _buckets(first, last, params.get("time_increment", "all_days")):
            figures = _sum(held, start, min(stop, today))
            if figures.is_delivery:
                rows.append(_shown(_Row(account, one, start, stop, figures), [*names, "date_start", "date_stop"]))
    return rows


def _shown(row: _Row, names: Iterable[str]) -> Json:
    """A field without a value is left out, as Meta does."""
    shown = {name: _FIELDS[name](row) for name in names}
    return {name: value for name, value in shown.items() if value is not None}


def _sum(campaigns: Iterable[Campaign], first: date, last: date) -> Figures:
    total = Figures()
    for campaign in campaigns:
        for day, figures in campaign.days.items():
            if first <= day <= last:
                total.spend += figures.spend
                total.clicks += figures.clicks
                total.impressions += figures.impressions
    return total


def _range(params: Mapping[str, str], today: date) -> tuple[date, date]:
    if text := params.get("time_range"):
        try:
            held = json.loads(text)
            first, last = date.fromisoformat(held["since"]), date.fromisoformat(held["until"])
        except (ValueError, TypeError, KeyError) as broken:
            raise Refusal(100, "(#100) time_range must be a JSON object with since and until, YYYY-MM-DD") from broken
    elif (preset := params.get("date_preset", "last_30d")) in _PRESETS:
        first, last = _PRESETS[preset](today)
    else:
        raise Refusal(100, "(#100) param date_preset is not one of those this simulator knows")
    if first > last:
        raise Refusal(100, "(#100) the start date of the time range must not be after its end")
    if today - first > OLDEST:
        raise Refusal(3018, "(#3018) The start date of the time range cannot be beyond 37 months from the current date")
    return first, last


def _buckets(first: date, last: date, increment: str) -> Iterator[tuple[date, date]]:
    if increment == "all_days":
        yield first, last
        return
    if not increment.isdigit() or not 1 <= int(increment) <= 90:
        raise Refusal(100, "(#100) time_increment must be a number of days from 1 to 90 or all_days")
    width = timedelta(days=int(increment))
    while first <= last:
        yield first, min(last, first + width - timedelta(days=1))
        first += width


def _plain(amount: Decimal) -> str:
    """The amount without an exponent and without zeros that say nothing."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
