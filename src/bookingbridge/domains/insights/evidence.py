"""What a visit is credited to most, and how that is known: the rule that joins the touch and the client."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import MODELS, Model
from bookingbridge.domains.insights.rules import Period
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.infra.db import Tx

MOST_VISITS = 1_000
"""How many of a period's latest visits are looked at to say how a campaign's visits are recognised."""

RULES = attribution.VIAS

CERTAIN = frozenset({"booking_token", "coupon", "named"})
"""Rules that cannot join two people. An e-mail address or a phone number can be shared, an answer be wrong."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The touch that gets most of a visit in a model (the earliest of equals), and the rule that makes it known."""

    booking_id: UUID
    touch_id: UUID
    channel: str
    campaign_key: str
    campaign: str
    touch_kind: str
    rule: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """By which rules a campaign's visits were recognised: how many visits (in fractions) by rule."""

    by_rule: Mapping[str, float]

    @property
    def main(self) -> tuple[str, float]:
        """The rule behind most of them, and its part, 0 to 1."""
        rule = max(self.by_rule, key=lambda r: (self.by_rule[r], -RULES.index(r)))
        return rule, self.by_rule[rule] / sum(self.by_rule.values())

    @property
    def certain(self) -> float:
        """The part that cannot be anybody else's, 0 to 1."""
        return sum(n for rule, n in self.by_rule.items() if rule in CERTAIN) / sum(self.by_rule.values())


async def causes(
    tx: Tx, booking_ids: Iterable[UUID], model: Model, *, campaign: tuple[str, str] | None = None
) -> dict[UUID, Cause]:
    """The main cause of each of these visits; those that are paid and whose origin is known.

    With (channel, campaign key) the main one among that campaign's touches.
    """
    found = await attribution.conversions(tx, booking_ids)
    known = [c for c in found.values() if c.touch_count]
    credits = await attribution.credits(tx, [c.booking_id for c in known])
    at = MODELS.index(model)
    wanted = {
        b: [c for c in some if campaign is None or (c.channel, c.campaign_key) == campaign]
        for b, some in credits.items()
    }
    main = {b: max(some, key=lambda c: (c.share[at], -c.position)) for b, some in wanted.items() if some}
    touches = await journeys.makers_of(tx, {c.touch_id for c in main.values()})
    return {
        b: Cause(
            b, c.touch_id, c.channel, c.campaign_key, c.campaign,
            touches[c.touch_id].kind if c.touch_id in touches else "", c.via,
        )
        for b, c in main.items()
    }  # fmt: skip


async def recognised(
    tx: Tx, period: Period, model: Model, *, location_id: UUID | None = None
) -> dict[tuple[str, str], Recognised]:
    """How the visits of each (channel, campaign key) were recognised, over the period's latest MOST_VISITS visits."""
    counted: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for v in await attribution.vias(tx, model, period.first, period.last, limit=MOST_VISITS, location_id=location_id):
        counted[v.channel, v.campaign_key][v.via] = v.visits
    return {campaign: Recognised(found) for campaign, found in counted.items()}
