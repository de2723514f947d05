"""Today's key figures: each beside the period before, with its source and age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bookingbridge.canonical.ports import Ability
from bookingbridge.domains.insights import api as insights
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Health
from bookingbridge.web import format as fmt
from bookingbridge.web import sources
from bookingbridge.web.charts.spark import Sparkline
from bookingbridge.web.figures import Shown
from bookingbridge.web.pages.today.view import Kpi
from bookingbridge.web.setup import FILES
from bookingbridge.web.ui.parts import Stamp, Tone, Trend

CONNECT_BOOKINGS = "Connect your booking system"
CONNECT_ADS = "Connect an ad account"


@dataclass(frozen=True, slots=True)
class _Source:
    """Where figures come from, or what to connect."""

    words: str
    age: Stamp | None
    is_there: bool


def kpis(s: Shown, engine: Engine, connected: Sequence[Health]) -> tuple[Kpi, ...]:
    """Revenue, spend, return, bookings, no-shows, average ticket."""

    f, b = s.overview.figures, s.overview.before

    def source(ability: Ability, otherwise: str, *, is_known: bool) -> _Source:
        some = sources.telling(engine, connected, ability)
        # What a file held is known only by what came of it.
        if not some or (all(h.connection.vendor == FILES for h in some) and not is_known):
            return _Source(otherwise, None, is_there=False)
        return _Source(sources.named(some), sources.oldest(some, s.now, s.asked.zone), is_there=True)

    bookings = source(Ability.BOOKINGS, CONNECT_BOOKINGS, is_known=bool(f.bookings or b.bookings))
    payments = source(Ability.PAYMENTS, CONNECT_BOOKINGS, is_known=bool(f.taken_minor or b.taken_minor))
    ads = source(Ability.AD_SPEND, CONNECT_ADS, is_known=s.overview.spend_as_of is not None)
    return (
        _revenue(s, payments),
        _spend(s, ads),
        _roas(s, ads),
        _bookings(s, bookings),
        _no_shows(s, bookings),
        _ticket(s, payments),
    )


def _revenue(s: Shown, source: _Source) -> Kpi:
    f, b = s.overview.figures, s.overview.before
    note = f"{fmt.percent(f.matched)} with a known origin" if f.matched is not None else ""
    course = Sparkline(tuple(float(sum(p.revenue_minor.values())) for p in s.overview.pieces))
    value = s.money(f.revenue_minor) if source.is_there or f.revenue_minor else fmt.NOTHING
    trend = _trend(s, f.revenue_minor, b.revenue_minor, "more")
    return _kpi("Revenue, paid visits", value, note, source, trend, course, s.asked.address("/attribution/channels"))


def _spend(s: Shown, source: _Source) -> Kpi:
    f, b = s.overview.figures, s.overview.before
    if not source.is_there or s.asked.location_id:
        words = source.words if not source.is_there else "not known per location"
        return Kpi("Ad spend", fmt.NOTHING, "", words, None)
    visits = _paid_visits(s)
    note = f"{s.money(round(f.spend_minor / visits))} per visit from ads" if visits >= 1 else "no visit from ads yet"
    course = Sparkline(tuple(float(p.spend_minor) for p in s.overview.pieces))
    return _kpi(
        "Ad spend", s.money(f.spend_minor), note, source, _trend(s, f.spend_minor, b.spend_minor, "neither"), course
    )


def _roas(s: Shown, source: _Source) -> Kpi:
    f, b = s.overview.figures, s.overview.before
    label = "Return on ad spend"
    if not source.is_there or s.asked.location_id or f.roas is None:
        words = source.words if not source.is_there else "nothing spent" if f.roas is None else "not known per location"
        return Kpi(label, fmt.NOTHING, "", words, source.age)
    range_ = insights.likely(f.roas, _paid_visits(s), s.overview.spread)
    note = f"likely {fmt.times(range_.low)} to {fmt.times(range_.high)}" if range_ else "too early to tell"
    trend = None
    if b.roas is not None and s.has_before:
        difference = f.roas - b.roas
        sign = "+" if difference >= 0.05 else fmt.MINUS if difference <= -0.05 else ""
        tone: Tone = "good" if sign == "+" else "bad" if sign else "flat"
        trend = Trend(f"{sign}{abs(difference):.1f}", tone, s.asked.before_words)
    course = Sparkline(tuple(_piece_roas(s)))
    return _kpi(label, fmt.times(f.roas), note, source, trend, course, s.asked.address("/attribution"))


def _piece_roas(s: Shown) -> list[float | None]:
    """The return of each piece, as far as money was spent in it."""
    paid = {c.channel for c in s.overview.campaigns if c.is_paid}
    return [
        sum(minor for channel, minor in p.revenue_minor.items() if channel in paid) / p.spend_minor
        if p.spend_minor
        else None
        for p in s.overview.pieces
    ]


def _paid_visits(s: Shown) -> float:
    """The visits that the chosen model gives to paid channels."""
    return sum(c.credited[s.at] for c in s.overview.campaigns if c.is_paid)


def _bookings(s: Shown, source: _Source) -> Kpi:
    f, b = s.overview.figures, s.overview.before
    value = fmt.count(f.bookings) if source.is_there or f.bookings else fmt.NOTHING
    note = f"{fmt.counted(f.visits, 'paid visit')}, {fmt.count(f.first_visits)} of new clients" if f.bookings else ""
    course = Sparkline(tuple(float(p.bookings) for p in s.overview.pieces))
    return _kpi("Bookings", value, note, source, _trend(s, f.bookings, b.bookings, "more"), course)


def _no_shows(s: Shown, source: _Source) -> Kpi:
    f, b = s.overview.figures, s.overview.before
    held = f.bookings - f.cancelled
    note = f"{fmt.count(f.no_shows)} of {fmt.counted(held, 'booking')}" if held else ""
    trend = None
    if f.no_show_rate is not None and b.no_show_rate is not None and s.has_before:
        text = fmt.points(f.no_show_rate, b.no_show_rate)
        tone: Tone = "good" if text.startswith(fmt.MINUS) else "bad" if text.startswith("+") else "flat"
        trend = Trend(text, tone, s.asked.before_words)
    course = Sparkline(tuple(p.no_shows / p.bookings if p.bookings else None for p in s.overview.pieces))
    return _kpi("No-shows", fmt.percent(f.no_show_rate, 1), note, source, trend, course)


def _ticket(s: Shown, source: _Source) -> Kpi:
    f, b = s.overview.figures, s.overview.before
    trend = _trend(s, f.average_ticket_minor or 0, b.average_ticket_minor or 0, "more")
    note = "no tips, net of refunds" if f.visits else ""
    return _kpi("Average ticket", s.money(f.average_ticket_minor), note, source, trend if f.visits else None, None)


def _kpi(
    label: str, value: str, note: str, source: _Source, trend: Trend | None, course: Sparkline | None, href: str = ""
) -> Kpi:
    return Kpi(label, value, note, source.words, source.age, trend, course, href if value != fmt.NOTHING else "")


def _trend(s: Shown, now: int, before: int, better: Literal["more", "neither"]) -> Trend | None:
    """The change; None where nothing is known of the time before."""
    text = fmt.change(now, before)
    if text is None or not s.has_before:
        return None
    tone: Tone = "flat"
    if better == "more" and text[0] in "+" + fmt.MINUS:
        tone = "good" if text[0] == "+" else "bad"
    return Trend(text, tone, s.asked.before_words)
