"""Campaigns, channels, models and the funnel put together from one reading of the figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bookingbridge.canonical.money import Money
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import EXPLAIN, MODELS, TITLES, Way
from bookingbridge.domains.insights.api import Campaign
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.infra.db import Tx
from bookingbridge.web import figures
from bookingbridge.web import format as fmt
from bookingbridge.web.asking import Asked
from bookingbridge.web.charts.bars import Bar, Bars
from bookingbridge.web.charts.base import csv_text, hue
from bookingbridge.web.charts.dumbbell import Dumbbell, DumbbellRow
from bookingbridge.web.charts.sankey import Flow, Node, Sankey, Stage
from bookingbridge.web.figures import Shown
from bookingbridge.web.pages.attribution import view as v
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Action, Empty, Tab

PATH = "/attribution"
TABS = (("Campaigns", ""), ("Channels", "/channels"), ("Models", "/models"), ("Funnel", "/funnel"))
MOST_COMPARED = 10
MOST_NODES = 7
SPEND_STALE_AFTER = timedelta(hours=36)
"""Platforms tell of a day at its end at the latest; half a day more is no news."""


def tabs(asked: Asked, current: str) -> tuple[Tab, ...]:
    """The four ways of looking, each asked for the same."""
    return tuple(Tab(label, asked.address(PATH + path), label == current) for label, path in TABS)


def filters(s: Shown, path: str, hidden: tuple[tuple[str, str], ...] = ()) -> v.Filters:
    """The choices, and how old the figures are that they lead to."""
    computed, spend = s.overview.computed_at, s.overview.spend_as_of
    return v.Filters(
        path,
        s.asked.selects(),
        hidden,
        parts.stamp(computed, now=s.now, tz=s.asked.zone) if computed else None,
        parts.stamp(spend, now=s.now, tz=s.asked.zone, stale_after=SPEND_STALE_AFTER) if spend else None,
    )


def csv_href(who: Who, asked: Asked, path: str) -> str:
    """Where the table is to be had as a file; empty for who may not take it away."""
    return asked.address(f"{path}.csv") if who.may(Permission.EXPORT) else ""


def empty(who: Who, s: Shown) -> Empty | None:
    """What stands where the period holds neither revenue nor spend."""
    if s.overview.campaigns:
        return None
    if s.overview.since is not None:
        return Empty("Nothing in this period", "Choose a longer one.", "chart")
    actions = (
        Action("Connect your booking system", "/connections/new", is_main=True),
        Action("Tracking script", "/settings/tracking"),
    )
    return Empty(
        "Nothing to share out yet",
        "Attribution starts with the first paid visit. Connect your booking system, then put the tracking script on"
        " your site, so that later visits tell where they came from.",
        "chart",
        actions if who.may(Permission.MANAGE_CONNECTIONS) else (),
    )


def campaigns(who: Who, s: Shown) -> v.CampaignsView:
    note = figures.settling_note(s)
    return v.CampaignsView(
        tabs(s.asked, "Campaigns"),
        filters(s, PATH),
        figures.campaign_rows(s),
        figures.totals(s),
        csv_href(who, s.asked, f"{PATH}/campaigns"),
        figures.notices(s) + ((note,) if note else ()),
        empty(who, s),
    )


def channels(who: Who, s: Shown) -> v.ChannelsView:
    return v.ChannelsView(
        tabs(s.asked, "Channels"),
        filters(s, f"{PATH}/channels"),
        _bars(s),
        figures.channel_rows(s),
        figures.totals(s),
        csv_href(who, s.asked, f"{PATH}/channels"),
        empty(who, s),
    )


def _bars(s: Shown) -> Bars:
    whole = s.overview.figures.revenue_minor
    ordered = sorted(s.overview.channels, key=lambda c: (c.channel == "unknown", -c.minor[s.at]))
    return Bars(
        "channels",
        "Revenue by channel",
        tuple(
            Bar(c.title, hue(c.channel), c.minor[s.at], f"{fmt.percent(c.minor[s.at] / whole)} of revenue")
            if whole > 0
            else Bar(c.title, hue(c.channel), c.minor[s.at])
            for c in ordered
        ),
        s.overview.currency,
    )


def models(who: Who, s: Shown) -> v.ModelsView:
    named = [c for c in s.overview.campaigns if c.channel != "unknown" and any(c.minor)]
    compared = sorted(named, key=lambda c: -max(c.minor))[:MOST_COMPARED]
    chart = Dumbbell(
        "models",
        "Revenue by campaign under each model",
        tuple(TITLES[m] for m in MODELS),
        tuple(DumbbellRow(figures.name_of(c), c.minor) for c in compared),
        s.overview.currency,
    )
    return v.ModelsView(
        tabs(s.asked, "Models"),
        filters(s, f"{PATH}/models"),
        chart,
        csv_href(who, s.asked, f"{PATH}/models"),
        tuple(v.ModelExplained(TITLES[m], EXPLAIN[m], m is s.overview.model) for m in MODELS),
        _sums(s, len(compared), len(named)),
        _disagreement(s, compared),
        empty(who, s),
    )


def _sums(s: Shown, shown: int, named: int) -> str:
    known = s.exact(s.overview.figures.known_minor)
    words = f"Every model shares out the same {known}: what paid visits with a known origin brought in."
    return f"{words} The {shown} strongest of {named} are drawn; the file holds all." if shown < named else words


def _disagreement(s: Shown, compared: Sequence[Campaign]) -> str:
    """Where the models differ most, between which amounts."""
    widest = max(compared, key=lambda c: max(c.minor) - min(c.minor), default=None)
    if widest is None or max(widest.minor) == min(widest.minor):
        return ""
    low, high = min(widest.minor), max(widest.minor)
    least, most = TITLES[MODELS[widest.minor.index(low)]], TITLES[MODELS[widest.minor.index(high)]]
    return f"They differ most on {figures.name_of(widest)}: {s.exact(low)} by “{least}”, {s.exact(high)} by “{most}”."


def models_csv(s: Shown) -> str:
    """Every campaign with what each model gives it."""
    currency = s.overview.currency
    head = ["channel", "campaign", *(f"{m.value} {currency}" for m in MODELS)]
    rows = [
        [c.channel_title, figures.name_of(c), *(Money(m, currency).decimal() for m in c.minor)]
        for c in s.overview.campaigns
    ]
    return csv_text(head, rows)


async def funnel(tx: Tx, who: Who, s: Shown) -> v.FunnelView:
    return v.FunnelView(
        tabs(s.asked, "Funnel"),
        filters(s, f"{PATH}/funnel"),
        await flows(tx, s),
        csv_href(who, s.asked, f"{PATH}/funnel"),
        _steps(s),
        empty(who, s),
    )


async def flows(tx: Tx, s: Shown) -> Sankey:
    """The period's paid visits: by which channel their journeys began, by which they ended, and who came."""
    p = s.overview.period
    ways = await attribution.ways(tx, p.first, p.last, location_id=s.asked.location_id)
    began, ended = _strongest(ways, "first"), _strongest(ways, "last")
    first_to_last: dict[tuple[str, str], int] = {}
    last_to_who: dict[tuple[str, str], int] = {}
    for way in ways:
        a = way.first if way.first in began else "other"
        b = way.last if way.last in ended else "other"
        who_came = "new" if way.is_first_visit else "back"
        first_to_last[a, b] = first_to_last.get((a, b), 0) + way.visits
        last_to_who[b, who_came] = last_to_who.get((b, who_came), 0) + way.visits
    firsts, lasts = _nodes("f", began, {a for a, _ in first_to_last}), _nodes("l", ended, {b for _, b in first_to_last})
    came = tuple(
        node
        for key, node in (("new", Node("new", "New clients", "good")), ("back", Node("back", "Came again", "mid")))
        if any(k == key for _, k in last_to_who)
    )
    return Sankey(
        "funnel",
        "Paid visits, from the first touch to who came",
        (Stage("First touch", firsts), Stage("Last touch", lasts), Stage("Paid visit", came)),
        tuple(
            [Flow(f"f-{a}", f"l-{b}", n) for (a, b), n in first_to_last.items()]
            + [Flow(f"l-{b}", k, n) for (b, k), n in last_to_who.items()]
        ),
        "visits",
    )


