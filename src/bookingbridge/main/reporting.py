"""The attribution report as tables, CSV and JSON."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bookingbridge.canonical.money import Money
from bookingbridge.domains.attribution.api import MODELS, TITLES
from bookingbridge.domains.insights.api import Campaign, Channel, Overview
from bookingbridge.main.output import out, table


def _amount(minor: int | None, currency: str) -> str:
    return "" if minor is None else str(Money(minor, currency).decimal())


def print_tables(business: str, o: Overview) -> None:
    """The report for people."""
    f = o.figures
    known = f"{f.matched:.0%}" if f.matched is not None else "nothing"
    out.print(f"[bold]{business}[/], {o.period.first} to {o.period.last}, {o.currency}")
    out.print(
        f"{f.visits} paid visits, revenue {_amount(f.revenue_minor, o.currency)} net of refunds, {known} of it with a "
        f"known origin; ad spend {_amount(f.spend_minor, o.currency)}"
        + (f"; {f.roas:.2f} back per unit of spend" if f.roas is not None else "")
    )
    # Six models side by side need a wide window; a narrow one gets the chosen model.
    shown = MODELS if out.width >= 150 else (o.model,)
    headings = ("Channel", "Campaign", "Spend", "Visits", *(TITLES[m] for m in shown), "Back per spend")
    rows = [
        (
            c.channel_title, c.name, _amount(c.spend_minor, o.currency), str(c.visits),
            *(_amount(c.minor[MODELS.index(m)], o.currency) for m in shown), _range(c, o),
        )
        for c in o.campaigns
    ]  # fmt: skip
    table("\nRevenue by campaign", headings, rows, numbers=range(2, len(headings)))
    if len(shown) < len(MODELS):
        out.print("\nA wider window shows all models side by side; --json and --out always do.")
    if o.settling_days:
        out.print(f"\n{o.settling_days} campaign days may still be corrected by the ad platforms.")
    if o.foreign_currencies:
        out.print(f"\nLeft out: amounts in {', '.join(o.foreign_currencies)}.")


def _range(c: Campaign, o: Overview) -> str:
    value, likely = c.roas(o.model), c.likely[MODELS.index(o.model)]
    if value is None:
        return ""
    return f"{value:.1f} ({likely.low:.1f} to {likely.high:.1f})" if likely else f"{value:.1f} (too early to tell)"


def write(o: Overview, folder: Path) -> list[Path]:
    """campaigns.csv and channels.csv in the folder: amounts in major units of the business's currency."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {"campaigns.csv": _campaign_rows(o), "channels.csv": _channel_rows(o)}
    for name, rows in wanted.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    return [folder / name for name in wanted]


_MODEL_COLUMNS = [f"{kind}_{m.value}" for kind in ("revenue", "visits") for m in MODELS]


def _campaign_rows(o: Overview) -> Iterator[list[str]]:
    yield [
        "channel", "campaign", "currency", "spend", "clicks", "impressions", "visits_touched", "first_visits",
        *_MODEL_COLUMNS,
    ]  # fmt: skip
    for c in o.campaigns:
        yield [
            c.channel, _plain(c.name), o.currency, _amount(c.spend_minor, o.currency), str(c.clicks),
            str(c.impressions), str(c.visits), str(c.first_visits), *_per_model(c, o),
        ]  # fmt: skip


def _channel_rows(o: Overview) -> Iterator[list[str]]:
    yield ["channel", "currency", "spend", "visits_touched", "first_visits", *_MODEL_COLUMNS]
    for c in o.channels:
        yield [
            c.channel, o.currency, _amount(c.spend_minor, o.currency), str(c.visits), str(c.first_visits),
            *_per_model(c, o),
        ]  # fmt: skip


def _per_model(c: Campaign | Channel, o: Overview) -> list[str]:
    return [*(_amount(m, o.currency) for m in c.minor), *(f"{share:.3f}" for share in c.credited)]


def _plain(text: str) -> str:
    # Spreadsheets run cells that begin like this; names come from strangers' links.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_json(business: str, o: Overview) -> dict[str, Any]:
    """The report for programs. Amounts in minor units."""
    f = o.figures
    return {
        "business": business,
        "period": {"first": o.period.first, "last": o.period.last},
        "currency": o.currency,
        "model": o.model.value,
        "computed_at": o.computed_at,
        "visits": f.visits,
        "revenue_minor": f.revenue_minor,
        "known_minor": f.known_minor,
        "spend_minor": f.spend_minor,
        "campaigns": [
            {
                "channel": c.channel, "campaign": c.name, "spend_minor": c.spend_minor, "visits": c.visits,
                "first_visits": c.first_visits,
                "revenue_minor": {m.value: v for m, v in zip(MODELS, c.minor, strict=True)},
                "credited_visits": {m.value: round(v, 6) for m, v in zip(MODELS, c.credited, strict=True)},
            }
            for c in o.campaigns
        ],
    }  # fmt: skip
