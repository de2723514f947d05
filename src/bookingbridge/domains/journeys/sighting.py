"""What is known of a touch as it came in, cleaned and read once for all the channel rules. Pure; never raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bookingbridge.domains.journeys.channels_data import PAID_SOURCES, Kind
from bookingbridge.domains.journeys.landing import Landing, clean_click_ids, clean_utm, host_of, parse_url, split_url
from bookingbridge.domains.journeys.places import Place, app, place_at, source_place


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of a touch, as it came in. `utm` and `click_ids` add to what `url`, the landing address, says.

    `declared` is the channel of our own link, code, number or coupon, `answer` the reply to "how did you hear about
    us", `own_hosts` the business's sites. `user_agent` is only looked at for the names of in-app browsers.
    """

    kind: str = "visit"
    url: str = ""
    referrer: str = ""
    utm: Mapping[str, str] = field(default_factory=dict)
    click_ids: Mapping[str, str] = field(default_factory=dict)
    declared: str | None = None
    answer: str = ""
    own_hosts: frozenset[str] = frozenset()
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A touch's signals, cleaned and read once for all rules. Tags are in lower case."""

    signals: Signals
    landing: Landing
    utm: Mapping[str, str]
    click_ids: Mapping[str, str]
    source: str
    medium: str
    source_place: Place
    says_paid: bool
    referrer: Place | None
    referrer_host: str


_PAID_MEDIUM = re.compile(
    r".*cp[acmv].*|ppc|ppv|paid.*|.*[-_ ]paid|retargeting|remarketing|display|banners?|ads?|adverts?|advertising"
    r"|sea|sem|sponsored|promoted|boosted|boost|native|programmatic|interstitial|expandable"
)


def see(signals: Signals) -> Seen:
    """The signals, cleaned; what was handed over counts before what the address says."""
    landing = parse_url(signals.url)
    utm = {**landing.utm, **clean_utm(signals.utm)}
    source = utm.get("source", "").lower()
    medium = utm.get("medium", "").lower()
    place, named_paid = source_place(source)
    says_paid = named_paid or bool(_PAID_MEDIUM.fullmatch(medium))
    if says_paid and place.kind is None and source in PAID_SOURCES:
        place = Place(*PAID_SOURCES[source])
    referrer, host = _referrer(signals)
    return Seen(
        signals=signals,
        landing=landing,
        utm=utm,
        click_ids={**landing.click_ids, **clean_click_ids(signals.click_ids)},
        source=source,
        medium=medium,
        source_place=place,
        says_paid=says_paid,
        referrer=referrer,
        referrer_host=host,
    )


def _referrer(signals: Signals) -> tuple[Place | None, str]:
    split = split_url(signals.referrer)
    if split is None:
        return None, ""
    host = host_of(split)
    if split.scheme == "android-app":
        return app(host), host
    if any(host == own or host.endswith(f".{own}") for own in map(_own, signals.own_hosts) if own):
        return Place(Kind.DOOR, "your own pages"), ""
    found = place_at(host, split.path)
    return found, "" if found.kind is Kind.DOOR else host


def _own(host: str) -> str:
    return host.strip().lower().removeprefix("www.").partition(":")[0].rstrip(".")
