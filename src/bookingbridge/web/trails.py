"""What happened, as entries of a journey or a timeline: touches, bookings, payments, refunds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bookingbridge.canonical.money import Money
from bookingbridge.domains.attribution.api import Conversion
from bookingbridge.domains.bookings.api import Booking
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import Touch
from bookingbridge.domains.payments.api import Payment, Refund
from bookingbridge.web import format as fmt
from bookingbridge.web import visits
from bookingbridge.web.charts.base import hue
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Stamp
from bookingbridge.web.ui.rows import Cause, TrailEntry
from bookingbridge.web.visits import Names

Entry = tuple[datetime, TrailEntry]
"""When it happened, for sorting, and how it is shown."""

_TITLES = {
    "click": "Followed a link",
    "visit": "Came to the website",
    "qr": "Scanned a code",
    "call": "Called a tracked number",
    "coupon": "Brought a coupon",
    "asked": "Said how they heard of you",
    "identify": "Said who they are",
}


def touch(t: Touch, campaign: str, *, now: datetime, tz: ZoneInfo, gap: str = "", note: str = "") -> Entry:
    """A touch with where it led, where it came from and why it counts as what it does."""
    title = "Clicked an ad" if t.kind in ("click", "visit") and journeys.is_paid(t.channel) else _TITLES[t.kind]
    shown = Cause(journeys.title(t.channel), hue(t.channel), campaign)
    lines = tuple(filter(None, (*_lines(t), note)))
    return t.occurred_at, TrailEntry("touch", title, _when(t.occurred_at, now, tz), lines, gap, cause=shown)


def _lines(t: Touch) -> Iterable[str]:
    if t.kind == "asked" and t.fields and t.fields.get("answer"):
        yield f"“{t.fields['answer']}”"
    if t.url:
        parts_ = urlsplit(t.url)
        yield f"Landed on {fmt.shorten((parts_.hostname or '') + parts_.path, 70)}"
    if t.referrer and (host := urlsplit(t.referrer).hostname):
        yield f"From {host}"
    for name, value in list((t.click_ids or {}).items())[:2]:
        yield f"{name} {value[:6]}…{value[-4:]}" if len(value) > 14 else f"{name} {value}"
    if t.why:
        yield t.why


def booking(b: Booking, paid: Conversion | None, names: Names, place: str, *, now: datetime, tz: ZoneInfo) -> Entry:
    """The moment it was made."""
    verb = "Booked" if b.booked_at <= b.starts_at else "Noted"
    lines = (f"For {fmt.moment(b.starts_at, tz, now)}{f', {place}' if place else ''}",)
    entry = TrailEntry(
        "booking",
        f"{verb} {_lower(names.what(b))}",
        _when(b.booked_at, now, tz),
        lines,
        tag=visits.status(b, paid, now),
        href=f"/attribution/bookings/{b.id}",
    )
    return b.booked_at, entry


def payment(p: Payment, *, now: datetime, tz: ZoneInfo) -> Entry:
    """Money that came in; a tip is said and not counted."""
    tip = fmt.money(Money(p.tip_minor, p.currency)) if p.tip_minor else ""
    title = {"completed": "Paid", "pending": "Payment under way", "failed": "Payment failed"}.get(
        p.status, "Payment cancelled"
    )
    amount = fmt.money(Money(p.amount_minor, p.currency)) if p.status == "completed" else ""
    entry = TrailEntry(
        "payment",
        f"{title} by {_lower(p.method)}" if p.method and p.status == "completed" else title,
        _when(p.paid_at, now, tz),
        (f"and a tip of {tip}, which does not count",) if tip else (),
        amount=amount,
    )
    return p.paid_at, entry


def refund(r: Refund, *, now: datetime, tz: ZoneInfo) -> Entry:
    """Money given back."""
    amount = fmt.money(Money(-r.amount_minor, r.currency))
    title = "Refunded" if r.status == "completed" else f"Refund {r.status}"
    return r.refunded_at, TrailEntry("refund", title, _when(r.refunded_at, now, tz), amount=amount)


def in_order(entries: Iterable[Entry], *, newest_first: bool = False) -> tuple[TrailEntry, ...]:
    """The entries by time; of one moment, as they were given."""
    return tuple(entry for _, entry in sorted(entries, key=lambda e: e[0], reverse=newest_first))


def _when(at: datetime, now: datetime, tz: ZoneInfo) -> Stamp:
    return parts.moment(at, now=now, tz=tz)


def _lower(words: str) -> str:
    """With a small first letter, unless it is an abbreviation."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
