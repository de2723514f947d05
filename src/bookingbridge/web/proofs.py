"""Links between facts, as evidence that can be looked at and undone: visitors that are clients, payments of visits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bookingbridge.canonical.money import Money
from bookingbridge.canonical.times import rfc3339
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import IdentityLink
from bookingbridge.domains.journeys.api import Touch
from bookingbridge.domains.matching import api as matching
from bookingbridge.domains.matching.api import Settled
from bookingbridge.web import format as fmt
from bookingbridge.web.knowing import RULES, sure
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.rows import EvidenceLink

STATED = frozenset({"named"})
"""Settlements that a vendor states outright: there is nothing to undo."""


def identity(
    link: IdentityLink, name: str, touches: Mapping[str, list[Touch]], who: Who, *, now: datetime, tz: ZoneInfo
) -> EvidenceLink:
    """Why we hold a visitor for this client. `touches` are those seen, by visitor."""
    own = touches.get(link.visitor, [])
    lines, came = [attribution.explain(link)], ""
    if given := _given_at(link):
        lines.append(f"It was given on {fmt.moment(given, tz, now)}.")
    if own:
        last = max(own, key=lambda t: t.occurred_at)
        count = fmt.counted(len(own), "touch", "touches")
        came = fmt.moment(last.occurred_at, tz, now)
        lines.append(f"{count} by this visitor, the last on {came}.")
    return EvidenceLink(
        id=str(link.id),
        claim=f"Who came on {came} is {name}" if came else f"A visitor of your site is {name}",
        rule=RULES[link.rule],
        evidence=tuple(lines),
        made=parts.stamp(link.created_at, now=now, tz=tz),
        sure=sure(link.rule),
        is_undone=link.undone_at is not None,
        undone=f"undone {fmt.age(link.undone_at, now)}" if link.undone_at else "",
        can_undo=who.may(Permission.UNDO_LINKS),
    )


def settlement(settled: Settled, who: Who, *, now: datetime, tz: ZoneInfo) -> EvidenceLink:
    """Why we hold a payment for this visit's."""
    amount = fmt.money(Money(settled.amount_minor, settled.currency))
    lines = [matching.explain(settled)]
    minutes = settled.evidence.get("minutes_after_end")
    if isinstance(minutes, int) and abs(minutes) < 600:
        lines.append(f"Paid {abs(minutes)} min {'after' if minutes >= 0 else 'before'} the visit's end.")
    return EvidenceLink(
        id=str(settled.id),
        claim=f"The payment of {amount} settles this visit",
        rule=RULES[settled.rule],
        evidence=tuple(lines),
        made=parts.stamp(settled.created_at, now=now, tz=tz),
        sure=sure(settled.rule),
        is_undone=settled.undone_at is not None,
        undone=f"undone {fmt.age(settled.undone_at, now)}" if settled.undone_at else "",
        can_undo=who.may(Permission.UNDO_LINKS) and settled.rule not in STATED,
    )


def by_visitor(touches: list[Touch]) -> dict[str, list[Touch]]:
    """The touches of each visitor."""
    found: dict[str, list[Touch]] = {}
    for touch in touches:
        if touch.visitor:
            found.setdefault(touch.visitor, []).append(touch)
    return found


def _given_at(link: IdentityLink) -> datetime | None:
    given = link.evidence.get("given_at")
    return rfc3339(given) if isinstance(given, str) else None