def _strongest(ways: Sequence[Way], end: str) -> list[str]:
    """The channels most journeys begin (or end) with, as many as can be told apart; unknown is always among them."""
    counted: dict[str, int] = {}
    for way in ways:
        channel = way.first if end == "first" else way.last
        counted[channel] = counted.get(channel, 0) + way.visits
    known = sorted((c for c in counted if c != "unknown"), key=lambda c: (-counted[c], c))
    return [*known[:MOST_NODES], "unknown"]


def _nodes(side: str, channels: Sequence[str], used: set[str]) -> tuple[Node, ...]:
    named = [Node(f"{side}-{c}", journeys.title(c), hue(c)) for c in channels if c in used and c != "unknown"]
    if "other" in used:
        named.append(Node(f"{side}-other", "Other channels", "c11"))
    if "unknown" in used:
        named.append(Node(f"{side}-unknown", "No touch seen", "c0"))
    return tuple(named)


def _steps(s: Shown) -> tuple[v.FunnelStep, ...]:
    """From booked to paid, in appointments."""
    f = s.overview.figures
    kept = f.bookings - f.cancelled
    counts = (("Booked", f.bookings), ("Not cancelled", kept), ("Not missed", kept - f.no_shows), ("Paid", f.visits))
    rows = []
    before = 0
    for i, (name, number) in enumerate(counts):
        of_before = fmt.percent(number / before) if i and before else fmt.NOTHING
        of_first = fmt.percent(number / f.bookings) if f.bookings else fmt.NOTHING
        rows.append(v.FunnelStep(name, fmt.count(number), of_before, of_first))
        before = number
    return tuple(rows)
