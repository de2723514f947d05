"""Through which channel a touch came, and why we say so. Pure; never raises, whatever the texts.

The rules (channel_rules.RULES) are asked in this order, and the first that has an answer decides:

 1. declared      the owner said so when making the link, QR code, number or coupon
 2. asked         the client said so when asked
 3. click id      the platform said so: gclid and its like are only added to clicks on ads; fbclid is not such a one
 4. paid tags     the link is tagged as paid
 5. tags          the link is tagged with a medium or source we know
 6. share marks   fbclid and others that platforms add to every link, paid or not
 7. off the web   a call, a coupon, a QR code
 8. other tags    the link is tagged with a source or medium we do not know: somebody linked to us
 9. referrer      the page or app it came from; our own pages and those of payment and booking vendors are no origin
10. in-app        a browser inside an app that sends no referrer says which app it is
11. campaign      only a campaign is tagged: unknown
12. direct        nothing of all that
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bookingbridge.domains.journeys.channel_rules import RULES
from bookingbridge.domains.journeys.sighting import Signals, see
from bookingbridge.domains.journeys.vocabulary import MARKETING_KINDS, TITLES, Channel, is_direct, is_paid, title

__all__ = [
    "MARKETING_KINDS", "TITLES", "Channel", "Origin", "Signals", "classify", "is_direct", "is_paid", "title",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a touch came from: a row's worth. `why` is a sentence for people, `rule` the name of the one that spoke.

    `source` and `medium` are lower case (without tags: the referring host, and none); the other tags are as written.
    """

    channel: str
    rule: str
    why: str
    source: str | None
    medium: str | None
    campaign: str | None
    campaign_ref: str | None
    term: str | None
    content: str | None
    click_ids: Mapping[str, str]


def classify(signals: Signals) -> Origin:
    """The touch's origin, by the first rule that has an answer; the last one always has."""
    seen = see(signals)
    name, (channel, why) = next((name, found) for name, rule in RULES if (found := rule(seen)) is not None)
    return Origin(
        channel=str(channel),
        rule=name,
        why=why,
        source=seen.source or seen.referrer_host or None,
        medium=seen.medium or None,
        campaign=seen.utm.get("campaign"),
        campaign_ref=seen.landing.campaign_ref or seen.utm.get("id"),
        term=seen.utm.get("term"),
        content=seen.utm.get("content"),
        click_ids=seen.click_ids,
    )
