"""Rows that several pages show: campaigns with their return, and links between facts with their evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bookingbridge.web import format as fmt
from bookingbridge.web.charts.base import Hue
from bookingbridge.web.charts.range_bar import RangeBar
from bookingbridge.web.ui.parts import Stamp, Tag, Tone

TOP_ROAS = 10.0
"""The end of the scale all return bars share, unless a campaign's middle lies beyond it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What brought somebody: a channel with its colour, and the campaign where one is known."""

    channel: str
    hue: Hue
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class Roas:
    """A return on ad spend, its likely range, and what to think of it. `bar` is None where nothing was spent."""

    text: str
    bar: RangeBar | None
    tone: Tone
    note: str = ""


NO_COST = Roas(fmt.NOTHING, None, "flat", "no ad cost")


def roas(name: str, low: float, middle: float, high: float, *, is_early: bool, top: float = TOP_ROAS) -> Roas:
    """The return as shown: good or bad only when the whole range lies on one side of even, never when early.

    `name` is unique on the page. `top` is the scale's end, the same for all rows of one table (`shared_top`).
    """
    bar = RangeBar(name, low, middle, high, top, is_early)
    if is_early:
        return Roas(fmt.times(middle), bar, "flat", "too early to tell")
    tone: Tone = "good" if low > 1 else "bad" if high < 1 else "flat"
    return Roas(fmt.times(middle), bar, tone, {"bad": "loses money", "good": "", "flat": "could be either"}[tone])


def shared_top(middles: Iterable[float]) -> float:
    """One scale for a table of returns: TOP_ROAS, or up to 25 where a middle needs it."""
    return min(max([TOP_ROAS, *(m * 1.2 for m in middles)]), 25.0)


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign (or channel) in a period, every figure formatted.

    `evidence` says how its visits were mostly recognised (`click id`); `sure` is the mean certainty of those links.
    `is_settling`: the platform may still change the spend of the last days.
    """

    name: str
    cause: Cause
    href: str
    spend: str
    new_clients: str
    cost_per_new: str
    bookings: str
    revenue: str
    roas: Roas
    evidence: str
    sure: str
    is_settling: bool = False


@dataclass(frozen=True, slots=True)
class CampaignTotals:
    """The last line: what all rows come to, unknown included, so that it equals the revenue of the period."""

    spend: str
    new_clients: str
    bookings: str
    revenue: str


@dataclass(frozen=True, slots=True)
class EvidenceLink:
    """Why we hold two facts to belong together. Undoing keeps it, marked as undone, and never makes it again by itself.

    POST /links/{id}/undo, or /links/{id}/restore once undone, with `back` (a path to return to).
    """

    id: str
    claim: str
    """`This booking is Ana Lima's` in words."""
    rule: str
    """The rule that made it: `Same e-mail address`."""
    evidence: tuple[str, ...]
    """What was compared, each a sentence."""
    made: Stamp
    sure: Tag
    """`Certain`, `Likely`, `By hand`."""
    is_undone: bool = False
    undone: str = ""
    """Who undid it and when."""
    can_undo: bool = True
    """False for who may not (permission `links.undo`), and for links a vendor states outright."""


TrailKind = Literal["touch", "booking", "payment", "refund", "link", "note"]


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One thing that happened, in a journey or a timeline, newest or oldest first as the page says.

    `gap` is the time to its neighbour in words (`6 days before the booking`). `lines` are small print: landing page,
    referrer, method.
    """

    kind: TrailKind
    title: str
    when: Stamp
    lines: tuple[str, ...] = ()
    gap: str = ""
    amount: str = ""
    tag: Tag | None = None
    cause: Cause | None = None
    href: str = ""

    @property
    def icon(self) -> str:
        return _ICONS[self.kind]


_ICONS: dict[TrailKind, str] = {
    "touch": "pointer",
    "booking": "calendar",
    "payment": "card",
    "refund": "refund",
    "link": "link",
    "note": "info",
}
